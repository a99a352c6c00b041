"""What can go wrong, in the words of the field.

SchedulerError
├── NotFound
├── Conflict
│   ├── SlotTaken
│   ├── AlreadyBooked
│   ├── IllegalTransition
│   ├── NothingToResend
│   ├── TooLate
│   ├── GateClosed
│   ├── RoomNotReady
│   ├── TaskTaken
│   ├── NameTaken
│   └── Stale
├── Refused
│   ├── SlotNotOffered
│   ├── NotLicensed
│   ├── GuardianRequired
│   ├── ConsentRequired
│   ├── IdempotencyConflict
│   └── Invalid
├── Unauthorized
│   └── BadSignature
├── Forbidden
├── Barred
│   ├── TriageRequired
│   └── Emergency
├── RateLimited
├── Unavailable
└── ClinicFileFaulty

The class name is the problem's type (`SlotTaken` → `/problems/slot-taken`) and the docstring its meaning;
only `api/problems.py` knows which HTTP status each family has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo


class SchedulerError(Exception):
    """Something that the service refuses or cannot do."""


class NotFound(SchedulerError):
    """There is no such thing, or it is not yours to see."""


class Conflict(SchedulerError):
    """It was possible, but somebody was quicker."""


class SlotTaken(Conflict):
    """The time is no longer free."""

    def __init__(
        self, alternatives: Sequence[Any] = (), minutes: int = 0, zone: ZoneInfo | None = None
    ) -> None:
        """`alternatives` are the next free Slots for a visit of so many minutes, to be shown in `zone`."""
        super().__init__()
        self.alternatives = alternatives
        self.minutes = minutes
        self.zone = zone


class AlreadyBooked(Conflict):
    """You already have a visit then."""


class IllegalTransition(Conflict):
    """This cannot be done to a visit in its present state."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        """`allowed`: what can be done to it."""
        super().__init__()
        self.allowed = tuple(allowed)


class NothingToResend(Conflict):
    """This message ended well, is on its way, or is no longer true."""


class TooLate(Conflict):
    """It is too late for this online."""


class GateClosed(Conflict):
    """The room of a visit by video is entered from shortly before its start until shortly after its end."""


class RoomNotReady(Conflict):
    """The visit has no room with the video vendor at the moment."""


class TaskTaken(Conflict):
    """Somebody else took this task, or it is done."""


class NameTaken(Conflict):
    """There is a key or an account of this name; what ended keeps its name, since the audit speaks of it."""


class AddressDisowned(Conflict):
    """Whoever reads this address has said that they are somebody else."""


class Stale(Conflict):
    """The visit was changed in the meantime."""


class Refused(SchedulerError):
    """The request is understood and will not be carried out as it is."""


class SlotNotOffered(Refused):
    """The clinic does not offer this time for this visit."""


class NotLicensed(Refused):
    """Nobody of the clinic may give this visit by video where the patient will be."""


class GuardianRequired(Refused):
    """Somebody under 18 is booked for by a parent or guardian."""


class ConsentRequired(Refused):
    """Such a visit takes place only for somebody who agreed to its conditions."""

    def __init__(self, missing: Sequence[Any]) -> None:
        """`missing` are the ConsentTexts that have to be agreed to."""
        super().__init__()
        self.missing = tuple(missing)


class IdempotencyConflict(Refused):
    """The Idempotency-Key was used before with another body."""


class Unauthorized(SchedulerError):
    """The caller did not say who they are."""


class BadSignature(Unauthorized):
    """What somebody sent is not signed, or not as it should be, or at another time."""


class Forbidden(SchedulerError):
    """The caller's key does not allow this."""


class Barred(SchedulerError):
    """It is kept from the caller for their own safety."""


class TriageRequired(Barred):
    """The safety questions are asked before such a visit."""


class Emergency(Barred):
    """The answers to the safety questions may mean an emergency: nothing is booked."""

    def __init__(self, texts: Mapping[str, str], phone: str) -> None:
        """What the clinic says by language, and the number to call."""
        super().__init__()
        self.texts = texts
        self.phone = phone


class RateLimited(SchedulerError):
    """Too many requests from there, or too much time is being held."""

    def __init__(self, retry_after: int = 60) -> None:
        """`retry_after`: seconds after which it may be tried again."""
        super().__init__()
        self.retry_after = retry_after


class Unavailable(SchedulerError):
    """The service cannot answer at the moment."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input: where, as a JSON pointer, and a code that texts are found by."""

    pointer: str
    code: str


class Invalid(Refused):
    """The input is not valid."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class FileFault:
    """One thing that is wrong with a clinic file; `line` counts from 1."""

    line: int
    where: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}: {self.reason}"


class ClinicFileFaulty(SchedulerError):
    """The clinic file is not valid; nothing of it was applied."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)
