"""Holding a time: for ten minutes it is somebody's, then it never was."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.models import Claim, Hold, Visit
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import (
    AlreadyBooked,
    IdempotencyConflict,
    Invalid,
    NotFound,
    RateLimited,
    SlotNotOffered,
    SlotTaken,
)
from scheduler.domain.holds import Ceilings, HoldRequest
from scheduler.domain.wishes import Wish
from scheduler.services.booking.making import Booked, book
from scheduler.services.ground.idempotency import Repeatable
from scheduler.services.slots.free import find_slots
from scheduler.services.slots.holding import Held, drop_ended, hold, release
from scheduler.services.slots.taking import lock
from tests.cast import NOW, at
from tests.services.asking import (
    at_once,
    claims_of,
    count,
    in_person,
    put_in_force,
    request,
    resource,
    visit_row,
    wait_until_somebody_waits,
)

TEN = at(3, 10)
VIDEO = Wish("follow-up", Mode.TELEMEDICINE, state="TX")
WITH_ONE = replace(VIDEO, practitioner="one")
AT_MAIN = Wish("follow-up", Mode.IN_PERSON, "one", "main")
PLENTY = Ceilings(at_once=1_000, share=1.0)

Later = Callable[[float], Runtime]


@pytest.fixture
def later(run: Runtime) -> Iterator[Later]:
    """The same service, so many seconds later."""
    made: list[Runtime] = []

    def start(seconds: float) -> Runtime:
        offset = run.settings.clock_offset + seconds
        made.append(bootstrap(run.settings.model_copy(update={"clock_offset": offset})))
        return made[-1]

    yield start
    for each in made:
        each.db.dispose()


def somebody(number: int = 0) -> bytes:
    return b"address %024d" % number


def held(
    run: Runtime,
    start: datetime = TEN,
    wish: Wish = WITH_ONE,
    number: int | None = 0,
    ceilings: Ceilings = PLENTY,
    key: Repeatable | None = None,
) -> Held:
    client = None if number is None else somebody(number)
    return hold(run.desk, HoldRequest(wish, start, client), ceilings, key)


def with_hold(id: UUID, number: int = 0, start: datetime = TEN, **more: Any) -> Any:
    return replace(request(start, number, **{"practitioner": "one", **more}), hold=id)


def starts(run: Runtime, practitioner: str = "one") -> list[datetime]:
    wish = replace(VIDEO, practitioner=practitioner)
    return [slot.start for slot in find_slots(run.desk, wish, TEN.date(), TEN.date()).slots]


def test_a_hold_lasts_ten_minutes_and_says_whom_and_where_it_got(run: Runtime) -> None:
    mine = held(run, wish=AT_MAIN).hold
    assert (mine.practitioner, mine.location) == ("one", "main")
    assert (mine.start, mine.end) == (TEN, TEN + timedelta(minutes=30))
    assert abs(mine.expires_at - NOW - timedelta(minutes=10)) < timedelta(minutes=1)
    assert {each.utcoffset() for each in (mine.start, mine.end, mine.expires_at)} == {TEN.utcoffset()}


def test_a_held_time_is_nobody_elses(run: Runtime) -> None:
    held(run)
    assert TEN not in starts(run)
    with pytest.raises(SlotTaken) as refused:
        book(run.desk, request(TEN, 1, practitioner="one"))
    assert refused.value.alternatives
    with pytest.raises(SlotTaken):
        held(run, number=1)


def test_a_hold_takes_a_room_as_a_visit_does(run: Runtime) -> None:
    at_north = Wish("follow-up", Mode.IN_PERSON, location="north")
    held(run, wish=at_north)
    with run.db.transaction() as session:
        assert len(session.scalars(select(Claim)).all()) == 2
    with pytest.raises(SlotTaken):
        book(run.desk, in_person(TEN, 1, location="north"))


def test_a_hold_takes_the_buffers_too(run: Runtime) -> None:
    held(run, at(3, 10, 30), Wish("buffered", Mode.TELEMEDICINE, "one", state="TX"))
    assert at(3, 10) not in starts(run)
    assert at(3, 9, 45) in starts(run)


def test_who_has_the_least_to_do_is_held_and_the_next_one_after_that(run: Runtime) -> None:
    book(run.desk, request(at(3, 14), 9, practitioner="one"))
    got = [held(run, wish=VIDEO, number=number).hold.practitioner for number in range(3)]
    assert (sorted(got), got[-1]) == (["one", "three", "two"], "one")
    with pytest.raises(SlotTaken):
        held(run, wish=VIDEO, number=4)


def test_the_rules_of_a_booking_are_those_of_a_hold(run: Runtime) -> None:
    with pytest.raises(SlotNotOffered):
        held(run, at(1, 9))  # the notice
    with pytest.raises(SlotNotOffered):
        held(run, at(3, 7))  # the hours
    with pytest.raises(SlotNotOffered):
        held(run, TEN + timedelta(days=200))  # the horizon
    with pytest.raises(Invalid):
        held(run, wish=Wish("nothing", Mode.TELEMEDICINE, state="TX"))
    limited = Wish("limited", Mode.TELEMEDICINE, state="TX")
    for number, hour in enumerate((9, 11)):
        held(run, at(3, hour), limited, number)
    with pytest.raises(SlotTaken):
        held(run, at(3, 13), limited, 3)
    assert count(run, "holds") == 2


def test_a_booking_turns_its_hold_over(run: Runtime) -> None:
    mine = held(run, wish=AT_MAIN).hold
    with run.db.transaction() as session:
        before = set(session.execute(select(Claim.id, Claim.resource_id)).all())
    asked = replace(in_person(TEN, practitioner="one", location="main"), hold=mine.id)
    visit = book(run.desk, asked).visit
    assert list(claims_of(run, visit.id)) == ["one", "main/r1", "patient"]
    with run.db.transaction() as session:
        after = set(session.execute(select(Claim.id, Claim.resource_id)).all())
    assert before < after, "the very rows that held the time"
    assert count(run, "holds") == 0


def test_a_booking_keeps_the_room_that_was_held(run: Runtime) -> None:
    book(run.desk, in_person(TEN, 1, practitioner="two", location="main"))
    mine = held(run, wish=AT_MAIN).hold
    with run.db.transaction() as session:
        room = session.scalars(select(Hold.room_id)).one()
        session.execute(update(Visit).values(status="cancelled"))
        session.execute(Claim.table().delete().where(Claim.visit_id.is_not(None)))  # the first room is free
    asked = replace(in_person(TEN, practitioner="one", location="main"), hold=mine.id)
    assert visit_row(run, book(run.desk, asked).visit.id).room_id == room


def test_a_booking_gets_whom_the_hold_got(run: Runtime) -> None:
    book(run.desk, request(at(3, 14), 9, practitioner="one"))
    mine = held(run, wish=VIDEO).hold
    assert mine.practitioner == "two"
    book(run.desk, request(at(3, 15), 8, practitioner="two"))
    book(run.desk, request(at(3, 16), 7, practitioner="two"))
    assert book(run.desk, with_hold(mine.id, practitioner=None)).visit.practitioner == "two"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"start": at(3, 11)}, "/start"),
        ({"visit_type": "buffered"}, "/visit_type"),
        ({"mode": Mode.IN_PERSON}, "/mode"),
        ({"practitioner": "two"}, "/practitioner"),
        ({"practitioner": None}, "/practitioner"),
        ({"location": "main"}, "/location"),
    ],
)
def test_a_booking_that_differs_from_its_hold_is_told_where(
    run: Runtime, change: dict[str, Any], pointer: str
) -> None:
    mine = held(run).hold
    with pytest.raises(Invalid) as refused:
        book(run.desk, with_hold(mine.id, **change))
    assert [(each.pointer, each.code) for each in refused.value.faults] == [(pointer, "not-as-held")]
    assert (count(run, "holds"), count(run, "visits")) == (1, 0)


def test_a_booking_may_name_whom_its_hold_got(run: Runtime) -> None:
    mine = held(run, wish=VIDEO).hold
    assert book(run.desk, with_hold(mine.id, practitioner=mine.practitioner)).visit.start == TEN


def test_nine_minutes_and_59_seconds_later_a_hold_still_holds(run: Runtime, later: Later) -> None:
    mine = held(run).hold
    after = later(595)
    with pytest.raises(SlotTaken):
        book(after.desk, request(TEN, 1, practitioner="one"))
    assert book(after.desk, with_hold(mine.id)).visit.start == TEN


def test_an_ended_hold_blocks_nobody_from_that_instant_on(run: Runtime, later: Later) -> None:
    mine = held(run).hold
    after = later(601)
    assert TEN in starts(after)
    assert book(after.desk, request(TEN, 1, practitioner="one")).visit.start == TEN
    with pytest.raises(SlotTaken):
        book(after.desk, with_hold(mine.id))


def test_whoever_comes_back_too_late_gets_the_time_while_it_is_free(run: Runtime, later: Later) -> None:
    mine = held(run).hold
    assert book(later(601).desk, with_hold(mine.id)).visit.practitioner == "one"
    assert count(run, "visits") == 1


def test_whoever_comes_back_too_late_may_get_somebody_else(run: Runtime, later: Later) -> None:
    mine = held(run, wish=VIDEO).hold
    after = later(601)
    book(after.desk, request(TEN, 1, practitioner="one"))
    assert mine.practitioner == "one"
    assert book(after.desk, with_hold(mine.id, practitioner=None)).visit.practitioner == "two"


def test_an_ended_hold_may_be_held_again(run: Runtime, later: Later) -> None:
    first = held(run).hold
    again = held(later(601), number=1).hold
    assert again.id != first.id
    assert again.expires_at > first.expires_at


def test_the_notice_of_a_hold_is_that_of_its_beginning(run: Runtime, later: Later) -> None:
    """It is seven minutes past six; at sixteen past, a quarter past ten is less than four hours away."""
    quarter_past_ten = at(1, 10, 15)
    mine = held(later(7 * 60), quarter_past_ten).hold
    late = later(16 * 60)
    with pytest.raises(SlotNotOffered):
        book(late.desk, request(quarter_past_ten, 1, practitioner="two"))
    assert book(late.desk, with_hold(mine.id, start=quarter_past_ten)).visit.start == quarter_past_ten


def test_an_id_that_nobody_was_given_is_no_hold(run: Runtime) -> None:
    assert book(run.desk, with_hold(uuid4())).visit.start == TEN
    held(run, at(3, 11))
    with pytest.raises(SlotTaken):
        book(run.desk, with_hold(uuid4(), 1, at(3, 11)))


def test_the_patients_own_rules_stand_in_the_way_of_a_hold_too(run: Runtime) -> None:
    book(run.desk, request(TEN, practitioner="two"))
    mine = held(run).hold
    with pytest.raises(AlreadyBooked):
        book(run.desk, with_hold(mine.id))
    assert (count(run, "holds"), count(run, "visits")) == (1, 1)


def test_a_hold_survives_a_clinic_file_that_makes_visits_longer(run: Runtime) -> None:
    mine = held(run).hold
    put_in_force(run, {"minutes = 30\nnew_patients": "minutes = 45\nnew_patients"})
    visit = book(run.desk, with_hold(mine.id)).visit
    assert visit.end - visit.start == timedelta(minutes=45)
    during = claims_of(run, visit.id)["one"]
    assert (during.lower, during.upper) == (TEN, TEN + timedelta(minutes=45))


def test_a_hold_that_was_given_back_is_free_at_once(run: Runtime) -> None:
    mine = held(run).hold
    release(run.desk, mine.id)
    assert (count(run, "holds"), count(run, "claims")) == (0, 0)
    assert TEN in starts(run)
    with pytest.raises(NotFound):
        release(run.desk, mine.id)


def test_what_ended_or_was_used_cannot_be_given_back(run: Runtime, later: Later) -> None:
    ended = held(run).hold
    with pytest.raises(NotFound):
        release(later(601).desk, ended.id)
    with pytest.raises(NotFound):
        release(run.desk, uuid4())
    used = held(run, at(3, 11)).hold
    visit = book(run.desk, with_hold(used.id, start=at(3, 11))).visit
    with pytest.raises(NotFound):
        release(run.desk, used.id)
    assert len(claims_of(run, visit.id)) == 2


def test_of_twenty_who_hold_one_time_one_does(run: Runtime) -> None:
    answers = at_once(lambda number: held(run, number=number), range(20), hands=20)
    assert Counter(type(each) for each in answers) == {Held: 1, SlotTaken: 19}
    assert (count(run, "holds"), count(run, "claims")) == (1, 1)


def test_of_twenty_who_hold_with_anybody_three_do(run: Runtime) -> None:
    answers = at_once(lambda number: held(run, wish=VIDEO, number=number), range(20), hands=20)
    got = [each.hold.practitioner for each in answers if isinstance(each, Held)]
    assert sorted(got) == ["one", "three", "two"]


@pytest.mark.parametrize("patients", [1, 8], ids=["one patient", "eight patients"])
def test_of_eight_who_present_one_hold_at_once_one_books(run: Runtime, patients: int) -> None:
    mine = held(run, wish=VIDEO).hold
    together = threading.Barrier(8)

    def present(number: int) -> Booked:
        together.wait()
        return book(run.desk, with_hold(mine.id, number % patients, practitioner=None))

    answers = at_once(present, range(8))
    booked = [each for each in answers if isinstance(each, Booked)]
    with_it = [each for each in booked if each.visit.practitioner == mine.practitioner]
    assert len(with_it) == 1
    assert (count(run, "holds"), count(run, "visits")) == (0, len(booked))
    if patients == 1:
        assert len(booked) == 1


def test_whoever_waited_while_the_hold_was_used_is_told_that_it_is_taken(run: Runtime) -> None:
    mine = held(run, wish=VIDEO).hold
    with ThreadPoolExecutor(2) as pool:
        with run.db.transaction() as session:
            lock(session, resource(session, mine.practitioner))
            both = [
                pool.submit(book, run.desk, with_hold(mine.id, number, practitioner=None))
                for number in (1, 2)
            ]
            wait_until_somebody_waits(run.db)
            threading.Event().wait(0.3)  # the second one, too
        outcomes = [each.exception(10) for each in both]
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "SlotTaken"]
    assert count(run, "visits") == 1


def test_a_hold_that_ends_while_others_wait_for_its_time_is_nobodys_loss(run: Runtime, later: Later) -> None:
    """Its holder and three others come in the instants around its end: always one visit, never an error."""
    for hour in range(9, 17):
        start = at(3, hour)
        mine = held(run, start, number=hour).hold
        with run.db.transaction() as session:
            soon = run.db.now(session) + timedelta(milliseconds=25)
            session.execute(update(Hold).where(Hold.id == mine.id).values(expires_at=soon))
        asked = [with_hold(mine.id, hour, start)]
        asked += [request(start, hour * 10 + other, practitioner="one") for other in range(3)]
        asked *= 3

        def come(one: Any, asked: list[Any] = asked) -> Booked:
            threading.Event().wait(asked.index(one) * 0.004)
            return book(run.desk, one)

        answers = at_once(come, asked, hands=12)
        kinds = Counter(type(each) for each in answers)
        assert set(kinds) <= {Booked, SlotTaken, AlreadyBooked}, kinds
        with run.db.transaction() as session:
            then = session.scalars(select(Visit).where(Visit.starts_at == start)).all()
        assert len(then) == kinds[Booked] <= 1
        if not then:  # everybody came before it ended, and its holder after it
            assert book(later(60).desk, asked[0]).visit.start == start


def test_one_client_holds_so_many_at_once_and_no_more(run: Runtime, later: Later) -> None:
    few = Ceilings(at_once=3, share=1.0)
    mine = [held(run, at(3, hour), ceilings=few).hold for hour in (9, 10, 11)]
    with pytest.raises(RateLimited) as refused:
        held(run, at(3, 12), ceilings=few)
    assert 590 <= refused.value.retry_after <= 600
    held(run, at(3, 12), number=1, ceilings=few)
    release(run.desk, mine[0].id)
    held(run, at(3, 13), ceilings=few)
    held(later(601), at(3, 14), ceilings=few)


def test_a_client_who_asks_ten_times_at_once_gets_no_more_for_it(run: Runtime) -> None:
    few = Ceilings(at_once=3, share=1.0)
    wishes = [replace(VIDEO, practitioner=code) for code in ("one", "two", "three")]
    asked = [(at(3, 9 + n), wishes[n % 3]) for n in range(8)]
    answers = at_once(lambda one: held(run, *one, ceilings=few), asked)
    assert Counter(type(each) for each in answers) == {Held: 3, RateLimited: 5}


def test_whom_we_know_has_no_ceiling(run: Runtime) -> None:
    none = Ceilings(at_once=1, share=0.01)
    for hour in (9, 10, 11, 12):
        held(run, at(3, hour), number=None, ceilings=none)
    held(run, at(3, 13), number=1, ceilings=none)  # nor do theirs count against others


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_two_hundred_calls_leave_everybody_a_share_of_the_day(run: Runtime, share: float) -> None:
    ceilings = Ceilings(at_once=3, share=share)
    book(run.desk, request(at(3, 9), 900, practitioner="one"))
    slots = find_slots(run.desk, VIDEO, TEN.date(), TEN.date()).slots
    refused = 0
    for number in range(200):
        try:
            held(run, slots[number % len(slots)].start, VIDEO, number, ceilings)
        except RateLimited as error:
            refused += 1
            assert 0 < error.retry_after <= 600
        except SlotTaken:
            pass
    assert refused
    with run.db.transaction() as session:
        by_whom = Counter(session.scalars(select(Hold.practitioner)))
    for code, day in (("one", 15), ("two", 16), ("three", 16)):  # half hours that no visit takes
        assert day * share - 1 < by_whom[code] <= day * share, code


def test_the_last_free_time_of_a_day_can_be_held(run: Runtime) -> None:
    for half in range(15):
        book(run.desk, request(at(3, 9) + timedelta(minutes=30 * half), half, practitioner="one"))
    assert held(run, at(3, 16, 30), ceilings=Ceilings(3, 0.5)).hold.practitioner == "one"


def test_where_one_has_enough_on_hold_the_next_one_is_held(run: Runtime) -> None:
    half = Ceilings(at_once=100, share=0.1)
    assert held(run, at(3, 9), ceilings=half).hold.practitioner == "one"
    with pytest.raises(RateLimited):
        held(run, at(3, 10), ceilings=half)
    book(run.desk, request(at(3, 14), 1, practitioner="two"))
    book(run.desk, request(at(3, 14), 2, practitioner="three"))
    assert held(run, at(3, 10), VIDEO, ceilings=half).hold.practitioner != "one"


def key(name: str, body: bytes = b"body") -> Repeatable:
    return Repeatable("public", "POST /v1/holds", name, body)


def test_a_repeated_hold_is_the_same_hold(run: Runtime, later: Later) -> None:
    first = held(run, key=key("k"))
    again = held(later(60), key=key("k"))
    assert (again.hold, first.replayed, again.replayed) == (first.hold, False, True)
    assert count(run, "holds") == 1
    with pytest.raises(IdempotencyConflict):
        held(run, at(3, 11), key=key("k", b"another"))


def test_eight_repeats_at_once_hold_once(run: Runtime) -> None:
    answers = at_once(lambda _: held(run, key=key("k")), range(8))
    assert {type(each) for each in answers} == {Held}
    assert len({each.hold.id for each in answers if isinstance(each, Held)}) == count(run, "holds") == 1


def test_a_key_whose_hold_is_gone_holds_anew_and_once(run: Runtime) -> None:
    first = held(run, key=key("k"))
    release(run.desk, first.hold.id)
    answers = at_once(lambda _: held(run, key=key("k")), range(4))
    ids = {each.hold.id for each in answers if isinstance(each, Held)}
    assert len(answers) == 4
    assert len(ids) == count(run, "holds") == 1
    assert ids != {first.hold.id}
    with pytest.raises(IdempotencyConflict):
        held(run, key=key("k", b"another"))


def test_ended_holds_are_cleared_away_after_a_minute(run: Runtime) -> None:
    mine = held(run, wish=AT_MAIN, key=key("k")).hold
    held(run, at(3, 12))
    with run.db.transaction() as session:
        session.execute(update(Hold).where(Hold.id == mine.id).values(expires_at=NOW))
        assert drop_ended(session, NOW + timedelta(seconds=59)) == 0
        assert drop_ended(session, NOW + timedelta(seconds=60)) == 1
    assert (count(run, "holds"), count(run, "claims"), count(run, "idempotency_keys")) == (1, 1, 1)


def test_a_patient_is_new_once(run: Runtime, later: Later) -> None:
    first = book(run.desk, request(TEN, visit_type="reviewed")).visit
    with pytest.raises(AlreadyBooked):
        book(run.desk, request(at(4, 10), visit_type="reviewed"))
    book(run.desk, request(at(4, 10)))  # of another kind
    book(run.desk, request(at(4, 10), 1, visit_type="reviewed"))  # somebody else
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == first.id).values(status="cancelled"))
    book(run.desk, request(at(7, 10), visit_type="reviewed"))


def test_a_patient_who_comes_twice_at_once_is_new_once(run: Runtime) -> None:
    asked = [request(at(3, 9 + number), visit_type="reviewed") for number in range(6)]
    answers = at_once(lambda one: book(run.desk, one), asked)
    assert Counter(type(each) for each in answers) == {Booked: 1, AlreadyBooked: 5}
