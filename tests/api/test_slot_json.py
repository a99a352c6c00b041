"""Days that are spelled once, against starts that are spelled one by one; clocks change in between."""

from datetime import date, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.api.slot_json import day_json
from scheduler.domain.bits import Window
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import FreeTimes
from tests.domain.example import CHICAGO, location, practitioner

Free = list[tuple[Chair, set[int]]]
"""Who is free where, and when: cells of WINDOW."""

FALL = date(2027, 11, 7)
ZONES = [CHICAGO, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")]
PLACES = [None, location("main"), location("east")]
CHAIRS = [Chair(practitioner(code), place) for place in PLACES for code in ("one", "two", "three")]
WINDOW = Window(FALL, FALL + timedelta(days=1))
CELLS = st.sets(st.integers(0, WINDOW.size // 48 - 1).map(lambda n: n * 48), max_size=8)
"""Few enough that a day comes again, with one start more or less, for others or in another zone."""


def spelled(free: Free, minutes: int, zone: ZoneInfo) -> Any:
    times = FreeTimes(WINDOW, [(chair, sum(1 << cell for cell in cells)) for chair, cells in free])
    days = (day_json(day, minutes, zone) for day in times.days())
    return orjson.loads(orjson.dumps(list(chain.from_iterable(days))))


def one_by_one(free: Free, minutes: int, zone: ZoneInfo) -> list[dict[str, object]]:
    """Each start is asked for, and who is free then at each place."""
    starts = sorted({cell for _, cells in free for cell in cells})
    places = dict.fromkeys(chair.place for chair, _ in free)
    return [
        {
            "start": WINDOW.instant(cell).astimezone(zone).isoformat(),
            "end": WINDOW.instant(cell + minutes // 5).astimezone(zone).isoformat(),
            "location": place,
            "practitioners": codes,
        }
        for cell in starts
        for place in places
        if (codes := [who.practitioner.code for who, cells in free if who.place == place and cell in cells])
    ]


@given(
    st.lists(st.tuples(st.sampled_from(CHAIRS), CELLS), max_size=4, unique_by=lambda each: each[0]),
    st.sampled_from([15, 60, 90]),
    st.sampled_from(ZONES),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_day_that_is_spelled_once_says_what_its_starts_say_one_by_one(
    free: Free, minutes: int, zone: ZoneInfo
) -> None:
    plain = one_by_one(free, minutes, zone)
    assert spelled(free, minutes, zone) == plain
    assert spelled(free, minutes, zone) == plain  # from what was kept


def test_what_is_free_again_is_not_spelled_again() -> None:
    day_json.cache_clear()
    for cells in ({400, 403}, {400}, {400, 403}):
        spelled([(CHAIRS[0], cells)], 15, CHICAGO)
    assert (day_json.cache_info().hits, day_json.cache_info().misses) == (1, 2)
