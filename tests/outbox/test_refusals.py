"""Whose fault it is that messages are refused after the server has heard them."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select, update

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Outcome, Verdict
from scheduler.db.models import ChannelPause, Message, MessageAttempt, Task
from scheduler.domain.messages import ChannelName
from scheduler.domain.tasks import TaskKind
from scheduler.services.booking.making import book
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.cast import at, patient
from tests.outbox.postbox import REFUSED, SENT, Postbox, deliver_hinted, make_round, states
from tests.outbox.test_texts import Phone
from tests.services.asking import request

NO_SUCH_USER = Outcome(Verdict.ADDRESS, "550 5.1.1", "recipient: no such user")


def book_for(run: Runtime, *numbers: int, day: int = 8) -> None:
    """Each number is somebody else."""
    for index, number in enumerate(numbers):
        book(run.desk, request(at(day, 9 + index), number))


def email(number: int) -> str:
    return str(patient(number)["email"])


def outcome(run: Runtime) -> list[str]:
    return [state for _, state in states(run)]


def paused(run: Runtime) -> list[str]:
    with run.db.transaction() as session:
        return list(session.scalars(select(ChannelPause.channel)))


def texts(run: Runtime) -> list[str]:
    """States of those that tell the booking."""
    found = select(Message.state).where(Message.channel == ChannelName.SMS, Message.offset_minutes == 0)
    with run.db.transaction() as session:
        return list(session.scalars(found))


def text_all(run: Runtime, answer: Outcome) -> None:
    """Each of those that are not sent yet, with that answer."""
    room = PostRoom(run.desk, {**run.channels, ChannelName.SMS: Phone(answer)}, "test")
    with run.db.transaction() as session:
        waiting = update(Message).where(Message.channel == ChannelName.SMS, Message.offset_minutes == 0)
        hints = session.scalars(waiting.values(next_at=run.db.now(session)).returning(Message.id)).all()
    for hint in sorted(hints):
        deliver(room, hint)


def open_calls(run: Runtime) -> int:
    found = select(func.count()).where(Task.kind == TaskKind.CALL, Task.done_at.is_(None))
    with run.db.transaction() as session:
        return session.execute(found).scalar_one()


def an_hour_passes(run: Runtime) -> None:
    """Probes are due again, and what was refused lies an hour back."""
    with run.db.transaction() as session:
        hour = timedelta(hours=1)
        session.execute(update(MessageAttempt).values(at=MessageAttempt.at - hour))
        session.execute(update(ChannelPause).values(next_probe_at=ChannelPause.next_probe_at - hour))


def test_four_who_are_refused_are_four_who_cannot_be_reached(run: Runtime) -> None:
    book_for(run, 1, 2, 3, 4)
    make_round(run, Postbox(REFUSED))
    assert outcome(run) == ["failed"] * 4
    assert not paused(run)


def test_the_fifth_says_that_it_is_us_and_what_was_marked_is_unmarked(run: Runtime) -> None:
    book_for(run, 1, 2, 3, 4, 5)
    make_round(run, Postbox(REFUSED))
    assert outcome(run) == ["pending"] * 5
    assert paused(run)
    with run.db.transaction() as session:
        rows = session.scalars(select(Message).where(Message.offset_minutes == 0)).all()
    assert all(row.token is None and row.finished_at is None for row in rows)


def test_nobody_is_called_for_what_will_be_sent_after_all(run: Runtime) -> None:
    book_for(run, 1, 2, 3, 4)
    make_round(run, Postbox(REFUSED))
    assert open_calls(run) == 4
    book_for(run, 5, day=9)
    make_round(run, Postbox(REFUSED))
    assert open_calls(run) == 0


def test_of_texts_the_fifth_says_so_too(run: Runtime) -> None:
    for number in range(1, 6):
        asked = request(at(8, 8 + number), number, phone=f"+1409555010{number}", email=None)
        book(run.desk, replace(asked, consents=("sms:1",)))
    text_all(run, REFUSED)
    assert texts(run) == ["pending"] * 5
    assert open_calls(run) == 0
    assert paused(run) == ["sms"]
    an_hour_passes(run)
    text_all(run, SENT)
    assert texts(run) == ["sent"] * 5


def test_one_person_with_five_visits_is_one_recipient(run: Runtime) -> None:
    for day in (7, 8, 9, 10, 11):
        book_for(run, 1, day=day)
    make_round(run, Postbox(REFUSED))
    assert outcome(run) == ["failed"] * 5


def test_refusals_at_the_name_of_the_recipient_are_never_ours(run: Runtime) -> None:
    book_for(run, 1, 2, 3, 4, 5, 6)
    make_round(run, Postbox(NO_SUCH_USER))
    assert outcome(run) == ["failed"] * 6
    assert not paused(run)


def test_what_was_refused_an_hour_ago_does_not_count(run: Runtime) -> None:
    book_for(run, 1, 2, 3, 4)
    make_round(run, Postbox(REFUSED))
    an_hour_passes(run)
    book_for(run, 5, day=9)
    make_round(run, Postbox(REFUSED))
    assert outcome(run) == ["failed"] * 5


def test_while_the_channel_is_paused_nothing_fails(run: Runtime) -> None:
    book_for(run, 1, 2, 3, 4, 5)
    make_round(run, Postbox(REFUSED))
    for _ in range(3):
        an_hour_passes(run)
        make_round(run, Postbox(REFUSED))
    assert outcome(run) == ["pending"] * 5
    assert paused(run)


def test_when_we_are_taken_again_everybody_gets_theirs(run: Runtime) -> None:
    book_for(run, 1, 2, 3, 4, 5)
    make_round(run, Postbox(REFUSED))
    an_hour_passes(run)
    box = Postbox()
    make_round(run, box)
    assert outcome(run) == ["sent"] * 5
    assert sorted(mail.recipient for mail in box.mails) == [email(number) for number in range(1, 6)]
    assert not paused(run)


def test_who_is_refused_again_after_others_were_taken_cannot_be_reached(run: Runtime) -> None:
    """Else five bad addresses would pause the channel again and again."""
    bad = Postbox(answers={email(number): REFUSED for number in range(1, 6)})
    book_for(run, 1, 2, 3, 4, 5)
    make_round(run, bad)
    book_for(run, 6, day=9)
    deliver_hinted(run, bad, the_next_probe(run))
    assert outcome(run) == ["pending"] * 5 + ["sent"]
    assert not paused(run)
    make_round(run, bad)
    assert outcome(run) == ["failed"] * 5 + ["sent"]
    assert not paused(run)


def the_next_probe(run: Runtime) -> int:
    """It is due, and it is the message that was planned last."""
    with run.db.transaction() as session:
        session.execute(update(ChannelPause).values(next_probe_at=run.db.now(session)))
        last = select(Message.id).where(Message.offset_minutes == 0).order_by(Message.id.desc()).limit(1)
        return session.scalars(last).one()
