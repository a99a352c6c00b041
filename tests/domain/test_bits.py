"""Masks of time, against sets of numbers that anybody can follow."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.domain import bits
from scheduler.domain.bits import CELL, Window

SMALL = st.integers(-20, 120)
MASKS = st.sets(st.integers(0, 200), max_size=80)

quick = settings(max_examples=200, deadline=None, derandomize=True)


def mask(positions: set[int]) -> int:
    return sum(1 << position for position in positions)


def positions(number: int) -> set[int]:
    return {n for n in range(number.bit_length()) if number >> n & 1}


@given(SMALL, SMALL)
@quick
def test_a_span_is_every_cell_from_its_start_up_to_its_end(start: int, end: int) -> None:
    assert positions(bits.span(start, end)) == {n for n in range(start, end) if n >= 0}


@given(st.integers(1, 13), SMALL, SMALL)
@quick
def test_steps_keep_their_rhythm_even_where_they_begin_before_the_window(
    step: int, start: int, end: int
) -> None:
    assert positions(bits.every(step, start, end)) == {n for n in range(start, end, step) if n >= 0}


@given(MASKS, st.integers(1, 40))
@quick
def test_a_run_begins_wherever_enough_free_cells_follow_one_another(free: set[int], length: int) -> None:
    naive = {n for n in free if all(n + k in free for k in range(length))}
    assert positions(bits.runs(mask(free), length)) == naive


@given(MASKS)
@quick
def test_the_ones_of_a_mask_are_named_in_ascending_order(free: set[int]) -> None:
    assert list(bits.ones(mask(free))) == sorted(free)


def test_nothing_free_has_no_ones() -> None:
    assert list(bits.ones(0)) == []


@given(st.sets(st.integers(0, 5 * 288 - 1), max_size=80))
@quick
def test_a_mask_cut_into_days_has_each_one_at_its_time_of_day(free: set[int]) -> None:
    days = list(bits.by_day(mask(free), 5 * 288))
    assert {day * 288 + n for day, part in enumerate(days) for n in positions(part)} == free
    assert len(days) == 5
    assert all(part < 1 << 288 for part in days)


WINDOW = Window(date(2027, 3, 13), date(2027, 3, 15))
SECONDS = st.integers(-3 * 86_400, 8 * 86_400)
BASE = datetime(2027, 3, 12, tzinfo=UTC)


def test_a_window_has_a_spare_day_at_both_ends() -> None:
    assert WINDOW.bounds == (BASE, datetime(2027, 3, 17, tzinfo=UTC))
    assert WINDOW.everything.bit_count() == WINDOW.size == 5 * 288


@given(SECONDS)
@quick
def test_an_instant_lies_in_the_cell_that_begins_before_it_and_ends_after_it(second: int) -> None:
    at = BASE + timedelta(seconds=second)
    assert WINDOW.instant(WINDOW.floor(at)) <= at < WINDOW.instant(WINDOW.floor(at) + 1)
    assert WINDOW.instant(WINDOW.ceil(at) - 1) < at <= WINDOW.instant(WINDOW.ceil(at))


@given(SECONDS, st.integers(1, 40_000))
@quick
def test_a_stretch_takes_every_cell_that_it_touches_and_no_other(second: int, duration: int) -> None:
    start = BASE + timedelta(seconds=second)
    end = start + timedelta(seconds=duration)
    first, last = second // CELL, (second + duration - 1) // CELL
    assert positions(WINDOW.span(start, end)) == set(range(first, last + 1)) & set(range(WINDOW.size))


@given(st.lists(st.tuples(SECONDS, st.integers(1, 9_000)), max_size=8))
@quick
def test_what_is_taken_is_all_stretches_together(stretches: list[tuple[int, int]]) -> None:
    spans = [(BASE + timedelta(seconds=a), BASE + timedelta(seconds=a + b)) for a, b in stretches]
    alone = [positions(WINDOW.span(*span)) for span in spans]
    assert positions(WINDOW.taken(spans)) == set[int]().union(*alone)
