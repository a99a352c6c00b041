"""From the row to the mail server, with real parts all the way."""

import random
import re
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.channels.email import EmailChannel
from scheduler.channels.mime import Mail
from scheduler.channels.outcome import Fence, Outcome
from scheduler.db.models import ChannelPause, Recipient, Visit
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.services.outbox import delivering
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.outbox.conftest import Book, add_messages, attempts, change, first, now, row, rows, states
from tests.smtp import CUT, SILENT, ScriptedServer

MESSAGE_ID = re.compile(rb"^Message-ID: <([^@]+)@", re.MULTILINE)


def ids_of(smtp: ScriptedServer) -> Counter[str]:
    """How often each message came."""
    found = (MESSAGE_ID.search(each) for each in smtp.messages)
    return Counter(match[1].decode() for match in found if match)


def post(run: Runtime, server: ScriptedServer, deadline: float = 5) -> PostRoom:
    return PostRoom(run.desk, {ChannelName.EMAIL: EmailChannel(server.url(), deadline=deadline)}, "worker-1")


def test_a_booking_is_told_once(run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book) -> None:
    message = first(run, book())
    assert deliver(room, message) == 1
    after = row(run, message)
    assert (after.state, after.provider_ref, after.attempt, after.handoffs) == ("sent", "4F2A1", 1, 1)
    assert ids_of(smtp) == {after.message_id: 1}
    assert smtp.heard("RCPT") == ["RCPT TO:<pat0@patients.example>"]
    assert [each.verdict for each in attempts(run, message)] == ["sent"]


def test_a_hint_that_comes_again_sends_nothing_again(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    assert [deliver(room, message) for _ in range(3)] == [1, 0, 0]
    assert len(smtp.messages) == 1


def test_what_is_due_beside_it_goes_over_the_same_connection(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    messages = [first(run, book()) for _ in range(5)]
    assert deliver(room, messages[0]) == 5
    assert smtp.connections == 1
    assert {row(run, each).state for each in messages} == {"sent"}


def test_two_who_race_over_two_hundred_messages_send_each_once(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    ids = add_messages(run, book(), MessageKind.JOIN, 200)
    start, sent = threading.Barrier(2), []

    def work(name: str) -> None:
        order = random.Random(name).sample(ids, len(ids))
        start.wait()
        sent.append(sum(deliver(replace(room, worker=name), each) for each in order))

    workers = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sum(sent) in (200, 201)  # with the message that tells the booking
    assert all(sent)
    told = ids_of(smtp)
    assert {told[row(run, each).message_id] for each in ids} == {1}
    assert max(told.values()) == 1
    assert {each.attempt for each in rows(run, kind=MessageKind.JOIN) if each.id in ids} == {1}


def test_a_patients_address_in_other_letters_is_failed_where_the_server_cannot_take_it(
    run: Runtime, room: PostRoom, book: Book
) -> None:
    message = first(run, book(patient={"email": "zoë@patients.example"}))
    deliver(room, message)
    assert row(run, message).state == MessageState.FAILED


def try_again(run: Runtime, room: PostRoom, message: int) -> MessageState:
    change(run, message, next_at=now(run))
    deliver(room, message)
    return MessageState(row(run, message).state)


def test_a_message_that_cannot_be_read_fails_after_three_tries_and_stops_nobody(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    poisoned, *others = (book() for _ in range(4))
    with run.db.transaction() as session:
        spoiled = update(Recipient).where(Recipient.visit_id == poisoned)
        session.execute(spoiled.values(email=b"\x02e1 not sealed by anybody"))
    message = first(run, poisoned)
    assert deliver(room, message) == 3
    assert {row(run, first(run, each)).state for each in others} == {"sent"}
    assert row(run, message).state == MessageState.PENDING
    assert [try_again(run, room, message) for _ in range(2)] == [MessageState.PENDING, MessageState.FAILED]
    assert [each.verdict for each in attempts(run, message)] == ["unreadable"] * 3


def test_a_mail_that_cannot_be_written_fails_after_three_tries_and_stops_nobody(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    poisoned, other = first(run, book()), first(run, book())
    change(run, poisoned, message_id="no message id>\r\nX: y")
    assert deliver(room, poisoned) == 1
    assert row(run, other).state == MessageState.SENT
    assert [try_again(run, room, poisoned) for _ in range(2)] == [MessageState.PENDING, MessageState.FAILED]
    assert len(smtp.messages) == 1


def test_a_server_that_is_away_is_tried_later(run: Runtime, book: Book) -> None:
    message = first(run, book())
    channel = EmailChannel("smtp://127.0.0.1:1")
    assert deliver(PostRoom(run.desk, {ChannelName.EMAIL: channel}, "worker-1"), message) == 0
    assert row(run, message).state == MessageState.PENDING
    assert row(run, message).next_at - now(run) > timedelta(seconds=25)


def test_an_answer_that_never_comes_is_asked_for_once_more_with_the_same_bytes(
    run: Runtime, book: Book
) -> None:
    message = first(run, book())
    with ScriptedServer({".": [CUT, SILENT, CUT]}) as server:
        room = post(run, server, deadline=0.6)
        assert [try_again(run, room, message) for _ in range(3)] == ["pending", "unknown", "unknown"]
        one, two = server.messages
    assert one == two


def test_a_server_that_greylists_gets_it_in_the_end(run: Runtime, book: Book) -> None:
    message = first(run, book())
    with ScriptedServer({".": ["451 4.7.1 greylisted"] * 3 + [CUT, "250 2.0.0 Ok"]}) as server:
        room = post(run, server)
        seen = [try_again(run, room, message) for _ in range(5)]
    assert seen == ["pending", "pending", "pending", "pending", "sent"]


def test_a_provider_that_refuses_us_delays_everything_and_loses_nothing(run: Runtime, book: Book) -> None:
    messages = [first(run, book()) for _ in range(4)]
    with ScriptedServer({"MAIL": "550 5.7.1 we do not know you"}) as blocked:
        assert deliver(post(run, blocked), messages[0]) == 0
        for each in messages:
            change(run, each, next_at=now(run))
        assert deliver(post(run, blocked), messages[1]) == 0, "paused: nothing but a probe a minute"
        assert len(blocked.heard("MAIL")) == 1, "what refuses one refuses those behind it"
    assert states(run) == {MessageState.PENDING}
    with ScriptedServer() as open_again:
        with run.db.transaction() as session:
            session.execute(update(ChannelPause).values(next_probe_at=run.db.now(session)))
        room = post(run, open_again)
        assert deliver(room, messages[2]) == 1
        assert deliver(room, messages[3]) == 3
    assert states(run) == {MessageState.SENT}
    with run.db.transaction() as session:
        assert session.scalars(select(ChannelPause)).all() == []


def test_an_old_message_is_never_handed_over_after_a_change(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    visit = book()
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == visit).values(sequence=1))
    assert deliver(room, first(run, visit)) == 0
    assert smtp.messages == []
    assert row(run, first(run, visit)).state == MessageState.SUPERSEDED


class Slow:
    """A channel that takes its time before it hands over."""

    def __init__(self, channel: EmailChannel, seconds: float) -> None:
        self._channel = channel
        self._seconds = seconds

    def deliver(self, mail: Mail, fence: Fence) -> Outcome:
        time.sleep(self._seconds)
        return self._channel.deliver(mail, fence)


def test_who_held_a_message_for_too_long_hands_it_back_unsent(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    message = first(run, book())
    slow = Slow(EmailChannel(smtp.url()), 0.2)
    assert deliver(PostRoom(run.desk, {ChannelName.EMAIL: slow}, "worker-1", lease=0.2), message) == 0
    assert smtp.messages == []
    after = row(run, message)
    assert (after.state, after.token, after.handoffs) == (MessageState.PENDING, None, 0)
    assert after.next_at <= now(run), "somebody else may have it at once"


def test_what_could_not_be_begun_in_time_is_handed_back(
    run: Runtime, smtp: ScriptedServer, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that delivers is stopped after 45 s, in the midst of a message if it had begun one late."""
    monkeypatch.setattr(delivering, "BEGUN_WITHIN", 0.5)
    messages = [first(run, book()) for _ in range(5)]
    slow = Slow(EmailChannel(smtp.url()), 0.6)
    assert deliver(PostRoom(run.desk, {ChannelName.EMAIL: slow}, "worker-1"), messages[0]) == 1
    assert Counter(row(run, each).state for each in messages) == {"sent": 1, "pending": 4}
    assert {row(run, each).token for each in messages[1:]} == {None}


def test_trouble_with_one_message_hands_back_those_behind_it(
    run: Runtime, smtp: ScriptedServer, book: Book
) -> None:
    class Stopped(Exception):
        """As when a task has run for too long."""

    class Broken:
        def deliver(self, mail: Mail, fence: Fence) -> Outcome:
            raise Stopped

    messages = [first(run, book()) for _ in range(3)]
    with pytest.raises(Stopped):
        deliver(PostRoom(run.desk, {ChannelName.EMAIL: Broken()}, "worker-1"), messages[0])
    assert [row(run, each).state for each in messages] == ["claimed", "pending", "pending"]
