"""Free times as the front desk chooses among them, also those that need a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request

from scheduler.api.runtime import runtime
from scheduler.domain.clinic import Clinic, Mode, VisitType
from scheduler.domain.overrides import Override, Rule
from scheduler.domain.slots import Slot
from scheduler.domain.times import DAY
from scheduler.domain.wishes import Wish
from scheduler.services.clinic.states import US_STATES
from scheduler.services.slots.free import Found, find_slots
from scheduler.web.forms import day_of, field

SHOWN = 7
"""Days at a view."""
WHY = ("caller-asked", "urgent", "practitioner-agreed", "other")
"""Why rules are set aside: codes, since a reason must not speak of a patient."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What times are asked for."""

    mode: Mode
    first: date
    practitioner: str | None
    location: str | None
    aside: frozenset[Rule]
    state: str | None = None
    """Where the patient will be during a visit by video."""

    @property
    def last(self) -> date:
        return self.first + (SHOWN - 1) * DAY

    @property
    def query(self) -> dict[str, str]:
        """As an address says it."""
        said = {
            "mode": str(self.mode),
            "from": self.first.isoformat(),
            "practitioner": self.practitioner or "any",
            "location": self.location or "",
            "state": self.state or "",
            **{f"aside_{rule}": "yes" for rule in sorted(self.aside)},
        }
        return {name: value for name, value in said.items() if value}

    @property
    def earlier(self) -> date:
        return self.first - SHOWN * DAY

    @property
    def later(self) -> date:
        return self.first + SHOWN * DAY

    def on(self, first: date) -> "Choice":
        return replace(self, first=first)


@dataclass(frozen=True, slots=True)
class Times:
    zone: ZoneInfo
    days: Mapping[date, list[Slot]]
    next_available: datetime | None


def wished(mode: Mode, first: date, practitioner: str | None = None) -> Choice:
    """What the address asks for, else what is given."""
    args = request.values
    who = args.get("practitioner") or practitioner
    wanted = args.get("mode", "")
    return Choice(
        mode=Mode(wanted) if wanted in (*Mode,) else mode,
        first=day_of(args.get("from", "")) or first,
        practitioner=None if who == "any" else who,
        location=(args.get("location") or None) if wanted != Mode.TELEMEDICINE else None,
        aside=frozenset(rule for rule in Rule if args.get(f"aside_{rule}")),
        state=args["state"] if args.get("state") in US_STATES else None,
    )


def within(clinic: Clinic, kind: VisitType, choice: Choice) -> Choice:
    """The choice without what the clinic does not have, or does not offer for this kind of visit."""
    known = clinic.practitioner(choice.practitioner) if choice.practitioner else None
    mode = choice.mode if choice.mode in kind.modes else next(iter(kind.modes))
    place = clinic.location(choice.location) if choice.location and mode is Mode.IN_PERSON else None
    return replace(
        choice,
        mode=mode,
        practitioner=known.code if known else None,
        location=place.code if place else None,
    )


def times_of(wish: Wish, choice: Choice, own: UUID | None = None) -> Times:
    """The free times of a week, by day. Raises Invalid for what the clinic does not have."""
    found = find_slots(runtime().desk, wish, choice.first, choice.last, own, overridden(choice.aside))
    return Times(found.zone, _by_day(found), found.next_available)


def _by_day(found: Found) -> dict[date, list[Slot]]:
    def day(slot: Slot) -> date:
        return slot.start.astimezone(found.zone).date()

    return {each: list(slots) for each, slots in groupby(found.slots, key=day)}


def overridden(aside: frozenset[Rule], reason: str = "other") -> Override | None:
    return Override(aside, reason) if aside else None


def chosen_time(text: str) -> dict[str, str]:
    """What the button that was pressed says: `start|practitioner|location`."""
    parts = dict(zip(("start", "practitioner", "location"), text.split("|"), strict=False))
    return {name: value for name, value in parts.items() if value}


def override_said() -> dict[str, object]:
    """The rules that the form sets aside, and why."""
    rules = [str(rule) for rule in Rule if field(f"aside_{rule}")]
    reason = field("why")
    return {"rules": rules, "reason": reason if reason in WHY else ""} if rules else {}
