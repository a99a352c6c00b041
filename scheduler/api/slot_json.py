"""Free times as JSON: some seven hundred in an answer, and the same ones again in the next."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import orjson

from scheduler.domain.slots import Slot


def instant_text(at: datetime, zone: ZoneInfo) -> str:
    """RFC 3339 with the offset of a zone."""
    return at.astimezone(zone).isoformat()


@lru_cache(maxsize=16_384)
def slot_json(slot: Slot, minutes: int, zone: ZoneInfo) -> orjson.Fragment:
    """A slot as it stands in an answer, spelled once and kept."""
    return orjson.Fragment(
        orjson.dumps(
            {
                "start": instant_text(slot.start, zone),
                "end": instant_text(slot.start + timedelta(minutes=minutes), zone),
                "location": slot.location,
                "practitioners": slot.practitioners,
            }
        )
    )
