"""The audit, as it is asked for and answered."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from scheduler.api.schemas.fields import Instant, Printable, Strict
from scheduler.api.schemas.lists import ByNumber, Limit
from scheduler.services.audit.reading import Sought

Word = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


class AuditQuery(Strict):
    """All that is said must fit."""

    actor: Annotated[Word | None, Field(description="`staff:<name>`, `patient`, `booked_by`, `system`.")] = (
        None
    )
    act: Word | None = None
    object_kind: Annotated[Word | None, Field(description="Such as `visit`.")] = None
    object_id: Word | None = None
    since: Instant | None = None
    until: Annotated[Instant | None, Field(description="Exclusive.")] = None
    cursor: ByNumber | None = None
    limit: Limit = 50

    def sought(self) -> Sought:
        return Sought(self.actor, self.act, self.object_kind, self.object_id, self.since, self.until)


class AuditEntryOut(BaseModel):
    id: str
    at: AwareDatetime
    actor: str
    act: str
    object_kind: str
    object_id: str | None
    detail: Annotated[dict[str, Any], Field(description="Codes, counts and ids.")]
    sealed: Annotated[bool, Field(description="Whether the chain holds it by now.")]


class AuditOut(BaseModel):
    items: list[AuditEntryOut]
    next: str | None
