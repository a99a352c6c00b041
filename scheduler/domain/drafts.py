"""The booking form while it is being filled in: what was answered, and what is still to be asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scheduler.domain.clinic import Clinic, Mode, VisitType
from scheduler.domain.gate import is_asked
from scheduler.domain.triage import Outcome, Result
from scheduler.domain.wishes import Wish

LASTS = timedelta(hours=1)
"""After the last answer; then nothing is left of it."""


class Step(StrEnum):
    """The pages of the form, in their order."""

    WHO = "who"
    REASON = "reason"
    SAFETY = "safety"
    HOW = "how"
    WHERE = "where"
    NEEDS = "needs"
    TIMES = "times"
    ABOUT = "about"
    AGREE = "agree"
    CHECK = "check"


STAGES = (
    (Step.WHO,),
    (Step.REASON,),
    (Step.SAFETY,),
    (Step.HOW, Step.WHERE, Step.NEEDS),
    (Step.TIMES,),
    (Step.ABOUT, Step.AGREE, Step.CHECK),
)
"""What "Step 3 of 6" counts."""


@dataclass(frozen=True, slots=True)
class KeptTime:
    """The time that was chosen, and the hold on it, if there is one."""

    start: datetime
    location: str | None
    practitioner: str | None = None
    """Who will give it; None before a hold or a wish has decided it."""
    hold: UUID | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers so far. Texts are as they were typed, once they were found good."""

    site: str | None = None
    """Origin of the website that shows the form in a frame."""
    language: str | None = None
    for_other: bool | None = None
    visit_type: str | None = None
    triage: str | None = None
    """The sealed answers to the safety questions."""
    mode: Mode | None = None
    state: str | None = None
    writes: str | None = None
    """The language of messages."""
    needs: tuple[str, ...] | None = None
    practitioner: str | None = None
    """The one who is wished for."""
    zone: str | None = None
    """In which times are shown, where a patient by video chose one."""
    time: KeptTime | None = None
    renewed: bool = False
    """Whether more time was asked for: once a form."""
    about: Mapping[str, str] | None = None
    typed: Mapping[str, str] | None = None
    """What was written about them and had to wait, for the safety questions were asked again meanwhile."""
    consents: tuple[str, ...] | None = None
    visit: UUID | None = None
    """What was booked; then nothing else is left."""

    @property
    def wish(self) -> Wish:
        """Call it once the questions before the times are answered."""
        assert self.visit_type and self.mode
        video = self.mode is Mode.TELEMEDICINE
        place = None if video or self.time is None else self.time.location
        state = self.state if video else None
        return Wish(self.visit_type, self.mode, self.practitioner, place, state, self.needs or ())

    def of_type(self, visit_type: str) -> "Draft":
        """Another kind of visit has other questions and other times."""
        if visit_type == self.visit_type:
            return self
        kept = replace(self, visit_type=visit_type, triage=None, mode=None, needs=None, consents=None)
        return kept.without_time()

    def in_mode(self, mode: Mode) -> "Draft":
        if mode is self.mode:
            return self
        return replace(self, mode=mode, needs=None, consents=None).without_time()

    def without_time(self) -> "Draft":
        return replace(self, time=None)


def modes_of(kind: VisitType, result: Result | None) -> list[Mode]:
    """The modes that the answers to the safety questions leave."""
    in_person = result is not None and result.in_person_only
    return [each for each in kind.modes if each is Mode.IN_PERSON or not in_person]


def steps(draft: Draft, clinic: Clinic) -> Iterator[Step]:
    """The pages of this form, as far as its answers say which there are."""
    kind = clinic.visit_type(draft.visit_type or "")
    asked = {
        Step.SAFETY: kind is not None and is_asked(clinic, kind),
        Step.WHERE: draft.mode is Mode.TELEMEDICINE,
        Step.AGREE: any(draft.mode in each.modes for each in clinic.consents),
    }
    return (each for each in Step if asked.get(each, True))


def is_answered(draft: Draft, step: Step, result: Result | None) -> bool:
    match step:
        case Step.WHO:
            return draft.for_other is not None
        case Step.SAFETY:
            return result is not None and result.outcome is not Outcome.EMERGENCY
        case Step.CHECK:
            return draft.visit is not None
        case _:
            given = {
                Step.REASON: draft.visit_type,
                Step.HOW: draft.mode,
                Step.WHERE: draft.state,
                Step.NEEDS: draft.needs,
                Step.TIMES: draft.time,
                Step.ABOUT: draft.about,
                Step.AGREE: draft.consents,
            }
            return given[step] is not None


def first_open(draft: Draft, clinic: Clinic, result: Result | None) -> Step:
    """The first page that still has to be answered; the last one if there is none."""
    return next((each for each in steps(draft, clinic) if not is_answered(draft, each, result)), Step.CHECK)


def stage(step: Step) -> int:
    """Counted from 1."""
    return next(number for number, pages in enumerate(STAGES, 1) if step in pages)
