"""Free times as JSON: some seven hundred in an answer, so the same instants are spelled only once."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from scheduler.domain.slots import Slot


@lru_cache(maxsize=32_768)
def instant_text(at: datetime, zone: ZoneInfo) -> str:
    """RFC 3339 with the offset of a zone."""
    return at.astimezone(zone).isoformat()


def slot_json(slot: Slot, minutes: int, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "start": instant_text(slot.start, zone),
        "end": instant_text(slot.start + timedelta(minutes=minutes), zone),
        "location": slot.location,
        "practitioners": slot.practitioners,
    }
