"""A host that is silent is left alone for a while, and others meanwhile have their turn."""

from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest

from scheduler.bootstrap import Runtime
from scheduler.channels.email import EmailChannel
from scheduler.channels.outcome import Outcome, Verdict
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.services.outbox.breakers import SILENT, Breakers
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.outbox.conftest import Book, attempts, change, first, now, row, states
from tests.smtp import ScriptedServer, eventually

NO_ANSWER = Outcome(Verdict.LATER, detail="connect: timed out")
CUT_OFF = Outcome(Verdict.UNKNOWN, detail="end: connection closed")
ANSWER = Outcome(Verdict.LATER, code="451 4.3.0")


def after(*outcomes: Outcome) -> Breakers:
    breakers = Breakers()
    for each in outcomes:
        breakers.note("mail", each)
    return breakers


def test_three_silences_in_a_row_are_a_rest() -> None:
    assert after(NO_ANSWER, CUT_OFF).rest("mail") == 0
    assert 29 < after(NO_ANSWER, CUT_OFF, NO_ANSWER).rest("mail") <= 30


def test_any_answer_begins_anew() -> None:
    assert after(NO_ANSWER, NO_ANSWER, ANSWER, NO_ANSWER, NO_ANSWER).rest("mail") == 0


def test_what_ended_before_the_host_was_asked_says_nothing_of_it() -> None:
    fenced, unwritable = Outcome(Verdict.FENCED), Outcome(Verdict.ADDRESS, detail="not a mail address")
    assert after(*[fenced, unwritable] * SILENT).rest("mail") == 0
    assert after(NO_ANSWER, fenced, NO_ANSWER, unwritable, NO_ANSWER).rest("mail") > 0


def test_each_host_rests_by_itself() -> None:
    assert after(*[NO_ANSWER] * SILENT).rest("hook") == 0


def test_after_the_rest_one_may_ask_and_the_others_wait_for_what_comes_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    breakers = after(*[NO_ANSWER] * SILENT)
    later = monotonic() + 31
    monkeypatch.setattr("scheduler.services.outbox.breakers.monotonic", lambda: later)
    assert [breakers.rest("mail"), breakers.rest("mail")] == [0, 30]
    breakers.note("mail", ANSWER)
    assert breakers.rest("mail") == 0


def test_messages_to_a_silent_server_wait_without_being_tried(run: Runtime, book: Book) -> None:
    messages = [first(run, book()) for _ in range(SILENT + 2)]
    nobody = EmailChannel("smtp://127.0.0.1:1", deadline=5)
    room = PostRoom(run.desk, {ChannelName.EMAIL: nobody}, "worker-1")
    assert deliver(room, messages[0]) == 0
    assert [len(attempts(run, each)) for each in messages] == [1] * SILENT + [0, 0]
    for each in messages[SILENT:]:
        waiting = row(run, each)
        assert (waiting.state, waiting.token, waiting.handoffs) == (MessageState.PENDING, None, 0)
        assert timedelta(seconds=20) < waiting.next_at - now(run) <= timedelta(seconds=30)


def test_a_server_that_answers_again_gets_everything(run: Runtime, smtp: ScriptedServer, book: Book) -> None:
    messages = [first(run, book()) for _ in range(SILENT + 1)]
    room = PostRoom(
        run.desk,
        {ChannelName.EMAIL: EmailChannel("smtp://127.0.0.1:1", deadline=5)},
        "worker-1",
        breakers=Breakers(0.05),
    )
    deliver(room, messages[0])
    for each in messages:
        change(run, each, next_at=now(run))
    room = replace(room, channels={ChannelName.EMAIL: EmailChannel(smtp.url(), deadline=5)})

    def everything_is_sent() -> bool:
        for each in messages:
            deliver(room, each)
        return states(run) == {MessageState.SENT}

    assert eventually(everything_is_sent)
