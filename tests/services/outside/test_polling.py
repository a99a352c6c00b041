"""Asking for other people's calendars, and what becomes of what they say, or do not say."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Errand, OutsideCalendar, Task, Visit
from scheduler.domain.busy import Span
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import SlotTaken
from scheduler.domain.feeds import FeedWish
from scheduler.domain.messages import ErrandHint
from scheduler.domain.visits import Act
from scheduler.domain.wishes import Wish
from scheduler.outgoing.http import Bounds
from scheduler.services.booking.making import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.changes.undoing import undo
from scheduler.services.feeds.keeping import create_feed
from scheduler.services.ground.desk import Desk
from scheduler.services.outside import polling
from scheduler.services.outside.keeping import add_calendar, fetch_soon, remove_calendar
from scheduler.services.outside.polling import ANEW, EVERY, SLOWEST
from scheduler.services.outside.storing import Fetched, store
from scheduler.services.outside.watching import close_settled
from scheduler.services.slots.free import find_slots
from scheduler.services.slots.taking import lock
from tests.calendars.test_busy import AT_TEN, calendar
from tests.cast import at
from tests.services.asking import count, request, resource, wait_until_somebody_waits
from tests.services.outside.conftest import DESK, SECRET, Publish, at_once, busy_times, poll, row, with_etag
from tests.web import Asked, Reply, ScriptedWeb
from workers.errands import run_errand

TEN_TO_ELEVEN = ["12-08 16:00-17:00"]


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Without a process for each calendar, where it is not about that."""
    if "in_a_child" not in request.node.name:
        monkeypatch.setattr(polling, "expand", at_once)


def free(desk: Desk, day: int, who: str = "one") -> list[str]:
    date = at(day, 12).date()
    found = find_slots(desk, Wish("follow-up", Mode.TELEMEDICINE, who, None), date, date)
    return [f"{slot.start.astimezone(found.zone):%H:%M}" for slot in found.slots]


def tasks(desk: Desk, kind: str = "busy-over-visit") -> list[Task]:
    with desk.db.transaction() as session:
        return list(session.scalars(select(Task).where(Task.kind == kind).order_by(Task.id)))


# -------------------------------------------------------------------------------------------- what it takes


def test_busy_time_that_was_read_in_a_child_is_not_offered_and_not_booked(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    assert {"10:00", "10:15", "10:30", "10:45"} <= set(free(desk, 8))
    publish(AT_TEN)
    assert poll(desk) == [EVERY]
    assert busy_times(desk) == TEN_TO_ELEVEN
    assert not {"09:50", "10:00", "10:15", "10:30", "10:45"} & set(free(desk, 8))
    assert "11:00" in free(desk, 8)
    assert "10:00" in free(desk, 8, "two")
    with pytest.raises(SlotTaken):
        book(desk, request(at(8, 10), practitioner="one"))
    assert book(desk, request(at(8, 10))).visit.practitioner != "one"


def test_what_goes_from_the_calendar_is_free_again(desk: Desk, entry: UUID, publish: Publish) -> None:
    publish(AT_TEN)
    poll(desk)
    publish()
    poll(desk)
    assert (busy_times(desk), "10:00" in free(desk, 8)) == ([], True)


def test_what_overlaps_or_touches_is_one_stretch(desk: Desk, entry: UUID, publish: Publish) -> None:
    publish(
        AT_TEN,
        "DTSTART:20261208T163000Z\nDTEND:20261208T173000Z",
        "DTSTART:20261208T173000Z\nDTEND:20261208T180000Z",
        AT_TEN,
    )
    poll(desk)
    assert busy_times(desk) == ["12-08 16:00-18:00"]


def test_floating_times_are_meant_in_the_practitioners_zone(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    publish("DTSTART:20261208T100000\nDTEND:20261208T110000")
    poll(desk)
    assert busy_times(desk) == TEN_TO_ELEVEN


def test_busy_time_reaches_as_far_as_anything_can_be_booked(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    publish("DTSTART:20261201T230000Z\nDURATION:PT30M\nRRULE:FREQ=DAILY")
    poll(desk)
    with desk.db.single() as connection:
        moment = desk.clinics.moment(connection)
    horizon = max(each.horizon_days for each in moment.clinic.visit_types)
    assert len(busy_times(desk)) >= horizon + 29


# ----------------------------------------------------------------------------------- visits that are there


def test_busy_time_over_a_visit_is_a_task_and_never_a_cancel(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    visit = book(desk, request(at(8, 10), practitioner="one")).visit
    elsewhere = book(desk, request(at(8, 10), 1, practitioner="two")).visit
    later = book(desk, request(at(8, 11), 2, practitioner="one")).visit
    publish(AT_TEN)
    poll(desk)
    (task,) = tasks(desk)
    assert (task.visit_id, task.cause) == (visit.id, f"outside-calendar:{entry}")
    with desk.db.transaction() as session:
        statuses = {each.id: each.status for each in session.scalars(select(Visit))}
    assert statuses == dict.fromkeys((visit.id, elsewhere.id, later.id), "booked")


def test_the_same_busy_time_is_a_task_once_even_when_it_was_done(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    book(desk, request(at(8, 10), practitioner="one"))
    publish(AT_TEN)
    poll(desk)
    poll(desk)
    assert len(tasks(desk)) == 1
    with desk.db.transaction() as session:
        session.execute(update(Task).values(done_at=Task.created_at, done_by="staff:front-desk"))
    publish(AT_TEN, "DTSTART:20261208T170000Z\nDTEND:20261208T173000Z")
    poll(desk)
    assert busy_times(desk) == ["12-08 16:00-17:30"]
    assert len(tasks(desk)) == 1


def settle(desk: Desk) -> int:
    with desk.db.transaction() as session:
        return close_settled(session, desk.db.now(session))


def hit_visit(desk: Desk, publish: Publish) -> UUID:
    """One over which their calendar laid something, which is a task."""
    visit = book(desk, request(at(8, 10), practitioner="one")).visit.id
    publish(AT_TEN)
    poll(desk)
    assert settle(desk) == 0
    return visit


def open_tasks(desk: Desk) -> list[Task]:
    return [task for task in tasks(desk) if task.done_at is None]


def test_a_visit_that_moves_out_of_busy_time_is_nobodys_task_any_more(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    visit = hit_visit(desk, publish)
    carry_out(desk, Order(visit, Act.RESCHEDULE, DESK), partial(move, to=Destination(at(8, 11))))
    assert (settle(desk), open_tasks(desk)) == (1, [])
    (task,) = tasks(desk)
    assert task.done_by == "system"


def test_a_visit_that_is_cancelled_is_nobodys_task_any_more(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    carry_out(desk, Order(hit_visit(desk, publish), Act.CANCEL, DESK), advance)
    assert (settle(desk), open_tasks(desk)) == (1, [])


def test_busy_time_that_goes_takes_its_task_along_and_brings_it_back(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    hit_visit(desk, publish)
    publish()
    poll(desk)
    assert (settle(desk), open_tasks(desk)) == (1, [])
    publish(AT_TEN)
    poll(desk)
    assert (settle(desk), len(open_tasks(desk))) == (0, 1)


def test_a_calendar_that_is_taken_away_takes_its_tasks_along_and_leaves_those_of_others(
    desk: Desk, entry: UUID, web: ScriptedWeb, publish: Publish
) -> None:
    other = add_calendar(desk, "one", "private", web.url("/other.ics"), DESK).id
    hit_visit(desk, publish)
    assert len(open_tasks(desk)) == 2
    remove_calendar(desk, entry, DESK)
    assert (settle(desk), [task.cause for task in open_tasks(desk)]) == (1, [f"outside-calendar:{other}"])


def test_our_own_visit_in_their_calendar_is_in_nobodys_way(
    desk: Desk, run: Runtime, entry: UUID, web: ScriptedWeb
) -> None:
    """A practitioner who was invited has our visits in it."""
    visit = book(desk, request(at(8, 10), practitioner="one")).visit
    with desk.db.transaction() as session:
        uid = session.scalars(select(Visit.uid).where(Visit.id == visit.id)).one()
    body = calendar(AT_TEN, "DTSTART:20261209T160000Z\nDURATION:PT1H").replace(
        b"UID:e0", f"UID:{uid}".encode()
    )
    web.script = lambda asked: Reply(200, body)
    poll(desk)
    assert (busy_times(desk), tasks(desk)) == (["12-09 16:00-17:00"], [])


def test_our_own_feed_in_their_calendar_is_in_nobodys_way(
    desk: Desk, run: Runtime, client: FlaskClient, entry: UUID, web: ScriptedWeb
) -> None:
    """Also where their copy of it is older than the visit's last move; what else is there counts."""
    visit = book(desk, request(at(8, 10), practitioner="one")).visit
    _, address = create_feed(desk, FeedWish("Dr. One", practitioner="one"), DESK)
    feed = client.get(address.removeprefix(desk.public_url)).data
    carry_out(desk, Order(visit.id, Act.RESCHEDULE, DESK), partial(move, to=Destination(at(9, 10))))
    other = calendar("DTSTART:20261209T160000Z\nDURATION:PT1H").partition(b"BEGIN:VEVENT")
    web.script = lambda asked: Reply(200, feed.replace(b"END:VCALENDAR\r\n", other[1] + other[2]))
    poll(desk)
    assert busy_times(desk) == ["12-09 16:00-17:00"]
    assert [task.visit_id for task in tasks(desk)] == [visit.id]


def test_a_cancelled_visit_does_not_come_back_over_busy_time(
    desk: Desk, entry: UUID, publish: Publish
) -> None:
    visit = book(desk, request(at(8, 10), practitioner="one")).visit
    carry_out(desk, Order(visit.id, Act.CANCEL, DESK), advance)
    publish(AT_TEN)
    poll(desk)
    assert tasks(desk) == []
    with pytest.raises(SlotTaken):
        carry_out(desk, Order(visit.id, Act.UNDO, DESK), undo)


def test_a_booking_that_comes_second_finds_the_busy_time(desk: Desk, run: Runtime, entry: UUID) -> None:
    """It looked for free times before, and waits for the lock under which the calendar is written."""
    stretches, complete = at_once(calendar(AT_TEN), _span(desk))
    with ThreadPoolExecutor(1) as pool, run.db.transaction() as session:
        one = resource(session, "one")
        lock(session, one)
        booking = pool.submit(book, desk, request(at(8, 10), practitioner="one"))
        wait_until_somebody_waits(run.db)
        fetched = Fetched(stretches, complete, None, None)
        assert store(session, entry, one, fetched, run.db.now(session))
        session.commit()
        assert isinstance(booking.exception(10), SlotTaken)
    assert tasks(desk) == []


def test_a_booking_that_comes_first_is_a_task(
    desk: Desk, run: Runtime, entry: UUID, publish: Publish
) -> None:
    publish(AT_TEN)
    with ThreadPoolExecutor(2) as pool:
        with run.db.transaction() as session:
            lock(session, resource(session, "one"))
            booking = pool.submit(book, desk, request(at(8, 10), practitioner="one"))
            wait_until_somebody_waits(run.db)
            polled = pool.submit(poll, desk)
        visit = booking.result(10).visit
        assert polled.result(20) == [EVERY]
    assert [each.visit_id for each in tasks(desk)] == [visit.id]


def _span(desk: Desk) -> Span:
    with desk.db.single() as connection:
        moment = desk.clinics.moment(connection)
    return polling._span(moment.clinic, at(8, 9).tzinfo, moment.now)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------- how it is asked


def test_each_source_is_an_errand_for_a_worker_now_and_every_quarter_of_an_hour(
    desk: Desk, run: Runtime, entry: UUID, web: ScriptedWeb
) -> None:
    hint = ErrandHint("fetch-outside-calendar", str(entry))
    service = replace(run, desk=desk)
    assert run_errand(service, hint)
    assert not run_errand(service, hint), "a hint may come twice"
    assert [each.path for each in web.asked] == [SECRET]
    with run.db.transaction() as session:
        due = session.scalars(select(Errand.next_at)).one() - run.db.now(session)
    assert EVERY - timedelta(minutes=1) < due <= EVERY
    fetch_soon(desk, entry, DESK)
    assert run_errand(service, hint)
    remove_calendar(desk, entry, DESK)
    fetch_again(run)
    assert run_errand(service, hint)
    assert (len(web.asked), count(run, "errands")) == (2, 0)


def fetch_again(run: Runtime) -> None:
    """Whatever is planned is due now."""
    with run.db.transaction() as session:
        session.execute(update(Errand).values(next_at=run.db.now(session)))


def test_what_has_not_changed_is_not_sent_again(desk: Desk, entry: UUID, web: ScriptedWeb) -> None:
    web.script = with_etag(calendar(AT_TEN), '"one"')
    assert [poll(desk), poll(desk), poll(desk)] == [[EVERY]] * 3
    assert [each.headers.get("If-None-Match") for each in web.asked] == [None, '"one"', '"one"']
    assert busy_times(desk) == TEN_TO_ELEVEN
    after = row(desk, entry)
    assert (after.failures, after.last_error, after.etag) == (0, None, '"one"')
    assert after.fetched_at and after.expanded_at and after.fetched_at > after.expanded_at


def test_by_its_date_as_well(desk: Desk, entry: UUID, publish: Publish, web: ScriptedWeb) -> None:
    stamp = "Tue, 01 Dec 2026 10:00:00 GMT"
    publish(AT_TEN, **{"Last-Modified": stamp})
    poll(desk)
    poll(desk)
    assert web.asked[1].headers["If-Modified-Since"] == stamp


def test_once_a_day_it_is_asked_in_full_since_the_horizon_moves(
    desk: Desk, entry: UUID, web: ScriptedWeb
) -> None:
    web.script = with_etag(calendar(AT_TEN), '"one"')
    poll(desk)
    with desk.db.transaction() as session:
        session.execute(update(OutsideCalendar).values(expanded_at=OutsideCalendar.expanded_at - ANEW))
    poll(desk)
    assert "If-None-Match" not in web.asked[1].headers


def test_an_answer_that_nobody_asked_for_is_no_calendar(desk: Desk, entry: UUID, web: ScriptedWeb) -> None:
    web.script = lambda asked: Reply(304)
    poll(desk)
    assert row(desk, entry).last_error == "http-304"


@pytest.mark.parametrize("etag", ["x" * 501, "a\u00e9b", ""])
def test_a_validator_that_cannot_be_sent_back_is_forgotten(
    desk: Desk, entry: UUID, publish: Publish, web: ScriptedWeb, etag: str
) -> None:
    publish(AT_TEN, ETag=etag)
    assert [poll(desk), poll(desk)] == [[EVERY]] * 2
    assert "If-None-Match" not in web.asked[1].headers


# -------------------------------------------------------------------------------------------- when it fails


def broken(status: int, body: bytes = b"") -> Callable[[Asked], Reply]:
    return lambda asked: Reply(status, body)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (broken(500), "http-500"),
        (broken(404), "http-404"),
        (broken(401), "http-401"),
        (broken(302), "http-302"),
        (broken(200, b"<html>Sign in</html>"), "not-a-calendar"),
        (broken(200, calendar(AT_TEN)[:-20]), "not-a-calendar"),
        (broken(200, b""), "not-a-calendar"),
        (broken(200, b"x" * 2_000), "too-large"),
    ],
)
def test_the_last_good_copy_stays_when_the_source_fails(
    desk: Desk,
    entry: UUID,
    web: ScriptedWeb,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
    script: Callable[[Asked], Reply],
    code: str,
) -> None:
    monkeypatch.setattr(polling, "BOUNDS", Bounds(5, 1_500))
    publish(AT_TEN)
    poll(desk)
    good = row(desk, entry).fetched_at
    web.script = script
    poll(desk)
    after = row(desk, entry)
    assert (after.last_error, after.failures, after.fetched_at) == (code, 1, good)
    assert busy_times(desk) == TEN_TO_ELEVEN
    publish()
    assert poll(desk) == [EVERY]
    assert (row(desk, entry).last_error, row(desk, entry).failures) == (None, 0)


def test_a_source_that_fails_and_fails_is_asked_less_often(desk: Desk, entry: UUID, web: ScriptedWeb) -> None:
    web.script = broken(500)
    waits = [poll(desk)[0] for _ in range(6)]
    assert waits == [EVERY, 2 * EVERY, 3 * EVERY, SLOWEST, SLOWEST, SLOWEST]


def test_a_place_inside_is_not_called(run: Runtime, desk: Desk, entry: UUID, web: ScriptedWeb) -> None:
    """By a service that is no rehearsal, whatever stands in the row."""
    poll(run.desk)
    assert (row(run.desk, entry).last_error, web.asked) == ("not-https", [])


def test_a_calendar_that_is_taken_away_while_it_is_fetched_leaves_nothing(
    desk: Desk, run: Runtime, entry: UUID, web: ScriptedWeb
) -> None:
    def gone(asked: Asked) -> Reply:
        remove_calendar(desk, entry, DESK)
        return Reply(200, calendar(AT_TEN))

    web.script = gone
    poll(desk)
    assert (count(run, "outside_calendars"), count(run, "busy_times")) == (0, 0)


def test_nothing_that_is_said_names_the_address(
    desk: Desk, entry: UUID, web: ScriptedWeb, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # as the service has it
    for script in (broken(500), broken(200, b"canary"), lambda asked: Reply(200, calendar(AT_TEN))):
        web.script = script
        poll(desk)
    poll(replace(desk, outside=type(desk.outside)()))
    assert "canary" not in caplog.text
    stored = " ".join(str(vars(each)) for each in [row(desk, entry)])
    assert "canary" not in stored
