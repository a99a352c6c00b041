"""The last look before the byte that cannot be taken back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Recipient, Suppression, Visit
from scheduler.domain.messages import SPEAKS_OF, WORDLESS, MessageKind, MessageState
from scheduler.domain.visits import VisitStatus
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.outbox.fence import Passage, fence, give_back
from tests.cast import at
from tests.outbox.conftest import HOUR, Book, add_messages, change, claimed, first, now, row, rows

KINDS = sorted(set(SPEAKS_OF) - WORDLESS - {MessageKind.WITHDRAWN, MessageKind.ALERT})
"""The others have tests of their own."""


def pass_fence(run: Runtime, held: Claimed, later: timedelta = timedelta(0)) -> Passage:
    with run.db.transaction() as session:
        return fence(session, held, run.db.offset + later)


def change_visit(run: Runtime, visit: UUID, **values: object) -> None:
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == visit).values(**values))


def test_a_message_that_is_true_and_ours_may_go(run: Runtime, book: Book) -> None:
    held = claimed(run, first(run, book()))
    assert pass_fence(run, held) is Passage.GO
    after = row(run, held.id)
    assert (after.state, after.handoffs, after.token) == (MessageState.HANDOFF, 1, held.token)


def test_the_fence_is_passed_only_once(run: Runtime, book: Book) -> None:
    held = claimed(run, first(run, book()))
    assert [pass_fence(run, held), pass_fence(run, held)] == [Passage.GO, Passage.LOST]
    assert row(run, held.id).handoffs == 1


def test_who_lost_the_token_hands_nothing_over(run: Runtime, book: Book) -> None:
    message = first(run, book())
    mine = claimed(run, message)
    with run.db.transaction() as session:
        give_back(session, mine, run.db.now(session))
    theirs = claimed(run, message)
    assert pass_fence(run, mine) is Passage.LOST
    after = row(run, message)
    assert (after.state, after.token, after.handoffs) == (MessageState.CLAIMED, theirs.token, 0)
    assert pass_fence(run, theirs) is Passage.GO


def test_a_visit_that_was_changed_since_supersedes_the_message(run: Runtime, book: Book) -> None:
    visit = book()
    held = claimed(run, first(run, visit))
    change_visit(run, visit, sequence=1)
    assert pass_fence(run, held) is Passage.VOID
    after = row(run, held.id)
    assert (after.state, after.token) == (MessageState.SUPERSEDED, None)
    assert after.finished_at is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", sorted(VisitStatus))
def test_a_message_is_handed_over_only_while_it_is_true(
    run: Runtime, book: Book, kind: MessageKind, status: VisitStatus
) -> None:
    visit = book()
    change(run, first(run, visit), state=MessageState.SENT)
    (message,) = add_messages(run, visit, kind)
    held = claimed(run, message)
    change_visit(run, visit, status=status)
    true = status in SPEAKS_OF[kind]
    assert pass_fence(run, held) is (Passage.GO if true else Passage.VOID)
    assert row(run, message).state == (MessageState.HANDOFF if true else MessageState.SUPERSEDED)


def test_a_message_that_is_too_late_and_may_have_come_before_is_unknown(run: Runtime, book: Book) -> None:
    message = first(run, book())
    change(run, message, handoffs=1)
    held = claimed(run, message)
    change(run, message, expires_at=now(run))
    assert pass_fence(run, held) is Passage.VOID
    assert row(run, message).state == MessageState.UNKNOWN


def test_a_message_that_is_too_late_expires_at_the_fence(run: Runtime, book: Book) -> None:
    message = first(run, book())
    held = claimed(run, message)
    change(run, message, expires_at=now(run))
    assert pass_fence(run, held) is Passage.VOID
    assert row(run, message).state == MessageState.EXPIRED


@pytest.mark.parametrize("state", [MessageState.PENDING, MessageState.CLAIMED, MessageState.HANDOFF])
def test_a_later_entry_yields_to_an_earlier_one_on_its_way(
    run: Runtime, book: Book, state: MessageState
) -> None:
    visit = book()
    earlier = first(run, visit)
    (later,) = add_messages(run, visit, MessageKind.CONFIRMED)
    change(run, earlier, state=state, next_at=now(run) + HOUR)
    held, before = claimed(run, later), now(run)
    assert pass_fence(run, held) is Passage.YIELD
    after = row(run, later)
    assert (after.state, after.token, after.handoffs) == (MessageState.PENDING, None, 0)
    assert before < after.next_at <= now(run) + timedelta(seconds=1)


@pytest.mark.parametrize(
    "state", sorted(set(MessageState) - {MessageState.PENDING, MessageState.CLAIMED, MessageState.HANDOFF})
)
def test_an_earlier_entry_that_is_done_blocks_nobody(run: Runtime, book: Book, state: MessageState) -> None:
    visit = book()
    change(run, first(run, visit), state=state)
    (later,) = add_messages(run, visit, MessageKind.CONFIRMED)
    assert pass_fence(run, claimed(run, later)) is Passage.GO


def test_an_entry_yields_to_no_other_visit_and_to_no_later_message(run: Runtime, book: Book) -> None:
    others, visit = book(), book()
    change(run, first(run, others), next_at=now(run) + HOUR)
    add_messages(run, visit, MessageKind.CONFIRMED, next_at=now(run) + HOUR)
    assert pass_fence(run, claimed(run, first(run, visit))) is Passage.GO


def test_a_message_of_an_older_sequence_comes_first_whatever_its_id(run: Runtime, book: Book) -> None:
    visit = book()
    change(run, first(run, visit), state=MessageState.SENT)
    (newer,) = add_messages(run, visit, MessageKind.CONFIRMED, sequence=1)
    add_messages(run, visit, MessageKind.CONFIRMED, sequence=0, next_at=now(run) + HOUR)
    change_visit(run, visit, sequence=1)
    assert pass_fence(run, claimed(run, newer)) is Passage.YIELD


def test_a_reminder_waits_for_nobody(run: Runtime, book: Book) -> None:
    visit = book()
    change(run, first(run, visit), next_at=now(run) + HOUR)
    (reminder,) = add_messages(run, visit, MessageKind.REMINDER)
    assert pass_fence(run, claimed(run, reminder)) is Passage.GO


def test_a_change_that_is_being_committed_is_waited_for(run: Runtime, book: Book) -> None:
    visit = book()
    held = claimed(run, first(run, visit))
    asked = threading.Event()

    def ask() -> Passage:
        asked.set()
        return pass_fence(run, held)

    with ThreadPoolExecutor(1) as pool:
        with run.db.transaction() as session:
            session.execute(update(Visit).where(Visit.id == visit).values(sequence=1))
            passage = pool.submit(ask)
            asked.wait()
            with pytest.raises(TimeoutError):
                passage.result(timeout=0.2)
        assert passage.result(timeout=5) is Passage.VOID


def test_who_waits_for_a_change_sees_what_else_it_changed(run: Runtime, book: Book) -> None:
    """Of others than the visit itself, such as who wants what: they are not what it waited for."""
    visit = book()
    (reminder,) = add_messages(run, visit, MessageKind.REMINDER)
    held = claimed(run, reminder)
    with ThreadPoolExecutor(1) as pool:
        with run.db.transaction() as session:
            session.execute(update(Visit).where(Visit.id == visit).values(version=Visit.version + 1))
            passage = pool.submit(pass_fence, run, held)
            with pytest.raises(TimeoutError):
                passage.result(timeout=0.2)
            to = session.scalars(select(Recipient.email_hash).where(Recipient.visit_id == visit)).one()
            assert to
            session.add(Suppression(channel="email", contact_hash=to, since=at(1, 6), reason="test"))
        assert passage.result(timeout=5) is Passage.VOID
    assert row(run, reminder).state == MessageState.SKIPPED


def test_what_is_given_back_can_be_claimed_at_once(run: Runtime, book: Book) -> None:
    held = claimed(run, first(run, book()))
    with run.db.transaction() as session:
        give_back(session, held, run.db.now(session))
    assert claimed(run, held.id).attempt == 2
    assert rows(run)[0].handoffs == 0
