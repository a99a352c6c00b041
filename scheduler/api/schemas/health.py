"""Whether the service is well."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class LiveOut(BaseModel):
    status: Literal["live"]


class ReadyOut(BaseModel):
    status: Literal["ready", "degraded", "unavailable"]
    checks: Annotated[dict[str, str], Field(description="`ok`, or what is wrong, for each part.")]
