"""One text message, ready to be handed over."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Text:
    id: str
    """Ours: the same on every attempt."""
    to: str
    """E.164."""
    body: str
    made_at: datetime
    """When it was first written; aware."""
    valid_for: int
    """Seconds after which it has no sense any more."""
    timestamp: int
    """Of this attempt, in seconds: by the database's clock, since a host's may be wrong."""
    template_version: str | None = None
    """By which templates it was made, for the record alone."""
