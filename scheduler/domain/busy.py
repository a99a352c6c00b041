"""When somebody is busy elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Stretch(NamedTuple):
    start: datetime
    end: datetime
    uid: str
    """Of the event, to tell our own visits from other things; it is not kept."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when is asked, and the zone of times that name none."""

    start: datetime
    end: datetime
    zone: ZoneInfo
