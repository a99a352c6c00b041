"""What the sweeper finds: too late, held too long, due."""

import time
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import ChannelPause, Heartbeat, Message
from scheduler.domain.messages import ChannelName, MessageKind, MessageState, Queue
from scheduler.services.outbox import sweeping
from scheduler.services.outbox.claiming import BATCH
from scheduler.services.outbox.fence import Passage, fence
from scheduler.services.outbox.sweeping import Reaper, beat, expire, free, nudge
from tests.outbox.conftest import (
    HOUR,
    Book,
    add_messages,
    attempts,
    change,
    claim_at,
    claimed,
    first,
    now,
    row,
    rows,
)

SECOND = timedelta(seconds=1)
SHORT = 0.05
"""A lease in seconds, for those who cannot wait two minutes."""


def expired(run: Runtime, later: timedelta = timedelta(0)) -> int:
    with run.db.transaction() as session:
        return expire(session, run.db.now(session) + later)


def reaped(run: Runtime, reaper: Reaper, later: timedelta = timedelta(0)) -> int:
    with run.db.transaction() as session:
        return reaper.reap(session, run.db.now(session) + later)


def nudged(run: Runtime, later: timedelta) -> set[int]:
    with run.db.transaction() as session:
        return {hint.message for hint in nudge(session, run.db.now(session) + later)}


def held(run: Runtime, message: int, state: MessageState, handoffs: int = 0) -> None:
    change(run, message, state=state, token=uuid4(), claimed_by="worker-1", handoffs=handoffs)


def test_what_is_too_late_expires_and_nothing_else(run: Runtime, book: Book) -> None:
    visit = book()
    all_of_it = rows(run, visit)
    assert expired(run) == 0
    held(run, all_of_it[1].id, MessageState.CLAIMED)
    assert expired(run, timedelta(days=365)) == len(all_of_it) - 1
    assert row(run, all_of_it[0].id).state == MessageState.EXPIRED
    assert row(run, all_of_it[1].id).state == MessageState.CLAIMED, "whoever holds it meets the fence"
    assert expired(run, timedelta(days=365)) == 0


def test_of_thousands_that_are_too_late_a_sweep_ends_the_first(
    run: Runtime, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once would take longer than a statement may, at each tick anew."""
    monkeypatch.setattr(sweeping, "MOST_EXPIRED", 3)
    visit = book()
    late = add_messages(run, visit, MessageKind.REMINDER, 5, queue=Queue.BULK)
    change(run, late[3], expires_at=now(run) - HOUR)
    assert [expired(run, 2 * HOUR) for _ in range(3)] == [3, 2, 0]


def test_one_that_somebody_is_at_work_on_keeps_no_other_from_its_end(run: Runtime, book: Book) -> None:
    visit = book()
    mine, other = add_messages(run, visit, MessageKind.REMINDER, 2, queue=Queue.BULK)
    with run.db.transaction() as session:
        session.execute(select(Message.id).where(Message.id == mine).with_for_update())
        assert expired(run, 2 * HOUR) == 1
    assert [row(run, each).state for each in (mine, other)] == ["pending", "expired"]


def test_no_message_outlives_the_start_of_its_visit(run: Runtime, book: Book) -> None:
    visit = book()
    assert {each.expires_at <= row(run, first(run, visit)).expires_at for each in rows(run, visit)} == {True}


def test_a_message_that_is_held_for_a_lease_is_freed(run: Runtime, book: Book) -> None:
    message, reaper = first(run, book()), Reaper(SHORT)
    claim_at(run, message)
    assert reaped(run, reaper) == 0
    time.sleep(SHORT)
    assert reaped(run, reaper) == 1
    after = row(run, message)
    assert (after.state, after.token) == (MessageState.PENDING, None)
    assert claim_at(run, message)


@pytest.mark.parametrize(
    ("state", "verdict"), [(MessageState.CLAIMED, "later"), (MessageState.HANDOFF, "unknown")]
)
def test_the_attempt_of_a_worker_that_died_is_written_down(
    run: Runtime, book: Book, state: MessageState, verdict: str
) -> None:
    message = first(run, book())
    claimed(run, message)
    change(run, message, state=state)
    reaped(run, Reaper(0))
    (attempt,) = attempts(run, message)
    assert (attempt.attempt, attempt.worker, attempt.verdict) == (1, "worker-1", verdict)
    assert attempt.detail == "its worker was gone"


def test_the_lease_is_measured_from_when_the_reaper_first_saw_it(run: Runtime, book: Book) -> None:
    message = first(run, book())
    claim_at(run, message)
    time.sleep(SHORT)
    assert reaped(run, Reaper(SHORT)) == 0


def test_no_wall_clock_has_a_say_in_it(run: Runtime, book: Book) -> None:
    message, reaper = first(run, book()), Reaper()
    claim_at(run, message)
    for later in (timedelta(0), timedelta(days=1), timedelta(days=-1), timedelta(days=400)):
        assert reaped(run, reaper, later) == 0


def test_a_new_holder_gets_a_lease_of_their_own(run: Runtime, book: Book) -> None:
    message, reaper = first(run, book()), Reaper(SHORT)
    claim_at(run, message)
    reaped(run, reaper)
    time.sleep(SHORT)
    change(run, message, state=MessageState.PENDING, token=None)
    claim_at(run, message)
    assert reaped(run, reaper) == 0


@pytest.mark.parametrize(
    ("state", "handoffs", "becomes"),
    [
        (MessageState.CLAIMED, 0, MessageState.PENDING),
        (MessageState.CLAIMED, 1, MessageState.PENDING),
        (MessageState.HANDOFF, 1, MessageState.PENDING),
        (MessageState.HANDOFF, 2, MessageState.UNKNOWN),
    ],
)
def test_what_was_handed_over_goes_once_more_and_is_then_unknown(
    run: Runtime, book: Book, state: MessageState, handoffs: int, becomes: MessageState
) -> None:
    message = first(run, book())
    held(run, message, state, handoffs)
    assert reaped(run, Reaper(0)) == 1
    after = row(run, message)
    assert after.state == becomes
    assert (after.finished_at is None) == (becomes is MessageState.PENDING)


@pytest.mark.parametrize("state", sorted(set(MessageState) - {MessageState.CLAIMED, MessageState.HANDOFF}))
def test_a_message_that_was_finished_at_the_last_moment_stays_finished(
    run: Runtime, book: Book, state: MessageState
) -> None:
    holder = claimed(run, first(run, book()))
    with run.db.transaction() as session:
        assert fence(session, holder, run.db.offset) is Passage.GO
    change(run, holder.id, state=state)  # by its holder, after the reaper has looked
    with run.db.transaction() as session:
        free(session, holder.id, holder.token, run.db.now(session))
    assert row(run, holder.id).state == state


def test_a_fresh_message_is_left_to_the_doorbell_for_two_seconds(run: Runtime, book: Book) -> None:
    message = first(run, book())
    assert nudged(run, 0.5 * SECOND) == set()
    assert nudged(run, 3 * SECOND) == {message}


def test_a_due_message_is_hinted_every_fifteen_seconds(run: Runtime, book: Book) -> None:
    message = first(run, book())
    hints = [second for second in range(3, 50) if nudged(run, second * SECOND)]
    # The clock also goes on by itself meanwhile, so that a second may count for two.
    assert (hints[0], len(hints) in (3, 4)) == (3, True)
    assert {later - earlier for earlier, later in pairwise(hints)} <= {14, 15, 16}
    assert row(run, message).state == MessageState.PENDING


def test_only_what_is_due_open_and_in_time_is_hinted(run: Runtime, book: Book) -> None:
    visit = book()
    confirmed, reminder = (each.id for each in rows(run, visit)[:2])
    claim_at(run, confirmed)
    assert nudged(run, 5 * SECOND) == set()
    assert nudged(run, row(run, reminder).due_at - now(run)) == {reminder}
    assert nudged(run, row(run, reminder).expires_at - now(run) + 20 * SECOND) != {reminder}


def test_a_hint_names_the_queue_of_its_message(run: Runtime, book: Book) -> None:
    visit = book()
    reminder = rows(run, visit, MessageKind.REMINDER)[-1]
    with run.db.transaction() as session:
        hints = nudge(session, reminder.due_at)
    assert {hint.queue for hint in hints if hint.message == reminder.id} == {"bulk"}
    assert {hint.queue for hint in hints if hint.message == first(run, visit)} <= {"urgent"}


def test_reminders_of_a_whole_minute_keep_nothing_urgent_from_its_hint(
    run: Runtime, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST_NUDGES", 5)
    visit, later = book(), 3 * SECOND
    add_messages(run, visit, MessageKind.REMINDER, 20, queue=Queue.BULK, next_at=now(run) - HOUR)
    with run.db.transaction() as session:
        hints = nudge(session, run.db.now(session) + later)
    assert hints[0] == (first(run, visit), Queue.URGENT)
    assert [hint.queue for hint in hints[1:]] == [Queue.BULK] * 5


def test_a_backlog_of_mails_keeps_no_text_of_the_same_queue_from_its_hint(
    run: Runtime, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "MOST_NUDGES", 5)
    visit = book()
    add_messages(run, visit, MessageKind.REMINDER, 20, queue=Queue.BULK, next_at=now(run) - HOUR)
    (text,) = add_messages(run, visit, MessageKind.REMINDER, queue=Queue.BULK, channel=ChannelName.SMS)
    hinted = nudged(run, 3 * SECOND)
    assert text in hinted
    assert len(hinted) == 5 + 1 + 1, "mails, the text, and what tells the booking"


def test_of_a_paused_channel_one_is_hinted_when_it_may_be_tried_again(run: Runtime, book: Book) -> None:
    visit = book()
    mails = [first(run, visit), *add_messages(run, visit, MessageKind.JOIN, 3)]
    (text,) = add_messages(run, visit, MessageKind.JOIN, channel=ChannelName.SMS)
    change(run, mails[2], next_at=now(run) - HOUR)
    with run.db.transaction() as session:
        at = run.db.now(session) + 20 * SECOND
        session.add(ChannelPause(channel=ChannelName.EMAIL, since=at, reason="535", next_probe_at=at))
    assert nudged(run, 10 * SECOND) == {text}
    assert nudged(run, 21 * SECOND) == {mails[2]}, "the one that waits longest"


def test_two_sweepers_at_once_hint_each_message_once(run: Runtime, book: Book) -> None:
    visit = book()
    ids = {first(run, visit), *add_messages(run, visit, MessageKind.JOIN, BATCH - 1)}
    with run.db.transaction() as session:
        mine = {hint.message for hint in nudge(session, run.db.now(session) + 3 * SECOND)}
        assert nudged(run, 3 * SECOND) == set()
    assert mine == ids


def test_of_a_backlog_ten_share_a_hint_that_is_good_for_ten(run: Runtime, book: Book) -> None:
    book()
    for each in rows(run):
        change(run, each.id, state=MessageState.SENT)
    visit = rows(run)[0].visit_id
    assert visit
    ids = add_messages(run, visit, MessageKind.REMINDER, 4 * BATCH, queue=Queue.BULK)
    for late, id in enumerate(reversed(ids)):
        change(run, id, next_at=now(run) - late * SECOND)
    with run.db.transaction() as session:
        hints = [hint.message for hint in nudge(session, run.db.now(session) + 3 * SECOND)]
    assert hints == [*ids[:BATCH], ids[BATCH], ids[2 * BATCH], ids[3 * BATCH]]
    taken = [{each.id for each in claim_at(run, hint)} for hint in (ids[0], *hints[BATCH:])]
    assert set.union(*taken) == set(ids)
    assert nudged(run, 5 * SECOND) == set()


def test_a_sweeper_says_that_it_is_alive(run: Runtime) -> None:
    for later in (timedelta(0), 5 * SECOND):
        with run.db.transaction() as session:
            at = run.db.now(session) + later
            beat(session, at)
        with run.db.transaction() as session:
            assert session.execute(select(Heartbeat.at)).scalar_one() == at
