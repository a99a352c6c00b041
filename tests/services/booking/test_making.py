"""Booking a visit: whom it goes to, what it takes, and what becomes of those who come too late."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.models import Claim, Message
from scheduler.domain.booking import search_for
from scheduler.domain.errors import AlreadyBooked, Invalid, SlotNotOffered, SlotTaken, Unavailable
from scheduler.domain.schedule import Chair
from scheduler.domain.slots import Search
from scheduler.services.booking.making import Booked, book
from scheduler.services.clinic.current import Clinics, Moment
from scheduler.services.slots.choosing import give_to_first_free
from scheduler.services.slots.taking import Taking, lock, take
from tests.cast import NOW, at
from tests.conftest import settings_for
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


def test_a_free_time_is_booked(run: Runtime) -> None:
    visit = book(run.desk, request(TEN)).visit
    assert (visit.status, visit.practitioner, visit.start) == ("booked", "one", TEN)
    assert count(run, "visits") == 1


def test_among_several_the_one_with_the_fewest_visits_that_day_is_chosen(run: Runtime) -> None:
    for number, hour in enumerate((9, 11, 13, 14)):
        book(run.desk, request(at(3, hour), number, practitioner=("one", "one", "two", "three")[number]))
    assert book(run.desk, request(at(3, 16), 9)).visit.practitioner == "two"


def test_visits_of_other_days_do_not_count(run: Runtime) -> None:
    for number in range(3):
        book(run.desk, request(at(2, 14 + number), number, practitioner="one"))
    assert book(run.desk, request(TEN, 9)).visit.practitioner == "one"


def test_six_bookings_without_a_wish_are_spread_evenly(run: Runtime) -> None:
    given = [book(run.desk, request(at(3, 9 + number), number)).visit.practitioner for number in range(6)]
    assert sorted(given) == ["one", "one", "three", "three", "two", "two"]


def test_who_asks_for_somebody_gets_them_or_nobody(run: Runtime) -> None:
    assert book(run.desk, request(TEN, 1, practitioner="three")).visit.practitioner == "three"
    with pytest.raises(SlotTaken):
        book(run.desk, request(TEN, 2, practitioner="three"))


def test_whoever_comes_too_late_is_told_the_next_free_times(run: Runtime) -> None:
    book(run.desk, request(TEN, 1, practitioner="one"))
    with pytest.raises(SlotTaken) as refused:
        book(run.desk, request(TEN, 2, practitioner="one"))
    starts = [slot.start for slot in refused.value.alternatives]
    assert len(starts) == 5
    assert starts == sorted(starts)
    assert TEN not in starts
    assert refused.value.minutes == 30
    for number, start in enumerate(starts[:1]):
        assert book(run.desk, request(start, 10 + number, practitioner="one")).visit.start == start


def test_three_can_be_seen_at_the_same_time_and_a_fourth_cannot(run: Runtime) -> None:
    given = [book(run.desk, request(TEN, number)).visit.practitioner for number in range(3)]
    assert sorted(given) == ["one", "three", "two"]
    with pytest.raises(SlotTaken):
        book(run.desk, request(TEN, 3))


def test_rooms_are_given_one_by_one(run: Runtime) -> None:
    visits = [book(run.desk, in_person(TEN, number)).visit for number in range(3)]
    rooms = [[code for code in claims_of(run, visit.id) if "/" in code] for visit in visits]
    assert rooms == [["main/r1"], ["main/r2"], ["north/r1"]]
    assert [visit.location for visit in visits] == ["main", "main", "north"]


def test_without_a_free_room_nobody_is_seen_in_person_but_by_video(run: Runtime) -> None:
    second_room = '[[locations.rooms]]\ncode = "r2"\nlabel = "Room 2"\n'
    put_in_force(run, {second_room: ""})
    book(run.desk, in_person(TEN, 1, location="main"))
    with pytest.raises(SlotTaken):
        book(run.desk, in_person(TEN, 2, location="main"))
    with pytest.raises(SlotTaken):
        book(run.desk, in_person(TEN + timedelta(minutes=15), 2, location="main"))
    assert book(run.desk, request(TEN, 3, practitioner="two")).visit.practitioner == "two"
    assert book(run.desk, in_person(TEN + timedelta(minutes=30), 4, location="main")).visit


def test_a_visit_type_without_rooms_needs_none(run: Runtime) -> None:
    put_in_force(run, {'code = "follow-up"': 'code = "follow-up"\nroom = false'})
    visit = book(run.desk, in_person(TEN, location="north")).visit
    assert set(claims_of(run, visit.id)) == {"three", "patient"}


def test_buffers_of_neighbours_add_up(run: Runtime) -> None:
    """Twenty minutes after the first and ten before the second: half an hour between them."""
    book(run.desk, request(at(3, 10), 1, visit_type="buffered", practitioner="one"))
    for minute in (30, 45):
        with pytest.raises(SlotTaken):
            book(run.desk, request(at(3, 10, minute), 2, visit_type="buffered", practitioner="one"))
    assert book(run.desk, request(at(3, 11), 2, visit_type="buffered", practitioner="one")).visit
    with pytest.raises(SlotTaken):
        book(run.desk, request(at(3, 10, 30), 3, practitioner="one"))


def test_a_visit_without_buffers_may_begin_when_the_others_buffer_ends(run: Runtime) -> None:
    put_in_force(
        run, {"minutes = 30\nbuffer_before = 10\nbuffer_after = 20": "minutes = 30\nbuffer_after = 30"}
    )
    book(run.desk, request(at(3, 10), 1, visit_type="buffered", practitioner="one"))
    assert book(run.desk, request(at(3, 11), 2, practitioner="one")).visit
    assert book(run.desk, request(at(3, 9, 30), 3, practitioner="one")).visit


def test_the_daily_limit_counts_the_visits_of_one_practitioner_and_type(run: Runtime) -> None:
    for number, hour in enumerate((9, 11)):
        book(run.desk, request(at(3, hour), number, visit_type="limited"))
    with pytest.raises(SlotTaken):
        book(run.desk, request(at(3, 14), 5, visit_type="limited"))
    assert book(run.desk, request(at(3, 14), 5, practitioner="one")).visit
    assert book(run.desk, request(at(4, 9), 6, visit_type="limited")).visit


def test_a_daily_limit_holds_against_those_who_come_at_once(run: Runtime) -> None:
    asked = [request(at(3, 9 + number), number, visit_type="limited") for number in range(6)]
    answers = at_once(lambda one: book(run.desk, one), asked)
    assert sum(isinstance(each, Booked) for each in answers) == 2
    assert sum(isinstance(each, SlotTaken) for each in answers) == 4


@pytest.mark.parametrize(
    "start",
    [at(3, 10, 5), at(3, 8), at(3, 16, 45), at(5, 10), at(25, 10), TEN + timedelta(seconds=1), at(1, 9)],
)
def test_a_time_that_is_never_given_is_not_offered(run: Runtime, start: Any) -> None:
    with pytest.raises(SlotNotOffered):
        book(run.desk, request(start))


def test_a_time_behind_the_horizon_is_not_offered(run: Runtime) -> None:
    with pytest.raises(SlotNotOffered):
        book(run.desk, request(NOW + timedelta(days=91, hours=3)))


class Waits(Clinics):
    """A clinic whose clock goes on from one look to the next."""

    def __init__(self, run: Runtime, step: timedelta) -> None:
        super().__init__(run.db)
        self.step, self.passed = step, timedelta()

    def moment(self, session: Session | Connection) -> Moment:
        found = super().moment(session)
        later = Moment(found.now + self.passed, found.in_force)
        self.passed += self.step
        return later


def test_the_notice_is_looked_at_again_with_each_practitioner_who_is_tried(run: Runtime) -> None:
    last_minute = at(1, 10, 15)  # it is six, and four hours' notice
    slow = replace(run.desk, clinics=Waits(run, timedelta(minutes=20)))
    tried: list[str] = []

    def searched(moment: Moment) -> Search:
        return search_for(moment.clinic, request(last_minute), moment.now)

    def give(chair: Chair, moment: Moment, session: Session) -> None:
        tried.append(chair.practitioner.code)
        if len(tried) == 1:
            raise SlotTaken  # somebody was quicker
        take(session, moment, searched(moment), Taking(chair, last_minute, None))

    with pytest.raises(SlotNotOffered):
        give_to_first_free(slow, last_minute, searched, give)
    assert len(set(tried)) == 2
    assert book(run.desk, request(last_minute)).visit.start == last_minute


def test_a_visit_that_staff_look_at_first_is_pending_but_its_time_is_taken(run: Runtime) -> None:
    visit = book(run.desk, request(TEN, visit_type="reviewed", practitioner="one")).visit
    assert visit.status == "pending"
    assert "one" in claims_of(run, visit.id)
    with pytest.raises(SlotTaken):
        book(run.desk, request(TEN, 2, practitioner="one"))
    with run.db.transaction() as session:
        assert session.scalars(select(Message.kind)).all() == ["received"]


def test_the_same_type_in_person_needs_no_approval(run: Runtime) -> None:
    assert book(run.desk, in_person(TEN, visit_type="reviewed", new_patient=True)).visit.status == "booked"


def test_nobody_can_be_in_two_places_at_once(run: Runtime) -> None:
    book(run.desk, request(TEN, practitioner="one"))
    for start in (TEN, TEN + timedelta(minutes=15), TEN - timedelta(minutes=15)):
        with pytest.raises(AlreadyBooked):
            book(run.desk, request(start, practitioner="two"))
    assert book(run.desk, request(TEN + timedelta(minutes=30), practitioner="two")).visit


def test_buffers_are_the_practitioners_time_and_not_the_patients(run: Runtime) -> None:
    book(run.desk, request(TEN, visit_type="buffered", practitioner="one"))
    assert book(run.desk, request(TEN + timedelta(minutes=30), practitioner="two")).visit


def test_one_person_who_books_six_times_at_once_has_one_visit(run: Runtime) -> None:
    answers = at_once(lambda _: book(run.desk, request(TEN)), range(6))
    assert sum(isinstance(each, Booked) for each in answers) == 1
    assert {type(each) for each in answers} <= {Booked, AlreadyBooked, SlotTaken}
    assert (count(run, "visits"), count(run, "claims")) == (1, 2)


def test_twelve_who_want_the_same_time_get_three_visits(run: Runtime) -> None:
    answers = at_once(lambda number: book(run.desk, request(TEN, number)), range(12))
    won = [each for each in answers if isinstance(each, Booked)]
    assert sorted(each.visit.practitioner for each in won) == ["one", "three", "two"]
    assert sum(isinstance(each, SlotTaken) for each in answers) == 9
    assert count(run, "visits") == 3


def test_twelve_who_want_to_come_at_the_same_time_get_every_room_once(run: Runtime) -> None:
    answers = at_once(lambda number: book(run.desk, in_person(TEN, number)), range(12))
    won = [each.visit for each in answers if isinstance(each, Booked)]
    rooms = [code for visit in won for code in claims_of(run, visit.id) if "/" in code]
    assert sorted(rooms) == ["main/r1", "main/r2", "north/r1"]


def test_a_crowd_that_wants_overlapping_times_leaves_no_overlap_and_no_broken_visit(run: Runtime) -> None:
    asked = [
        request(TEN + timedelta(minutes=15 * (number % 5)), number, visit_type=kind)
        for number, kind in enumerate(["follow-up", "buffered"] * 10)
    ]
    answers = at_once(lambda one: book(run.desk, one), asked)
    won = [each for each in answers if isinstance(each, Booked)]
    assert {type(each) for each in answers} == {Booked, SlotTaken}
    assert count(run, "visits") == len(won) >= 3
    assert count(run, "claims") == 2 * len(won)


def test_who_loses_somebody_to_another_booking_gets_the_next_one(run: Runtime) -> None:
    """While we wait for the first practitioner, a visit of theirs is moved to our time."""
    other = book(run.desk, request(at(3, 15), 1, practitioner="one")).visit
    book(run.desk, request(at(3, 9), 2, practitioner="two"))
    book(run.desk, request(at(3, 9), 3, practitioner="three"))
    book(run.desk, request(at(3, 11), 4, practitioner="two"))
    book(run.desk, request(at(3, 11), 5, practitioner="three"))
    with ThreadPoolExecutor(1) as pool:
        with run.db.transaction() as session:
            lock(session, resource(session, "one"))
            waiting = pool.submit(book, run.desk, request(TEN, 6))
            wait_until_somebody_waits(run.db)
            span: Range[Any] = Range(TEN, TEN + timedelta(minutes=30))
            session.execute(update(Claim).where(Claim.visit_id == other.id).values(during=span))
        assert waiting.result(10).visit.practitioner == "two"
    assert count(run, "visits") == 6


def test_a_booking_that_fails_leaves_nothing_behind(run: Runtime) -> None:
    book(run.desk, request(TEN, 1))
    before = [
        count(run, table) for table in ("visits", "claims", "patients", "resources", "messages", "links")
    ]
    book(run.desk, request(TEN, 2))
    book(run.desk, request(TEN, 3))
    with pytest.raises(SlotTaken):
        book(run.desk, request(TEN, 4))
    after = [
        count(run, table) for table in ("visits", "claims", "patients", "resources", "messages", "links")
    ]
    assert [b - a for a, b in zip(before, after, strict=True)][:4] == [2, 4, 2, 2]


def test_all_that_is_wrong_with_a_booking_is_said_before_anything_is_looked_up(run: Runtime) -> None:
    with pytest.raises(Invalid) as refused:
        book(run.desk, request(TEN, visit_type="reviewed", new_patient=False, language="vi"))
    assert {fault.pointer for fault in refused.value.faults} == {"/new_patient", "/patient/language"}
    assert count(run, "visits") == 0


def test_nobody_can_book_before_a_clinic_was_applied(empty: Any, migrated: str) -> None:
    bare = bootstrap(settings_for(migrated))
    with pytest.raises(Unavailable):
        book(bare.desk, request(TEN))
    bare.db.dispose()


def test_a_process_with_a_single_connection_can_book(clinic: Any, migrated: str) -> None:
    small = bootstrap(settings_for(migrated, database_pool=1))
    assert book(small.desk, request(TEN)).visit.status == "booked"
    small.db.dispose()


def test_eight_whose_first_booking_is_also_the_processes_first_are_all_served(
    clinic: Any, migrated: str
) -> None:
    fresh = bootstrap(settings_for(migrated, database_pool=4))
    begin = threading.Barrier(4)

    def first_of_all(number: int) -> Booked:
        begin.wait(5)
        return book(fresh.desk, request(at(3, 9 + number), number))

    answers = at_once(first_of_all, range(4), hands=4)
    assert all(isinstance(each, Booked) for each in answers)
    fresh.db.dispose()


def test_a_patient_without_mail_is_booked_and_called(run: Runtime) -> None:
    booked = book(run.desk, request(TEN, email=None, phone="+14095550123"))
    assert (booked.visit.notify, len(booked.due)) == ("call", 1)
    with run.db.transaction() as session:
        assert session.scalars(select(Message.channel).distinct()).all() == ["call"]
    assert visit_row(run, booked.visit.id).status == "booked"


def test_a_patient_born_on_a_leap_day_is_a_patient_like_others(run: Runtime) -> None:
    assert book(run.desk, request(TEN, birth_date=date(1960, 2, 29).isoformat())).visit
