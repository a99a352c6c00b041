"""The tables, split by noun."""

from scheduler.db.models.accounts import SignInTries, StaffAccount, StaffSession
from scheduler.db.models.base import Base
from scheduler.db.models.clinic import ClinicProblem, ClinicVersion, Resource, ResourceKind
from scheduler.db.models.consents import Consent
from scheduler.db.models.drafts import FormDraft
from scheduler.db.models.feeds import CalendarFeed
from scheduler.db.models.history import AuditEntry, AuditHead, VisitEvent
from scheduler.db.models.holds import Hold
from scheduler.db.models.hooks import WebhookEndpoint
from scheduler.db.models.inbound import InboundMail, InboundText, InviteAnswer, Mailbox
from scheduler.db.models.messages import ChannelPause, Message, MessageAttempt
from scheduler.db.models.operations import Errand, Heartbeat, IdempotencyKey, TimetableEntry
from scheduler.db.models.outside import BusyTime, OutsideCalendar
from scheduler.db.models.patients import Patient, PatientIdentity
from scheduler.db.models.staff import ApiKey, ExtraHours, RefusedReminders, Suppression, Task, TimeOff
from scheduler.db.models.triage import Callback, TriageCount
from scheduler.db.models.video import VideoRoom
from scheduler.db.models.visits import Claim, Link, Recipient, Visit
from scheduler.db.models.whereabouts import Whereabouts

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AuditHead",
    "Base",
    "BusyTime",
    "CalendarFeed",
    "Callback",
    "ChannelPause",
    "Claim",
    "ClinicProblem",
    "ClinicVersion",
    "Consent",
    "Errand",
    "ExtraHours",
    "FormDraft",
    "Heartbeat",
    "Hold",
    "IdempotencyKey",
    "InboundMail",
    "InboundText",
    "InviteAnswer",
    "Link",
    "Mailbox",
    "Message",
    "MessageAttempt",
    "OutsideCalendar",
    "Patient",
    "PatientIdentity",
    "Recipient",
    "RefusedReminders",
    "Resource",
    "ResourceKind",
    "SignInTries",
    "StaffAccount",
    "StaffSession",
    "Suppression",
    "Task",
    "TimeOff",
    "TimetableEntry",
    "TriageCount",
    "VideoRoom",
    "Visit",
    "VisitEvent",
    "WebhookEndpoint",
    "Whereabouts",
]
