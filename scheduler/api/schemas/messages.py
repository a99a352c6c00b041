"""Messages as evidence: who was told what, when and how, and what became of it; no address, no words."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from scheduler.api.schemas.fields import Strict
from scheduler.api.schemas.lists import ByNumber, Limit
from scheduler.domain.messages import ChannelName, MessageKind, MessageState


class MessagesQuery(Strict):
    status: Annotated[
        MessageState | None, Field(description="Where none is named: all that nobody can say was heard.")
    ] = None
    cursor: ByNumber | None = None
    limit: Limit = 50


class TryOut(BaseModel):
    at: AwareDatetime
    worker: Annotated[str, Field(description="`provider`, where it says later how the try before ended.")]
    verdict: str
    code: Annotated[str, Field(description="What the provider answered, such as `250 2.0.0`.")]
    reference: Annotated[str, Field(description="By which the provider knows it.")]


class MessageOut(BaseModel):
    id: str
    visit: Annotated[UUID | None, Field(description="Null for an alert to people of the clinic.")]
    kind: MessageKind
    channel: ChannelName
    status: MessageState
    recipient: Annotated[
        str | None, Field(description="`patient`, `booked_by`, or `former:…`; null for people of the clinic.")
    ]
    due: AwareDatetime
    finished_at: AwareDatetime | None
    last_error: str | None
    reference: Annotated[str | None, Field(description="By which the provider knows it.")]
    template_version: Annotated[str | None, Field(description="Of its words: a hash over its templates.")]
    attempts: list[TryOut]


class MessagesOut(BaseModel):
    items: list[MessageOut]
    next: str | None
