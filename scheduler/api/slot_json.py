"""Free times as JSON: some seven hundred in an answer, and on most days the same ones again in the next."""

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import orjson

from scheduler.domain.slots import FreeDay, Slot


def instant_text(at: datetime, zone: ZoneInfo) -> str:
    """RFC 3339 with the offset of a zone."""
    return at.astimezone(zone).isoformat()


def slot_json(slot: Slot, minutes: int, zone: ZoneInfo) -> orjson.Fragment:
    """A slot as it stands in an answer."""
    spelled = orjson.dumps(
        {
            "start": instant_text(slot.start, zone),
            "end": instant_text(slot.start + timedelta(minutes=minutes), zone),
            "location": slot.location,
            "practitioners": slot.practitioners,
        }
    )
    return orjson.Fragment(spelled.decode())  # a copy: what orjson gives keeps a buffer of 4 KB


@lru_cache(maxsize=1_024)
def day_json(day: FreeDay, minutes: int, zone: ZoneInfo) -> tuple[orjson.Fragment, ...]:
    """The slots of a day, spelled once for as long as the same is free; a full cache has some 10 MB."""
    return tuple(slot_json(slot, minutes, zone) for slot in day.slots())
