"""What becomes of a message after an attempt."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Verdict
from scheduler.db.models import ChannelPause
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.outbox.fence import Passage, fence, give_back
from scheduler.services.outbox.manners import retry_delay
from tests.outbox.conftest import (
    HOUR,
    Book,
    add_messages,
    attempts,
    change,
    claim_at,
    claimed,
    finished,
    first,
    now,
    row,
)

HALF_A_MINUTE = timedelta(seconds=30)


@pytest.fixture
def held(run: Runtime, book: Book) -> Claimed:
    """A message that is past its fence."""
    return handed_over(run, first(run, book()))


def handed_over(run: Runtime, message: int) -> Claimed:
    held = claimed(run, message)
    with run.db.transaction() as session:
        assert fence(session, held, run.db.offset) is Passage.GO
    return held


def pauses(run: Runtime) -> list[ChannelPause]:
    with run.db.transaction() as session:
        return list(session.scalars(select(ChannelPause)))


def again(run: Runtime, message: int) -> Claimed:
    """The next try, when its time has come."""
    change(run, message, next_at=now(run))
    return handed_over(run, message)


def test_what_was_taken_is_sent_with_the_providers_reference(run: Runtime, held: Claimed) -> None:
    assert finished(run, held, Verdict.SENT, code="250 2.0.0", reference="4F2A1") is MessageState.SENT
    after = row(run, held.id)
    assert (after.provider_ref, after.last_error) == ("4F2A1", None)
    assert after.finished_at is not None


def test_an_address_that_is_refused_fails_for_good(run: Runtime, held: Claimed) -> None:
    assert finished(run, held, Verdict.ADDRESS, code="550 5.1.1", detail="no such") is MessageState.FAILED
    after = row(run, held.id)
    assert after.last_error == "550 5.1.1 no such"
    assert after.finished_at is not None
    assert claim_at(run, held.id, now(run) + HOUR) == []


def test_trouble_that_passes_is_tried_again_later(run: Runtime, held: Claimed) -> None:
    before = now(run)
    assert finished(run, held, Verdict.LATER, code="451 4.7.1") is MessageState.PENDING
    after = row(run, held.id)
    assert (after.token, after.last_error, after.finished_at) == (None, "451 4.7.1", None)
    assert HALF_A_MINUTE <= after.next_at - before <= HOUR


def test_an_outage_exhausts_nothing(run: Runtime, held: Claimed) -> None:
    for _ in range(30):
        assert finished(run, held, Verdict.LATER, code="421") is MessageState.PENDING
        held = again(run, held.id)
    assert finished(run, held, Verdict.SENT) is MessageState.SENT
    assert row(run, held.id).attempt == 31


@pytest.mark.parametrize("attempt", [1, 2, 3, 5, 8, 13, 100, 10_000])
def test_the_wait_lies_between_half_a_minute_and_an_hour(attempt: int) -> None:
    waits = [retry_delay(attempt) for _ in range(300)]
    assert min(waits) >= HALF_A_MINUTE
    assert max(waits) <= HOUR
    assert max(waits) <= HALF_A_MINUTE * 2 ** min(attempt, 20)
    assert len(set(waits)) > 250, "those who failed together do not come again together"


def test_waits_grow() -> None:
    random.seed(1)
    assert max(retry_delay(1) for _ in range(99)) <= timedelta(minutes=1)
    assert max(retry_delay(9) for _ in range(99)) > timedelta(minutes=45)


def test_a_provider_that_refuses_us_pauses_the_channel_and_fails_nothing(run: Runtime, book: Book) -> None:
    visit = book()
    messages = [first(run, visit), *add_messages(run, visit, MessageKind.JOIN, 3)]
    before = now(run)
    for each in claim_at(run, messages[0]):
        assert finished(run, each, Verdict.US, code="535 5.7.8", detail="who?") is MessageState.PENDING
    assert {row(run, each).state for each in messages} == {MessageState.PENDING}
    (pause,) = pauses(run)
    assert (pause.channel, pause.reason) == ("email", "535 5.7.8 who?")
    assert timedelta(seconds=55) < pause.next_probe_at - before < timedelta(seconds=65)


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.SENT, "250"), (Verdict.ADDRESS, "550 5.1.1")])
def test_a_provider_that_deals_with_a_message_again_ends_the_pause(
    run: Runtime, held: Claimed, verdict: Verdict, code: str
) -> None:
    finished(run, held, Verdict.US)
    held = claimed(run, held.id, now(run) + timedelta(minutes=2))
    finished(run, held, verdict, code=code)
    assert pauses(run) == []


def test_an_address_that_no_server_was_asked_about_ends_no_pause(run: Runtime, held: Claimed) -> None:
    finished(run, held, Verdict.US, code="535")
    held = claimed(run, held.id, now(run) + timedelta(minutes=2))
    finished(run, held, Verdict.ADDRESS, detail="recipient: not a mail address")
    assert len(pauses(run)) == 1


def test_only_tries_make_the_wait_longer(run: Runtime, book: Book) -> None:
    message = first(run, book())
    for _ in range(10):
        held = claimed(run, message)
        with run.db.transaction() as session:
            give_back(session, held, run.db.now(session))
    finished(run, handed_over(run, message), Verdict.LATER, code="451")
    assert row(run, message).next_at - now(run) <= timedelta(minutes=1)


@pytest.mark.parametrize("verdict", [Verdict.US, Verdict.LATER, Verdict.UNKNOWN, Verdict.FENCED])
def test_a_probe_that_tells_nothing_new_keeps_the_pause(
    run: Runtime, held: Claimed, verdict: Verdict
) -> None:
    finished(run, held, Verdict.US, code="535")
    held = claimed(run, held.id, now(run) + timedelta(minutes=2))
    finished(run, held, verdict)
    (pause,) = pauses(run)
    assert pause.reason == "535", "the first reason stays"


def test_an_answer_that_never_came_is_asked_for_once_more(run: Runtime, held: Claimed) -> None:
    assert finished(run, held, Verdict.UNKNOWN) is MessageState.PENDING
    held = again(run, held.id)
    assert finished(run, held, Verdict.UNKNOWN) is MessageState.UNKNOWN
    after = row(run, held.id)
    assert (after.handoffs, after.attempt) == (2, 2)
    assert after.finished_at is not None


def test_a_refusal_after_the_dot_is_no_copy(run: Runtime, held: Claimed) -> None:
    for _ in range(4):  # greylisted four times
        assert finished(run, held, Verdict.LATER, code="451") is MessageState.PENDING
        held = again(run, held.id)
    assert finished(run, held, Verdict.UNKNOWN) is MessageState.PENDING, "one copy may be there, not five"
    held = again(run, held.id)
    assert finished(run, held, Verdict.UNKNOWN) is MessageState.UNKNOWN


def test_what_the_fence_stopped_is_only_written_down(run: Runtime, held: Claimed) -> None:
    before = row(run, held.id)
    assert finished(run, held, Verdict.FENCED) is None
    after = row(run, held.id)
    assert (after.state, after.token, after.next_at) == (before.state, before.token, before.next_at)
    assert [each.verdict for each in attempts(run, held.id)] == ["fenced"]


def test_who_comes_too_late_changes_nothing_but_the_log(run: Runtime, book: Book) -> None:
    mine = claimed(run, first(run, book()))
    with run.db.transaction() as session:
        give_back(session, mine, run.db.now(session))
    theirs = claimed(run, mine.id)
    for verdict in (Verdict.SENT, Verdict.ADDRESS, Verdict.LATER, Verdict.UNKNOWN):
        assert finished(run, mine, verdict) is None
    after = row(run, mine.id)
    assert (after.state, after.token, after.finished_at) == (MessageState.CLAIMED, theirs.token, None)
    assert len(attempts(run, mine.id)) == 4


def test_every_attempt_is_added_to_the_log(run: Runtime, held: Claimed) -> None:
    for verdict in (Verdict.LATER, Verdict.UNKNOWN):
        finished(run, held, verdict, code="x", detail=f"said {verdict}")
        held = again(run, held.id)
    finished(run, held, Verdict.SENT, reference="ref")
    log = [(each.attempt, each.verdict, each.worker) for each in attempts(run, held.id)]
    assert log == [(1, "later", "worker-1"), (2, "unknown", "worker-1"), (3, "sent", "worker-1")]
    assert attempts(run, held.id)[2].reference == "ref"
