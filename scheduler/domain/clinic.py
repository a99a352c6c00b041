"""The clinic as its file describes it: who gives which visit, where, when and in which mode.

All of it is immutable. Texts are by language (`{"en": …, "es": …}`); durations are whole minutes.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.domain.triage import Rules

GRID_MINUTES = 5
"""Every duration and every opening hour of a clinic is a multiple of this."""

Texts = Mapping[str, str]


class Mode(StrEnum):
    IN_PERSON = "in_person"
    TELEMEDICINE = "telemedicine"


class Approval(StrEnum):
    """Who accepts a booking: the service at once, or staff after they have looked at it."""

    AUTO = "auto"
    STAFF = "staff"


class NewPatients(StrEnum):
    YES = "yes"
    NO = "no"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Sender:
    """The clinic's own mailbox: From, Reply-To and ORGANIZER of everything that is sent."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Room:
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Location:
    code: str
    name: str
    address: str
    timezone: ZoneInfo
    rooms: tuple[Room, ...]
    phone: str | None = None
    geo: tuple[float, float] | None = None
    """Latitude and longitude in degrees."""
    until: date | None = None
    """The last local date on which visits take place here."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly opening hours in local wall time: the location's, else the practitioner's own."""

    days: frozenset[int]
    """Days of the week; Monday is 0."""
    opens: time
    closes: time
    """After `opens`; `time.max` stands for midnight at the end of the day."""
    modes: frozenset[Mode]
    location: str | None = None
    """Needed for `in_person`."""
    valid_from: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Licence:
    state: str
    valid_from: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Practitioner:
    code: str
    name: str
    message_name: str
    """The name as mails, texts and calendar entries spell it."""
    timezone: ZoneInfo
    """The schedule's zone: telemedicine visits are promised in it."""
    hours: tuple[Hours, ...]
    licences: tuple[Licence, ...] = ()
    until: date | None = None
    video: str | None = None
    """Their own room or user at the video vendor, where it needs one."""

    def licensed(self, state: str) -> Iterator[tuple[date, date]]:
        """The first and the last local date of each licence for a state."""
        for licence in self.licences:
            if licence.state == state:
                yield licence.valid_from or date.min, licence.until or date.max

    def is_licensed(self, state: str | None, day: date) -> bool:
        """Whether a patient may be seen there by video; nowhere, where nobody said where they are."""
        return state is not None and any(first <= day <= last for first, last in self.licensed(state))


@dataclass(frozen=True, slots=True)
class VisitType:
    code: str
    label: Texts
    description: Texts
    minutes: int
    modes: Mapping[Mode, Approval]
    new_patients: NewPatients
    buffer_before: int = 0
    buffer_after: int = 0
    notice: int = 240
    """The least time between booking and start, in minutes."""
    cutoff: int = 24 * 60
    """How long before the start a patient can still move it without calling, in minutes."""
    horizon_days: int = 90
    step: int = 15
    daily_limit: int | None = None
    """The most visits of this type that one practitioner gives on one local date."""
    practitioners: frozenset[str] = frozenset()
    """Codes of those who may give it; empty means everybody."""
    room: bool = True
    """Whether an in-person visit occupies a room of its location."""
    triage: bool = False
    until: date | None = None

    def given_by(self, practitioner: Practitioner) -> bool:
        return not self.practitioners or practitioner.code in self.practitioners


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What somebody agrees to, in the version that is in force."""

    kind: str
    """A code; the service itself knows `telehealth`, `privacy` and `sms`."""
    version: str
    modes: frozenset[Mode]
    """The visits that ask for it."""
    required: bool
    """Whether such a visit cannot take place without it."""
    text: Texts

    @property
    def name(self) -> str:
        """As a booking calls it: `telehealth:2026-01`."""
        return f"{self.kind}:{self.version}"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a patient may need for a visit, such as an interpreter."""

    code: str
    label: Texts
    modes: frozenset[Mode]
    extra_minutes: int = 0
    """By so much the visit is longer."""
    staff_task: bool = False
    """Whether staff have something to arrange."""


@dataclass(frozen=True, slots=True)
class ReminderPlan:
    """How long before a visit its messages are due, in minutes."""

    reminders: tuple[int, ...] = (72 * 60, 24 * 60)
    join: int | None = 60
    """Telemedicine visits only."""


@dataclass(frozen=True, slots=True)
class Look:
    """What pages show of the clinic besides its name."""

    accent: str | None = None
    """`#rrggbb`, dark enough to be read on white."""
    logo: str | None = None
    """An SVG picture."""


@dataclass(frozen=True, slots=True)
class Clinic:
    name: str
    sender: Sender
    phone: str
    """In E.164."""
    timezone: ZoneInfo
    languages: tuple[str, ...]
    """ISO 639-1 codes; the first is the one that is used where a patient said nothing."""
    emergency: Texts
    links: Mapping[str, str]
    """Public pages of the clinic, such as `privacy` and `complaints`."""
    locations: tuple[Location, ...]
    practitioners: tuple[Practitioner, ...]
    visit_types: tuple[VisitType, ...]
    holidays: Container[date]
    reminders: ReminderPlan
    carried: Mapping[str, Any]
    """Rules that the file states and that other parts enforce: `alerts`."""
    answer_within: int = 16 * 60
    """How long a request may wait for staff's approval, in minutes of opening time."""
    keep_places: int = 72 * 60
    """For so many minutes after a visit by video it is kept where the patient was."""
    keep_callbacks: int = 30 * 24 * 60
    """So many minutes after somebody asked to be called, and was, it is kept who it was."""
    no_show_after: int = 30
    """So many minutes after its end a visit to which nobody came is marked so."""
    consents: tuple[ConsentText, ...] = ()
    look: Look = Look()
    needs: tuple[Need, ...] = ()
    triage: Rules | None = None
    """The safety questions."""

    def visit_type(self, code: str) -> VisitType | None:
        return next((each for each in self.visit_types if each.code == code), None)

    def practitioner(self, code: str) -> Practitioner | None:
        return next((each for each in self.practitioners if each.code == code), None)

    def location(self, code: str) -> Location | None:
        return next((each for each in self.locations if each.code == code), None)
