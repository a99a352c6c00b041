"""The safety questions, and who asks to be called."""

from typing import Annotated

from pydantic import BaseModel, Field, StrictBool

from scheduler.api.schemas.fields import Code, Language, Name, Phone, Strict, TriageToken
from scheduler.domain.triage import Outcome

QuestionId = Annotated[str, Field(pattern=r"^T[1-9][0-9]?$")]


class TriageQuery(Strict):
    visit_type: Code


class QuestionOut(BaseModel):
    id: str
    text: str


class QuestionsOut(BaseModel):
    version: Annotated[str | None, Field(description="Null where nothing is asked.")]
    questions: list[QuestionOut]


class TriageIn(Strict):
    """Each question has an answer: a blank is asked again."""

    visit_type: Code
    version: Code
    answers: Annotated[dict[QuestionId, StrictBool], Field(max_length=99)]


class AdviceOut(BaseModel):
    text: str
    phone: Annotated[str, Field(description="Whom to call now.")]


class TriageOut(BaseModel):
    outcome: Outcome
    token: Annotated[str, Field(description="Goes with the hold and the booking; half an hour.")]
    advice: AdviceOut | None


class CallbackIn(Strict):
    triage: TriageToken
    name: Name
    phone: Phone
    language: Language | None = None


class CallbackOut(BaseModel):
    open: Annotated[bool, Field(description="Whether the clinic is open; else no call today is promised.")]
    advice: AdviceOut
