"""Calendars that others subscribe to."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from scheduler.api.schemas.fields import Code, Printable, Strict
from scheduler.domain.feeds import Detail, FeedWish


class FeedIn(Strict):
    """Visits of one practitioner, at one location, both, or the whole clinic's."""

    label: Annotated[
        str,
        StringConstraints(min_length=1, max_length=100),
        Printable,
        Field(description="What the calendar is called where it is subscribed to."),
    ]
    detail: Annotated[
        Detail,
        Field(
            description="`busy` shows times alone, `reference` also the visit's reference, place, staff page."
        ),
    ] = Detail.BUSY
    practitioner: Code | None = None
    location: Code | None = None

    def wish(self) -> FeedWish:
        return FeedWish(self.label, self.detail, self.practitioner, self.location)


class FeedOut(BaseModel):
    id: UUID
    label: str
    detail: Detail
    practitioner: str | None
    location: str | None
    created_at: AwareDatetime
    created_by: str
    revoked_at: AwareDatetime | None


class FeedWithAddressOut(FeedOut):
    address: Annotated[str, Field(description="A secret: whoever has it sees the feed. Shown this once.")]


class FeedsOut(BaseModel):
    items: list[FeedOut]
    next: str | None
