"""Requests that may be sent again."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints


class RepeatHeaders(BaseModel):
    idempotency_key: Annotated[
        Annotated[str, StringConstraints(min_length=16, max_length=255)] | None,
        Field(description="A repeat with the same key and body has one effect."),
    ] = None
