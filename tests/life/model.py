"""The life of visits as plain Python: what the service must agree with at every step."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.cast import CENTRAL, NOW

ENDED = ("cancelled", "entered-in-error")
PLACES = {"one": "main", "two": "main", "three": "north"}
ROOMS = {"main": 2, "north": 1}
MINUTES = {"follow-up": 30, "reviewed": 45}
HELD = timedelta(minutes=10)
UNDONE_WITHIN = {"noshow": timedelta(hours=24)}
UNDONE_WITHIN_ELSE = timedelta(minutes=30)

ALL = ("pending", "booked", "arrived", "checked-in", "fulfilled", "noshow", "cancelled")

MOVES = {
    "approve": {"pending": "booked"},
    "decline": {"pending": "cancelled"},
    "expire": {"pending": "cancelled"},
    "confirm": {"booked": "booked"},
    "cancel": dict.fromkeys(("pending", "booked", "arrived", "checked-in"), "cancelled"),
    "arrive": {"booked": "arrived"},
    "check-in": {"arrived": "checked-in"},
    "complete": {"checked-in": "fulfilled"},
    "no-show": {"booked": "noshow", "arrived": "noshow"},
    "entered-in-error": dict.fromkeys(ALL, "entered-in-error"),
    "reschedule": {"pending": "pending", "booked": "booked", "arrived": "booked", "checked-in": "booked"},
    "convert": {"booked": "booked"},
}
BY_PATIENT = {
    "confirm": MOVES["confirm"],
    "cancel": {"pending": "cancelled", "booked": "cancelled"},
    "reschedule": {"pending": "pending", "booked": "booked"},
    "convert": MOVES["convert"],
}
UNDONE = {
    "arrived": "booked",
    "checked-in": "arrived",
    "fulfilled": "checked-in",
    "noshow": "booked",
    "cancelled": "booked",
}
TOLD = {
    "approve": "confirmed",
    "decline": "declined",
    "expire": "expired",
    "cancel": "cancelled",
    "undo": "confirmed",
    "reschedule": "changed",
    "convert": "changed",
}


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's time, and in person a room of theirs."""

    practitioner: str
    mode: str
    start: datetime
    minutes: int
    room: int | None = None

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)

    @property
    def place(self) -> str:
        return PLACES[self.practitioner]

    def meets(self, other: "Seat") -> bool:
        return self.start < other.end and other.start < self.end

    def excludes(self, other: "Seat") -> bool:
        """Whether both cannot be, whoever the patients are."""
        same_room = self.room is not None and (self.place, self.room) == (other.place, other.room)
        return self.meets(other) and (self.practitioner == other.practitioner or same_room)


@dataclass(frozen=True, slots=True)
class Step:
    """An act that changed the status, the status before it, and when."""

    act: str
    was: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A visit as the model believes it to be."""

    id: str
    patient: int
    visit_type: str
    seat: Seat
    status: str
    sequence: int = 0
    told: str = "confirmed"
    step: Step | None = None
    answer_by: datetime | None = None

    @property
    def takes_time(self) -> bool:
        return self.status not in ENDED

    def after(self, act: str, now: datetime, moves: dict[str, dict[str, str]] = MOVES) -> "Known | None":
        """The visit after an act; None where the act is not possible."""
        reached = moves[act].get(self.status)
        return None if reached is None else self.reached(act, reached, now)

    def reached(self, act: str, status: str, now: datetime) -> "Known":
        """In another status: told if the act is one that patients hear of."""
        step = Step(act, self.status, now) if status != self.status else self.step
        told = TOLD.get(act)
        if act == "entered-in-error" and self.status in ("pending", "booked"):
            told = "cancelled"  # to somebody who still believes in it
        if told is None:
            return replace(self, status=status, step=step)
        if status == "pending":
            told = "received"
        return replace(self, status=status, step=step, sequence=self.sequence + 1, told=told)

    def undone(self, now: datetime) -> "Known | None":
        """One step back, if there is one, it was taken a moment ago, and was not taken back already."""
        back, step = UNDONE.get(self.status), self.step
        if back is None or step is None or step.act == "undo":
            return None
        if now - step.at > UNDONE_WITHIN.get(self.status, UNDONE_WITHIN_ELSE):
            return None
        if self.status != "noshow" and step.was != back:
            return None
        if self.status == "cancelled":
            return self.reached("undo", back, now)
        return replace(self, status=back, step=Step("undo", self.status, now))


@dataclass(frozen=True, slots=True)
class Held:
    """Time that is kept for whoever knows the id."""

    id: str
    visit_type: str
    seat: Seat
    until: datetime


@dataclass
class Diary:
    """Everything that takes time, and what time it is."""

    now: datetime = NOW
    visits: dict[str, Known] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)
    away: dict[str, Seat] = field(default_factory=dict)

    def live(self, hold: str) -> Held | None:
        held = self.holds.get(hold)
        return held if held and held.until > self.now else None

    def taken(self, own: str = "") -> list[Seat]:
        visits = [each.seat for each in self.visits.values() if each.takes_time and each.id != own]
        return visits + [each.seat for each in self.holds.values() if self.live(each.id) and each.id != own]

    def is_away(self, seat: Seat) -> bool:
        return any(each.practitioner == seat.practitioner and each.meets(seat) for each in self.away.values())

    def seated(self, wish: Seat, own: str = "") -> Seat | None:
        """The wish with the first room that nobody uses then; None where somebody stands in its way."""
        others = self.taken(own)
        rooms = range(ROOMS[wish.place]) if wish.mode == "in_person" else [None]
        for room in rooms:
            seat = replace(wish, room=room)
            if not self.is_away(seat) and not any(seat.excludes(each) for each in others):
                return seat
        return None

    def is_free(self, seat: Seat, own: str = "") -> bool:
        """Whether just this seat can be had, room and all."""
        return not self.is_away(seat) and not any(seat.excludes(each) for each in self.taken(own))

    def has_other_plans(self, patient: int, seat: Seat, own: str = "") -> bool:
        theirs = (each for each in self.visits.values() if each.patient == patient and each.id != own)
        return any(each.takes_time and each.seat.meets(seat) for each in theirs)

    def is_no_newcomer(self, patient: int, visit_type: str) -> bool:
        """Whether they have a visit already of the kind that somebody has once."""
        theirs = (each for each in self.visits.values() if each.patient == patient and each.takes_time)
        return visit_type == "reviewed" and any(each.visit_type == "reviewed" for each in theirs)

    def overdue(self) -> list[Known]:
        """Requests that nobody answered in time."""
        pending = (each for each in self.visits.values() if each.status == "pending")
        return [each for each in pending if each.answer_by and each.answer_by <= self.now]


def answer_by(asked: datetime) -> datetime:
    """After two whole days of opening hours, for whoever asks while the clinic is closed."""
    day = asked.astimezone(CENTRAL).replace(hour=17, minute=0, second=0, microsecond=0)
    assert not day.replace(hour=9) < asked < day
    days = [day + timedelta(days=n) for n in range(7) if (day + timedelta(days=n)).weekday() < 5]
    return [each for each in days if each > asked][1]
