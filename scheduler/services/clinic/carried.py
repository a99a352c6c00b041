"""Rules that the clinic file states and that other parts enforce: triage, consents, needs, alerts.

Triage and consents are clinical and legal text; they count only once somebody of the clinic approved them.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from scheduler.domain.clinic import Mode
from scheduler.services.clinic.table import Part, Table
from scheduler.services.clinic.values import (
    Code,
    Contact,
    Date,
    Labels,
    Line,
    Minutes,
    Phone,
    SomeMinutes,
    Texts,
    Version,
    distinct,
    empty_is_none,
)

Outcome = Literal["emergency", "same_day_call", "soon", "nothing"]
QuestionId = Annotated[str, Field(pattern=r"^T[1-9][0-9]?$")]
Modes = Annotated[list[Annotated[Mode, Field(strict=False)]], Field(min_length=1), AfterValidator(distinct)]


class RuleSet(Table):
    """A text with a version; not approved while `approved_by` or `approved_at` is empty."""

    version: Version
    approved_by: Annotated[Line | None, BeforeValidator(empty_is_none)] = None
    approved_at: Annotated[Date | None, BeforeValidator(empty_is_none)] = None

    def approved(self) -> bool:
        return self.approved_by is not None and self.approved_at is not None


class Question(Table):
    """`yes` is what a yes means; together with a yes to one of `emergency_with` it is an emergency."""

    id: QuestionId
    text: Texts
    yes: Outcome
    emergency_with: list[QuestionId] = Field(default_factory=list)
    in_person_only: bool = False


class Advice(Table):
    emergency: Texts
    same_day_call: Texts
    soon: Texts
    called: Texts
    """Somebody left a number, and the clinic is open."""
    closed: Texts
    """The clinic is closed: no call is promised today, and where help is."""


class Triage(RuleSet):
    out_of_hours_phone: Phone
    advice: Advice
    questions: Annotated[list[Part[Question]], Field(min_length=1)]


class Consent(RuleSet):
    """`required`: without it a visit in these modes does not take place."""

    kind: Code
    modes: Modes
    required: bool
    text: Texts


class Need(Table):
    code: Code
    label: Labels
    extra_minutes: Minutes = 0
    modes: Modes
    staff_task: bool = False


class Escalation(Table):
    after: SomeMinutes
    tell: Annotated[list[Contact], Field(min_length=1)]


class Alert(Table):
    """Who is told of one kind of task: mail addresses, and phone numbers that get a text."""

    tell: Annotated[list[Contact], Field(min_length=1)]
    then: list[Escalation] = Field(default_factory=list)
    out_of_hours: list[Contact] = Field(default_factory=list)
