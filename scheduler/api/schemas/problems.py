"""Errors as everybody gets them."""

from pydantic import BaseModel

from scheduler.api.schemas.clinic import ConsentOut
from scheduler.api.schemas.slots import SlotOut
from scheduler.api.schemas.triage import AdviceOut


class ProblemError(BaseModel):
    pointer: str
    code: str
    detail: str


class ProblemOut(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    phone: str | None = None
    errors: list[ProblemError] | None = None
    alternatives: list[SlotOut] | None = None
    allowed: list[str] | None = None
    consents: list[ConsentOut] | None = None
    advice: AdviceOut | None = None
