"""The states of a visit, and which act leads from where to where. Anything else is refused.

The states are FHIR R4's Appointment.status, as far as a clinic of this kind needs them.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from scheduler.domain.clinic import Approval
from scheduler.domain.errors import IllegalTransition


class VisitStatus(StrEnum):
    PENDING = "pending"
    """Asked for; its time is taken, staff still have to approve."""
    BOOKED = "booked"
    ARRIVED = "arrived"
    """In the waiting room, or past the gate of a telemedicine visit."""
    CHECKED_IN = "checked-in"
    """Staff verified who and where the patient is."""
    FULFILLED = "fulfilled"
    NOSHOW = "noshow"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


class Act(StrEnum):
    """What somebody does to a visit."""

    APPROVE = "approve"
    DECLINE = "decline"
    EXPIRE = "expire"
    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    CONVERT = "convert"
    CANCEL = "cancel"
    ARRIVE = "arrive"
    CHECK_IN = "check-in"
    COMPLETE = "complete"
    NO_SHOW = "no-show"
    UNDO = "undo"
    ENTERED_IN_ERROR = "entered-in-error"
    CONTACT = "contact"
    """Somebody is reached elsewhere from now on."""
    CONSENT = "consent"
    """Somebody says what they agree to."""
    WHEREABOUTS = "whereabouts"
    """The patient says where they are, or will be."""
    KNOCK = "knock"
    """The patient is at the gate of a visit by video and cannot come in yet: they drive, or left a gap."""
    JOIN = "join"
    """Somebody goes into the room of a visit by video: staff, or a patient who was there before."""
    MAIL_AGAIN = "mail-again"
    """An address that was given up gets mail again."""
    REVOKE_LINKS = "revoke-links"
    END_HELPER = "end-helper"
    """Whoever booked for the patient has no more to do with it."""
    SAY_NO = "say-no"
    """Their calendar declines; the visit stands until somebody cancels it."""
    NOT_YOU = "not-you"
    """Whoever has the address says that they are not the patient."""


class CancelReason(StrEnum):
    PATIENT = "patient"
    PATIENT_LATE = "patient-late"
    """By the patient, after the cut-off for moving."""
    CLINIC = "clinic"
    PRACTITIONER_AWAY = "practitioner-away"
    DUPLICATE = "duplicate"
    DECLINED = "declined"
    EXPIRED = "expired"


class PatientsReason(StrEnum):
    """Why a patient says that they cancel; kept in the visit's history, and nothing about their health."""

    TIME = "time-does-not-suit"
    WAY = "cannot-get-there"
    NOT_NEEDED = "not-needed"
    OTHER = "other"


S = VisitStatus
Moves = Mapping[VisitStatus, VisitStatus]

EXPECTED = frozenset({S.PENDING, S.BOOKED, S.ARRIVED, S.CHECKED_IN})
"""Statuses of a visit that is still to be given."""

BY_STAFF: Mapping[Act, Moves] = {
    Act.APPROVE: {S.PENDING: S.BOOKED},
    Act.DECLINE: {S.PENDING: S.CANCELLED},
    Act.EXPIRE: {S.PENDING: S.CANCELLED},
    Act.CONFIRM: {S.BOOKED: S.BOOKED},
    Act.RESCHEDULE: {
        S.PENDING: S.PENDING,
        S.BOOKED: S.BOOKED,
        S.ARRIVED: S.BOOKED,  # the call dropped, the practitioner was called away
        S.CHECKED_IN: S.BOOKED,
    },
    Act.CONVERT: {S.BOOKED: S.BOOKED},
    Act.CANCEL: dict.fromkeys((S.PENDING, S.BOOKED, S.ARRIVED, S.CHECKED_IN), S.CANCELLED),
    Act.ARRIVE: {S.BOOKED: S.ARRIVED},
    Act.CHECK_IN: {S.ARRIVED: S.CHECKED_IN},
    Act.COMPLETE: {S.CHECKED_IN: S.FULFILLED},
    Act.NO_SHOW: {S.BOOKED: S.NOSHOW, S.ARRIVED: S.NOSHOW},
    Act.UNDO: {
        S.ARRIVED: S.BOOKED,
        S.CHECKED_IN: S.ARRIVED,
        S.FULFILLED: S.CHECKED_IN,
        S.NOSHOW: S.BOOKED,
        S.CANCELLED: S.BOOKED,
    },
    Act.ENTERED_IN_ERROR: {each: S.ENTERED_IN_ERROR for each in S if each is not S.ENTERED_IN_ERROR},
    Act.CONTACT: {each: each for each in S if each in EXPECTED},
    Act.CONSENT: {each: each for each in S if each in EXPECTED},
    Act.WHEREABOUTS: {each: each for each in S if each in EXPECTED},
    Act.KNOCK: {S.BOOKED: S.BOOKED},
    Act.JOIN: {each: each for each in (S.BOOKED, S.ARRIVED, S.CHECKED_IN)},
    Act.MAIL_AGAIN: {each: each for each in S if each in EXPECTED},
    Act.REVOKE_LINKS: {each: each for each in S},
    Act.END_HELPER: {each: each for each in S},
}

BY_PATIENT: Mapping[Act, Moves] = {
    Act.CONFIRM: BY_STAFF[Act.CONFIRM],
    Act.RESCHEDULE: {S.PENDING: S.PENDING, S.BOOKED: S.BOOKED},
    Act.CONVERT: BY_STAFF[Act.CONVERT],
    Act.CANCEL: {S.PENDING: S.CANCELLED, S.BOOKED: S.CANCELLED},
    Act.CONTACT: BY_STAFF[Act.CONTACT],
    Act.CONSENT: BY_STAFF[Act.CONSENT],
    Act.WHEREABOUTS: {each: each for each in (S.PENDING, S.BOOKED, S.ARRIVED)},
}
"""A subset of what staff may do."""

AT_GATE: Mapping[Act, Moves] = {
    Act.WHEREABOUTS: BY_PATIENT[Act.WHEREABOUTS],
    Act.KNOCK: BY_STAFF[Act.KNOCK],
    Act.ARRIVE: BY_STAFF[Act.ARRIVE],
    Act.JOIN: {each: each for each in (S.ARRIVED, S.CHECKED_IN)},
}
"""What the gate of a visit by video does for a patient, who may do nothing of it otherwise."""

HOLDS_TIME = frozenset({S.PENDING, S.BOOKED, S.ARRIVED, S.CHECKED_IN, S.FULFILLED, S.NOSHOW})
"""Statuses whose visit keeps its claims."""

UNDO_WITHIN = {S.NOSHOW: timedelta(hours=24)}
UNDO_WITHIN_ELSE = timedelta(minutes=30)


def first_status(approval: Approval) -> VisitStatus:
    """What a booking becomes."""
    return VisitStatus.PENDING if approval is Approval.STAFF else VisitStatus.BOOKED


def allowed(status: VisitStatus, moves: Mapping[Act, Moves]) -> list[Act]:
    """What may be done to a visit in a status."""
    return [act for act, ways in moves.items() if status in ways]


def next_status(act: Act, status: VisitStatus, moves: Mapping[Act, Moves]) -> VisitStatus:
    """Where an act leads; `moves` is BY_STAFF or BY_PATIENT.

    Raises IllegalTransition with what is allowed instead.
    """
    reached = moves.get(act, {}).get(status)
    if reached is None:
        raise IllegalTransition(allowed(status, moves))
    return reached
