"""One effect for one key, whoever repeats it and however often."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from scheduler.bootstrap import Runtime
from scheduler.domain.booking import BookingRequest
from scheduler.domain.errors import IdempotencyConflict, SlotNotOffered
from scheduler.services.booking.making import Booked, book
from scheduler.services.ground import idempotency
from scheduler.services.ground.idempotency import Repeatable
from tests.cast import NOW, at
from tests.services.asking import at_once, count, request, wait_until_somebody_waits

TEN = at(3, 10)


def key(name: str, body: bytes = b"body", caller: str = "public") -> Repeatable:
    return Repeatable(caller, "POST /v1/visits", name, body)


def test_a_repeated_booking_answers_with_the_first_ones_visit(run: Runtime) -> None:
    first = book(run.desk, request(TEN), key("k"))
    again = book(run.desk, request(TEN), key("k"))
    assert again.visit == first.visit
    assert (first.replayed, again.replayed) == (False, True)
    assert count(run, "visits") == 1


def test_a_repeat_rings_no_bell_again(run: Runtime) -> None:
    assert book(run.desk, request(TEN), key("k")).due
    assert list(book(run.desk, request(TEN), key("k")).due) == []


def test_the_same_key_with_another_body_is_refused(run: Runtime) -> None:
    book(run.desk, request(TEN), key("k"))
    with pytest.raises(IdempotencyConflict):
        book(run.desk, request(at(3, 11)), key("k", b"another"))
    assert count(run, "visits") == 1


def test_keys_of_different_callers_have_nothing_to_do_with_each_other(run: Runtime) -> None:
    book(run.desk, request(TEN, 1), key("k"))
    assert not book(run.desk, request(TEN, 2), key("k", b"another", caller="staff")).replayed
    assert count(run, "visits") == 2


def test_a_booking_that_was_refused_may_be_tried_again_with_the_same_key(run: Runtime) -> None:
    with pytest.raises(SlotNotOffered):
        book(run.desk, request(at(3, 7)), key("k"))
    assert count(run, "idempotency_keys") == 0
    assert not book(run.desk, request(TEN), key("k", b"corrected")).replayed


def test_without_a_key_every_booking_is_a_booking(run: Runtime) -> None:
    book(run.desk, request(TEN, 1))
    book(run.desk, request(TEN, 2))
    assert (count(run, "visits"), count(run, "idempotency_keys")) == (2, 0)


def test_eight_repeats_of_each_of_twelve_bookings_at_once_have_twelve_effects(run: Runtime) -> None:
    keys = 12
    asked: list[tuple[BookingRequest, Repeatable]] = [
        (request(at(3 + number % 2, 9 + number // 2), number), key(f"k{number}"))
        for number in range(keys)
        for _ in range(8)
    ]
    answers = at_once(lambda one: book(run.desk, *one), asked)
    booked = [each for each in answers if isinstance(each, Booked)]
    assert len(booked) == len(asked)
    assert set(Counter(each.visit.id for each in booked).values()) == {8}
    assert sum(not each.replayed for each in booked) == keys == count(run, "visits")
    said = {(each.visit.id, each.visit.reference, each.visit.manage_token) for each in booked}
    assert len(said) == keys  # equal answers, links and token included


def test_racers_for_the_last_time_under_one_key_all_win_together(run: Runtime) -> None:
    """The time is taken by our own first try: that is no reason to be refused."""
    asked = request(TEN, practitioner="one")
    answers = at_once(lambda _: book(run.desk, asked, key("k")), range(8))
    assert all(isinstance(each, Booked) for each in answers)
    assert count(run, "visits") == 1


@pytest.mark.parametrize("somebody_else", [0, 1])
def test_racers_with_one_key_and_two_bodies_have_one_effect(run: Runtime, somebody_else: int) -> None:
    """Whoever they are: nothing but the key stands between the two."""
    asked = [
        (request(at(3, 9 + n % 2), n % 2 * somebody_else), key("k", b"body%d" % (n % 2))) for n in range(8)
    ]
    answers = at_once(lambda one: book(run.desk, *one), asked)
    assert Counter(type(each) for each in answers) == {Booked: 4, IdempotencyConflict: 4}
    assert len({each.visit.id for each in answers if isinstance(each, Booked)}) == count(run, "visits") == 1


def test_a_repeat_that_overtakes_nobody_waits_for_the_first_one(run: Runtime) -> None:
    """The second request comes while the first one is not yet committed."""
    with ThreadPoolExecutor(1) as pool:
        with run.db.transaction() as session:
            assert idempotency.begin(session, key("k"), NOW) is None
            waiting = pool.submit(book, run.desk, request(TEN, 2), key("k"))
            wait_until_somebody_waits(run.db)
            visit = book(run.desk, request(TEN, 1)).visit.id
            idempotency.finish(session, key("k"), visit=visit)
        assert waiting.result(10).visit.id == visit
    assert count(run, "visits") == 1


def test_a_key_is_forgotten_after_a_day_and_not_before(run: Runtime) -> None:
    book(run.desk, request(TEN), key("k"))
    with run.db.transaction() as session:
        assert idempotency.forget(session, NOW + timedelta(hours=23, minutes=59)) == 0
        assert idempotency.forget(session, NOW + timedelta(hours=24, minutes=5)) == 1
    assert count(run, "idempotency_keys") == 0
    assert count(run, "visits") == 1


def test_of_a_body_only_a_hash_is_kept(run: Runtime) -> None:
    book(run.desk, request(TEN), key("k", b"\x01" * 32))
    with run.db.transaction() as session:
        assert idempotency.effect(session, key("k", b"\x01" * 32)) is not None
        with pytest.raises(IdempotencyConflict):
            idempotency.effect(session, key("k", b"\x02" * 32))
        assert idempotency.effect(session, key("other")) is None
