"""What a key of staff may do."""

from enum import StrEnum


class Scope(StrEnum):
    VISITS = "visits"
    """See, book and change visits; the tasks that come of them."""
    SCHEDULE = "schedule"
    """Time off and extra hours."""
    MESSAGES = "messages"
    """Who was told what, and sending it again."""
    WEBHOOKS = "webhooks"
    """Which programs elsewhere hear of visits, and what became of it."""
    AUDIT = "audit"
    INTAKE = "intake"
