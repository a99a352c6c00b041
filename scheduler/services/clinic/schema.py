"""The clinic file's form. Durations are minutes; keys and defaults are those of `domain/clinic.py`.

`model_dump(mode="json")` of a file is its canonical document, which these models read back.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from scheduler.domain import clinic as domain
from scheduler.domain import triage as domain_triage
from scheduler.domain.clinic import Approval, Mode, NewPatients
from scheduler.domain.triage import Outcome, Rules
from scheduler.services.clinic.carried import Alert, Consent, Need, Triage
from scheduler.services.clinic.holidays import Holidays
from scheduler.services.clinic.look import LookTable
from scheduler.services.clinic.table import Part, Table
from scheduler.services.clinic.values import (
    Clock,
    Code,
    Date,
    Days,
    Email,
    Key,
    Labels,
    Language,
    Line,
    Link,
    Minutes,
    Phone,
    SomeMinutes,
    State,
    Texts,
    Zone,
    distinct,
    never_is_none,
)

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

AMode = Annotated[Mode, Field(strict=False)]
AnApproval = Annotated[Approval, Field(strict=False)]
Modes = Annotated[list[AMode], Field(min_length=1), AfterValidator(distinct)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


def in_week_order(days: list[str]) -> list[str]:
    return sorted(distinct(days), key=WEEK.index)


def as_tuple(value: object) -> object:
    """A pair of a strict model is a tuple; TOML and JSON have lists."""
    return tuple(value) if isinstance(value, list) else value


class SenderTable(Table):
    name: Line
    email: Email


class ClinicTable(Table):
    name: Line
    phone: Phone
    timezone: Zone
    languages: Annotated[list[Language], Field(min_length=1)]
    sender: SenderTable
    emergency: Texts
    links: dict[Key, Link] = Field(default_factory=dict)
    answer_within: SomeMinutes = 16 * 60
    keep_places: Minutes = 72 * 60
    keep_callbacks: Minutes = 30 * 24 * 60
    no_show_after: SomeMinutes = 30
    look: LookTable = LookTable()


class RoomTable(Table):
    code: Code
    label: Line


class LocationTable(Table):
    code: Code
    name: Line
    address: Line
    timezone: Zone | None = None
    phone: Phone | None = None
    geo: Annotated[tuple[Latitude, Longitude], BeforeValidator(as_tuple)] | None = None
    until: Date | None = None
    rooms: list[Part[RoomTable]] = Field(default_factory=list)


class HoursTable(Table):
    days: Annotated[list[Day], Field(min_length=1), AfterValidator(in_week_order)]
    opens: Clock
    closes: Clock
    modes: Modes
    location: Code | None = None
    valid_from: Date | None = None
    until: Date | None = None


class LicenceTable(Table):
    state: State
    valid_from: Date | None = None
    until: Date | None = None


class PractitionerTable(Table):
    code: Code
    name: Line
    message_name: Line | None = None
    timezone: Zone | None = None
    until: Date | None = None
    video: Line | None = None
    hours: list[Part[HoursTable]] = Field(default_factory=list)
    licences: list[Part[LicenceTable]] = Field(default_factory=list)


class VisitTypeTable(Table):
    code: Code
    label: Labels
    description: Texts
    minutes: SomeMinutes
    new_patients: Annotated[NewPatients, Field(strict=False)]
    modes: Annotated[dict[AMode, AnApproval], Field(min_length=1)]
    buffer_before: Minutes = 0
    buffer_after: Minutes = 0
    notice: Minutes = 4 * 60
    cutoff: Minutes = 24 * 60
    horizon_days: Days = 90
    step: SomeMinutes = 15
    daily_limit: Annotated[int, Field(ge=1)] | None = None
    practitioners: Annotated[list[Code], AfterValidator(distinct)] = Field(default_factory=list)
    room: bool = True
    triage: bool = False
    until: Date | None = None


class HolidaysTable(Table):
    country: Line | None = None
    subdivision: Line | None = None
    plus: Annotated[list[Date], AfterValidator(distinct)] = Field(default_factory=list)
    minus: Annotated[list[Date], AfterValidator(distinct)] = Field(default_factory=list)
    minus_named: Annotated[list[Line], AfterValidator(distinct)] = Field(default_factory=list)


class RemindersTable(Table):
    reminders: list[SomeMinutes] = Field(default_factory=lambda: [72 * 60, 24 * 60])
    join: Annotated[SomeMinutes | None, BeforeValidator(never_is_none)] = 60


class ClinicFile(Table):
    clinic: Part[ClinicTable]
    locations: list[Part[LocationTable]] = Field(default_factory=list)
    practitioners: Annotated[list[Part[PractitionerTable]], Field(min_length=1)]
    visit_types: Annotated[list[Part[VisitTypeTable]], Field(min_length=1)]
    holidays: Part[HolidaysTable] = HolidaysTable()
    reminders: Part[RemindersTable] = RemindersTable()
    triage: Part[Triage] | None = None
    consents: list[Part[Consent]] = Field(default_factory=list)
    needs: list[Part[Need]] = Field(default_factory=list)
    alerts: dict[Key, Part[Alert]] = Field(default_factory=dict)

    def carried(self) -> Mapping[str, Any]:
        """What other parts enforce, as JSON-able data."""
        return self.model_dump(mode="json", include={"alerts"})


def to_domain(file: ClinicFile) -> domain.Clinic:
    """The clinic of a checked file; a practitioner or location without a zone has the clinic's."""
    clinic = file.clinic
    return domain.Clinic(
        name=clinic.name,
        sender=domain.Sender(clinic.sender.name, clinic.sender.email),
        phone=clinic.phone,
        timezone=ZoneInfo(clinic.timezone),
        languages=tuple(clinic.languages),
        emergency=clinic.emergency,
        links=clinic.links,
        locations=tuple(_location(each, clinic.timezone) for each in file.locations),
        practitioners=tuple(_practitioner(each, clinic.timezone) for each in file.practitioners),
        visit_types=tuple(_visit_type(each) for each in file.visit_types),
        holidays=_holidays(file.holidays),
        reminders=domain.ReminderPlan(tuple(file.reminders.reminders), file.reminders.join),
        carried=file.carried(),
        answer_within=clinic.answer_within,
        keep_places=clinic.keep_places,
        keep_callbacks=clinic.keep_callbacks,
        no_show_after=clinic.no_show_after,
        consents=tuple(_consent(each) for each in file.consents),
        look=domain.Look(clinic.look.accent, clinic.look.logo),
        needs=tuple(_need(each) for each in file.needs),
        triage=_triage(file.triage) if file.triage else None,
    )


def _location(table: LocationTable, timezone: str) -> domain.Location:
    return domain.Location(
        code=table.code,
        name=table.name,
        address=table.address,
        timezone=ZoneInfo(table.timezone or timezone),
        rooms=tuple(domain.Room(each.code, each.label) for each in table.rooms),
        phone=table.phone,
        geo=table.geo,
        until=table.until,
    )


def _practitioner(table: PractitionerTable, timezone: str) -> domain.Practitioner:
    return domain.Practitioner(
        code=table.code,
        name=table.name,
        message_name=table.message_name or table.name,
        timezone=ZoneInfo(table.timezone or timezone),
        hours=tuple(_hours(each) for each in table.hours),
        licences=tuple(domain.Licence(e.state, e.valid_from, e.until) for e in table.licences),
        until=table.until,
        video=table.video,
    )


def _hours(table: HoursTable) -> domain.Hours:
    return domain.Hours(
        days=frozenset(WEEK.index(each) for each in table.days),
        opens=table.opens,
        closes=table.closes,
        modes=frozenset(table.modes),
        location=table.location,
        valid_from=table.valid_from,
        until=table.until,
    )


def _visit_type(table: VisitTypeTable) -> domain.VisitType:
    """The keys are the domain's own."""
    values = {name: getattr(table, name) for name in type(table).model_fields}
    return domain.VisitType(**{**values, "practitioners": frozenset(table.practitioners)})


def _consent(table: Consent) -> domain.ConsentText:
    return domain.ConsentText(table.kind, table.version, frozenset(table.modes), table.required, table.text)


def _triage(table: Triage) -> Rules:
    """What the domain weighs; who approved it matters only to `apply`."""
    questions = tuple(
        domain_triage.Question(
            id=each.id,
            text=each.text,
            yes=Outcome(each.yes),
            emergency_with=frozenset(each.emergency_with),
            in_person_only=each.in_person_only,
        )
        for each in table.questions
    )
    return Rules(table.version, questions, dict(table.advice), table.out_of_hours_phone)


def _need(table: Need) -> domain.Need:
    modes = frozenset(table.modes)
    return domain.Need(table.code, table.label, modes, table.extra_minutes, table.staff_task)


def _holidays(table: HolidaysTable) -> Holidays:
    return Holidays(
        country=table.country,
        subdivision=table.subdivision,
        plus=frozenset(table.plus),
        minus=frozenset(table.minus),
        minus_named=frozenset(table.minus_named),
    )
