"""What providers are answered."""

from typing import Annotated

from pydantic import BaseModel, Field

from scheduler.domain.inbound import InboundOutcome


class InboundOut(BaseModel):
    outcome: Annotated[InboundOutcome, Field(description="What it led to.")]
