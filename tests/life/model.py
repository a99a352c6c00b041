"""The life of visits as plain Python: what the service must agree with at every step."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LENGTH = timedelta(minutes=30)
ENDED = ("cancelled", "entered-in-error")
PLACES = {"one": "main", "two": "main", "three": "north"}
ROOMS = {"main": 2, "north": 1}

MOVES = {
    "approve": {"pending": "booked"},
    "decline": {"pending": "cancelled"},
    "cancel": dict.fromkeys(("pending", "booked", "arrived", "checked-in"), "cancelled"),
    "arrive": {"booked": "arrived"},
    "check-in": {"arrived": "checked-in"},
    "complete": {"checked-in": "fulfilled"},
    "no-show": {"booked": "noshow", "arrived": "noshow"},
    "reschedule": {"pending": "pending", "booked": "booked", "arrived": "booked", "checked-in": "booked"},
    "convert": {"booked": "booked"},
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
    "cancel": "cancelled",
    "undo": "confirmed",
    "reschedule": "changed",
    "convert": "changed",
}


@dataclass(frozen=True, slots=True)
class Known:
    """A visit as the model believes it to be; `step` is the last act and the status before it."""

    id: str
    patient: int
    practitioner: str
    mode: str
    start: datetime
    status: str
    sequence: int = 0
    told: str = "confirmed"
    room: int | None = None
    step: tuple[str, str] | None = None

    @property
    def takes_time(self) -> bool:
        return self.status not in ENDED

    def after(self, act: str) -> "Known | None":
        """The visit after an act that moves nothing; None where the act is not possible."""
        reached = MOVES[act].get(self.status)
        return None if reached is None else self.reached(act, reached)

    def reached(self, act: str, status: str) -> "Known":
        """In another status: told if the act is one that patients hear of."""
        step = (act, self.status) if status != self.status else self.step
        told = TOLD.get(act)
        if told is None:
            return replace(self, status=status, step=step)
        if status == "pending":
            told = "received"
        return replace(self, status=status, step=step, sequence=self.sequence + 1, told=told)

    def undone(self) -> "Known | None":
        """One step back, if there is one and it was not taken back already."""
        back = UNDONE.get(self.status)
        if back is None or self.step is None or self.step[0] == "undo":
            return None
        if self.status != "noshow" and self.step[1] != back:
            return None
        if self.status == "cancelled":
            return self.reached("undo", back)
        return replace(self, status=back, step=("undo", self.status))

    def meets(self, start: datetime) -> bool:
        return self.takes_time and self.start < start + LENGTH and start < self.start + LENGTH


def free_for(visits: list[Known], practitioner: str, mode: str, start: datetime, own: str = "") -> bool:
    """Whether a practitioner, and in person a room of theirs, is free from `start` on."""
    if any(each.practitioner == practitioner and each.id != own and each.meets(start) for each in visits):
        return False
    return mode == "telemedicine" or room_for(visits, practitioner, start, own) is not None


def room_for(visits: list[Known], practitioner: str, start: datetime, own: str = "") -> int | None:
    """The first room at the practitioner's place that nobody else uses then."""
    place = PLACES[practitioner]
    used = {
        each.room
        for each in visits
        if each.id != own and each.meets(start) and PLACES[each.practitioner] == place
    }
    return next((room for room in range(ROOMS[place]) if room not in used), None)


def patient_free(visits: list[Known], patient: int, start: datetime, own: str = "") -> bool:
    return not any(each.patient == patient and each.id != own and each.meets(start) for each in visits)
