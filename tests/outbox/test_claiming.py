"""Taking messages so that nobody else has them."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from scheduler.bootstrap import Runtime
from scheduler.db.models import ChannelPause, Message
from scheduler.domain.messages import OPEN, ChannelName, MessageKind, MessageState, Queue
from scheduler.services.clinic.apply import apply
from scheduler.services.outbox.claiming import BATCH, claim
from tests.conftest import CLINIC
from tests.outbox.conftest import HOUR, Book, add_messages, change, claim_at, first, now, row, rows

MINUTE = timedelta(minutes=1)


def due(run: Runtime) -> list[int]:
    with run.db.transaction() as session:
        found = select(Message.id).where(Message.state == MessageState.PENDING, Message.next_at <= now(run))
        return list(session.scalars(found.order_by(Message.id)))


def test_a_hint_claims_its_message_and_nine_more_of_its_queue(run: Runtime, book: Book) -> None:
    visit = book()
    urgent = [first(run, visit), *add_messages(run, visit, MessageKind.JOIN, 14)]
    bulk = add_messages(run, visit, MessageKind.REMINDER, 3, queue=Queue.BULK)
    held = claim_at(run, urgent[12])
    assert len(held) == BATCH == 10
    assert urgent[12] in {each.id for each in held}
    assert {each.id for each in held} <= set(urgent)
    assert [each.id for each in held] == sorted(each.id for each in held)
    assert {each.id for each in claim_at(run, bulk[0])} == set(bulk)


def test_those_that_wait_longest_come_along(run: Runtime, book: Book) -> None:
    visit = book()
    ids = add_messages(run, visit, MessageKind.JOIN, 15)
    change(run, ids[14], next_at=now(run) - HOUR)
    assert ids[14] in {each.id for each in claim_at(run, ids[0])}


def test_a_second_worker_gets_none_of_them(run: Runtime, book: Book) -> None:
    visit = book()
    ids = [first(run, visit), *add_messages(run, visit, MessageKind.JOIN, 14)]
    mine = {each.id for each in claim_at(run, ids[0], worker="one")}
    assert [claim_at(run, each, worker="two") for each in mine] == [[]] * 10
    left = (set(ids) - mine).pop()
    theirs = {each.id for each in claim_at(run, left, worker="two")}
    assert mine | theirs == set(ids)
    assert not mine & theirs
    assert {row(run, each).claimed_by for each in theirs} == {"two"}


def test_a_second_worker_does_not_wait_for_the_first(run: Runtime, book: Book) -> None:
    visit = book()
    ids = [first(run, visit), *add_messages(run, visit, MessageKind.JOIN, 14)]
    with run.db.transaction() as session:
        moment = run.desk.clinics.moment(session)
        mine = claim(session, ids[0], "one", moment.in_force.version, moment.now)
        assert claim_at(run, ids[0], worker="two") == []
        left = (set(ids) - {each.id for each in mine}).pop()
        theirs = claim_at(run, left, worker="two")  # while the first one's transaction is still open
    assert not {each.id for each in mine} & {each.id for each in theirs}


@pytest.mark.parametrize("state", sorted(set(MessageState) - {MessageState.PENDING}))
def test_a_message_that_is_held_or_done_is_not_claimed(run: Runtime, book: Book, state: MessageState) -> None:
    visit = book()
    message = first(run, visit)
    (other,) = add_messages(run, visit, MessageKind.JOIN)
    change(run, message, state=state)
    assert claim_at(run, message) == []
    assert row(run, message).state == state
    assert row(run, other).state == MessageState.PENDING, "a hint that came twice brings nothing along"
    assert state in OPEN or row(run, message).attempt == 0


def test_a_hint_of_nothing_claims_nothing(run: Runtime, book: Book) -> None:
    book()
    assert claim_at(run, 2**40) == []


def test_nothing_is_claimed_before_it_is_due_or_after_it_expired(run: Runtime, book: Book) -> None:
    visit = book()
    confirmed, reminder = rows(run, visit)[:2]
    assert claim_at(run, reminder.id) == []
    assert claim_at(run, confirmed.id, confirmed.expires_at) == []
    assert row(run, confirmed.id).state == MessageState.PENDING


def test_each_claim_makes_a_new_token_and_keeps_date_and_clinic(run: Runtime, book: Book) -> None:
    message = first(run, book())
    (one,) = claim_at(run, message)
    change(run, message, state=MessageState.PENDING, token=None)
    with run.db.transaction() as session:
        text = CLINIC.read_text(encoding="utf-8").replace("409 555 0100", "409 555 0199")
        apply(session, text, run.db.now(session), production=False)
    (two,) = claim_at(run, message, now(run) + MINUTE)
    assert one.token != two.token
    assert (one.attempt, two.attempt) == (1, 2)
    assert (one.made_at, one.clinic_version) == (two.made_at, two.clinic_version)


def test_a_paused_channel_gives_one_probe_a_minute(run: Runtime, book: Book) -> None:
    visit = book()
    ids = [first(run, visit), *add_messages(run, visit, MessageKind.JOIN, 5)]
    began = now(run)
    with run.db.transaction() as session:
        paused = {"since": began, "reason": "535", "next_probe_at": began + MINUTE}
        session.execute(insert(ChannelPause).values(channel=ChannelName.EMAIL, **paused))
    assert claim_at(run, ids[0], began) == []
    assert [each.id for each in claim_at(run, ids[1], began + MINUTE)] == [ids[1]]
    assert claim_at(run, ids[2], began + 1.5 * MINUTE) == []
    assert [each.id for each in claim_at(run, ids[3], began + 2 * MINUTE)] == [ids[3]]
    assert len(due(run)) == 4
