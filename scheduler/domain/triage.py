"""The safety questions: what the answers mean, and what may be booked after them. Not a diagnosis."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scheduler.domain.errors import Fault, Invalid

Texts = Mapping[str, str]

LASTS = timedelta(minutes=30)
"""For so long answers count; then they are asked again."""


class Outcome(StrEnum):
    """What the answers come to, the most urgent first."""

    EMERGENCY = "emergency"
    """Nothing is booked: 911."""
    SAME_DAY_CALL = "same_day_call"
    """The clinic calls today; only then a visit, in person."""
    SOON = "soon"
    """May be booked, and staff call within days."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: Texts
    yes: Outcome
    """What a yes means by itself."""
    emergency_with: frozenset[str] = frozenset()
    """Together with a yes to one of these it is an emergency."""
    in_person_only: bool = False

    def meaning(self, said_yes: frozenset[str]) -> Outcome:
        return Outcome.EMERGENCY if self.emergency_with & said_yes else self.yes


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of a clinic's questions, and what it says to each outcome."""

    version: str
    questions: tuple[Question, ...]
    advice: Mapping[str, Texts]
    """By outcome; `called` and `closed` are for somebody who left a number."""
    out_of_hours_phone: str


@dataclass(frozen=True, slots=True)
class Result:
    """What was answered for one visit type: ids of the questions with a yes, not their words."""

    id: UUID
    visit_type: str
    version: str
    outcome: Outcome
    rules: tuple[str, ...]
    in_person_only: bool
    at: datetime

    def counts(self, visit_type: str, version: str, now: datetime) -> bool:
        """Whether it is an answer to today's questions, for this type, and not too old."""
        mine = (self.visit_type, self.version) == (visit_type, version)
        return mine and now - LASTS < self.at <= now


def evaluate(rules: Rules, visit_type: str, answers: Mapping[str, bool], id: UUID, now: datetime) -> Result:
    """Raises Invalid where a question is open: a blank is asked again, never taken for a no."""
    known = {question.id for question in rules.questions}
    faults = [Fault(f"/answers/{each}", "required") for each in sorted(known - answers.keys())]
    faults += [Fault(f"/answers/{each}", "unknown") for each in sorted(answers.keys() - known)]
    if faults:
        raise Invalid(faults)
    said_yes = frozenset(each for each, yes in answers.items() if yes)
    affirmed = [question for question in rules.questions if question.id in said_yes]
    meanings = {question.meaning(said_yes) for question in affirmed}
    outcome = next((each for each in Outcome if each in meanings), Outcome.NOTHING)
    in_person = outcome is Outcome.SAME_DAY_CALL or any(each.in_person_only for each in affirmed)
    return Result(id, visit_type, rules.version, outcome, tuple(each.id for each in affirmed), in_person, now)
