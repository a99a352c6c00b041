"""How long the clinic has been open since some instant: by when it can be asked to have answered."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from scheduler.domain.clinic import Clinic, VisitType
from scheduler.domain.times import DAY, days, local_span

Stretch = tuple[datetime, datetime]

LOOK_AHEAD = (14, 60, 400)
"""Days in which the opening hours are looked for; the first are nearly always enough."""


def answer_by(clinic: Clinic, kind: VisitType, start: datetime, now: datetime) -> datetime:
    """By when staff answer a request: within so many opening hours, at the latest the type's notice before.

    A request that comes at the last moment can be answered until the visit begins.
    """
    latest = start - timedelta(minutes=kind.notice)
    latest = latest if latest > now else start
    within = after_opening(clinic, now, timedelta(minutes=clinic.answer_within))
    return min(within, latest) if within else latest


def after_opening(clinic: Clinic, since: datetime, amount: timedelta) -> datetime | None:
    """The first instant at which the clinic has been open for `amount` (more than none) since `since`.

    None where it is not open for so long in all that can be foreseen.
    """
    first = since.astimezone(UTC).date()
    for count in LOOK_AHEAD:
        if found := _used_up(open_stretches(clinic, first, first + count * DAY), since, amount):
            return found
    return None


def halfway(clinic: Clinic, since: datetime, until: datetime) -> datetime:
    """When half of the opening time between two instants is over; half of all time where it never opens."""
    first, last = (each.astimezone(UTC).date() for each in (since, until))
    spans = [min(closes, until) - max(opens, since) for opens, closes in open_stretches(clinic, first, last)]
    open_for = sum((max(each, timedelta()) for each in spans), timedelta())
    return (after_opening(clinic, since, open_for / 2) if open_for else None) or since + (until - since) / 2


def next_open(clinic: Clinic, since: datetime) -> datetime | None:
    """`since` while the clinic is open, else when it opens; None where that cannot be foreseen."""
    first = since.astimezone(UTC).date()
    for count in LOOK_AHEAD:
        for opens, closes in open_stretches(clinic, first, first + count * DAY):
            if closes > since:
                return max(opens, since)
    return None


def _used_up(stretches: Iterator[Stretch], since: datetime, amount: timedelta) -> datetime | None:
    for opens, closes in stretches:
        opens = max(opens, since)
        if closes - opens >= amount:
            return opens + amount
        amount -= max(closes - opens, timedelta())
    return None


def open_stretches(clinic: Clinic, first: date, last: date) -> Iterator[Stretch]:
    """When anybody at all works between the beginning of `first` and the end of `last`, dates in UTC.

    Ascending; no two touch.
    """
    begins, ends = (datetime.combine(day, time.min, UTC) for day in (first, last + DAY))
    near = _hours(clinic, first - DAY, last + DAY)  # a zone's date is a day off at most
    return merged((max(opens, begins), min(closes, ends)) for opens, closes in near)


def merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """The union of stretches of time, ascending; what ends before it begins counts as nothing."""
    union: Stretch | None = None
    for opens, closes in sorted(each for each in stretches if each[0] < each[1]):
        if union and opens <= union[1]:
            union = union[0], max(union[1], closes)
        else:
            if union:
                yield union
            union = opens, closes
    if union:
        yield union


def _hours(clinic: Clinic, first: date, last: date) -> Iterator[Stretch]:
    """The weekly hours of everybody, in the zones in which they are kept."""
    for who in clinic.practitioners:
        for hours in who.hours:
            place = clinic.location(hours.location) if hours.location else None
            ends = min(filter(None, (last, hours.until, who.until)))
            for day in days(max(first, hours.valid_from or first), ends):
                if day.weekday() in hours.days and day not in clinic.holidays:
                    yield local_span(
                        day, hours.opens, hours.closes, place.timezone if place else who.timezone
                    )
