"""What staff are asked to do."""

from enum import StrEnum


class TaskKind(StrEnum):
    APPROVE = "approve"
    """A request waits for an answer."""
    SAME_PERSON = "same-person"
    """Somebody new has the surname and birth date of a patient who is known."""
    NOT_YOU = "not-you"
    """Whoever has the patient's address says that they are somebody else: how is the patient reached?"""
    MISFIT = "misfit"
    """The clinic file has changed, and the clinic would no longer offer this visit."""
    UNSENDABLE = "unsendable"
    """A message could not be written as it must be, and was not sent: the patient does not know."""
    BUSY_OVER_VISIT = "busy-over-visit"
    """A practitioner's other calendar takes time in which a visit is booked."""
    CALENDAR_SILENT = "calendar-silent"
    """A practitioner's other calendar has given nothing for hours."""
