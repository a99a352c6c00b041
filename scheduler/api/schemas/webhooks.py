"""Webhooks: endpoints, and what became of deliveries."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import Instant, Printable, Strict
from scheduler.api.schemas.lists import ByNumber, Limit
from scheduler.domain.destinations import LONGEST
from scheduler.domain.hooks import TYPES
from scheduler.domain.messages import MessageState
from scheduler.services.hooks import deliveries, keeping
from scheduler.services.staff.tasks import LARGEST_ID

HookType = Literal[TYPES]  # type: ignore[valid-type]
Types = Annotated[
    frozenset[HookType] | None,
    Field(min_length=1, description="What it hears of; null for all, also what comes later."),
]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100), Printable]
Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST),
    Printable,
    Field(description="`https://…`, in the public internet."),
]


class WebhookIn(Strict):
    label: Label
    url: Url
    types: Types = None


class WebhookChangeIn(Strict):
    """What is left out stays as it is."""

    label: Label | None = None
    url: Url | None = None
    types: Types = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("nothing-asked", "see texts")
        return self

    def wanted(self) -> keeping.Wanted:
        everything = "types" in self.model_fields_set and self.types is None
        types = sorted(self.types) if self.types is not None else None
        return keeping.Wanted(self.label, self.url, types, everything, self.enabled)


class WebhookOut(BaseModel):
    id: UUID
    label: str
    url: str
    types: list[str] | None
    enabled: bool
    disabled_reason: Annotated[str | None, Field(description="`by-staff`, or `gone`: it answered 410.")]
    former_secret_until: Annotated[
        AwareDatetime | None, Field(description="Until then the former secret signs, too.")
    ]
    created_at: AwareDatetime
    created_by: str


class WebhookWithSecretOut(WebhookOut):
    secret: Annotated[str, Field(description="`whsec_…`, shown this once.")]


class WebhooksOut(BaseModel):
    items: list[WebhookOut]
    next: str | None


class DeliveriesQuery(Strict):
    webhook: UUID | None = None
    status: MessageState | None = None
    visit: UUID | None = None
    cursor: ByNumber | None = None
    limit: Limit = 50

    def wanted(self) -> deliveries.Wanted:
        return deliveries.Wanted(self.webhook, self.status, self.visit)


class AttemptOut(BaseModel):
    at: AwareDatetime
    verdict: str
    code: Annotated[str, Field(description="The answer's status, or why there was none.")]


class DeliveryOut(BaseModel):
    id: str
    webhook: UUID
    type: str
    visit: UUID
    happened_at: AwareDatetime
    status: MessageState
    next_at: Annotated[AwareDatetime | None, Field(description="When it is tried (again), if it is.")]
    attempts: list[AttemptOut]


class DeliveriesOut(BaseModel):
    items: list[DeliveryOut]
    next: str | None


class ReplayIn(Strict):
    """One delivery, whatever became of it; or all that the endpoint did not take, since when."""

    webhook: UUID
    delivery: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,18}$")] | None = None
    since: Instant | None = None

    @model_validator(mode="after")
    def _small_enough(self) -> Self:
        if self.delivery is not None and int(self.delivery) > LARGEST_ID:
            raise PydanticCustomError("out-of-range", "see texts", {"pointer": "/delivery"})
        return self


class ReplayedOut(BaseModel):
    replayed: Annotated[int, Field(description="How many are sent again; at most 1,000 at once.")]
