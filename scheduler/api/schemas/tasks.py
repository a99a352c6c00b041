"""What staff have to do."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from scheduler.api.schemas.fields import Printable, Strict
from scheduler.api.schemas.lists import ByNumber, Limit
from scheduler.domain.tasks import TaskKind
from scheduler.services.staff.tasks import Wanted


class TasksQuery(Strict):
    open: Annotated[bool, Field(description="What is left to do; false: what is done.")] = True
    kind: TaskKind | None = None
    visit: UUID | None = None
    cursor: ByNumber | None = None
    limit: Limit = 50

    def wanted(self) -> Wanted:
        return Wanted(self.open, self.kind, self.visit)


class DoneIn(Strict):
    note: Annotated[str, StringConstraints(min_length=1, max_length=2_000), Printable] | None = None


class CallOut(BaseModel):
    name: str
    phone: str
    language: str


class TaskOut(BaseModel):
    id: str
    kind: str
    visit: UUID | None
    due: AwareDatetime
    created_at: AwareDatetime
    claimed_by: str | None
    claimed_at: AwareDatetime | None
    done_at: AwareDatetime | None
    done_by: str | None
    note: str | None
    call: Annotated[CallOut | None, Field(description="Whom to call, where the task says so.")]
    says: Annotated[
        str | None,
        Field(description="What to say, in their language: the message that did not reach them."),
    ]


class TasksOut(BaseModel):
    items: list[TaskOut]
    next: str | None
