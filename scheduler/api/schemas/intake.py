"""What a patient answered before a visit, as staff see it."""

from pydantic import AwareDatetime, BaseModel

from scheduler.domain.triage import Outcome
from scheduler.domain.whereabouts import Stage


class AnswersOut(BaseModel):
    version: str
    outcome: Outcome
    rules: list[str]
    at: AwareDatetime


class PlaceOut(BaseModel):
    at: AwareDatetime
    actor: str
    stage: Stage
    licensed: bool
    state: str
    phone: str
    address: str
    in_car: bool


class WordOut(BaseModel):
    kind: str
    version: str
    granted: bool
    given_by: str
    actor: str
    at: AwareDatetime


class IntakeOut(BaseModel):
    needs: list[str]
    triage: AnswersOut | None
    whereabouts: list[PlaceOut]
    consents: list[WordOut]
