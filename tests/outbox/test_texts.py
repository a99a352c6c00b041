"""Texts and calls: who gets which, what stops a text at the fence, and which way it goes then."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Fence, Outcome, Remedy, Verdict
from scheduler.channels.sms.text import Text
from scheduler.db.models import ChannelPause, Message, Recipient, Suppression, Task
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.domain.visits import Act
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance, confirm
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.outbox.sweeping import Reaper, expire
from scheduler.services.tasks.calling import call_instead
from scheduler.services.telling.relieving import relieve as relieve_at
from scheduler.services.telling.rerouting import move_on
from scheduler.services.telling.suppressing import suppress
from tests.cast import at
from tests.outbox.conftest import Book, attempts, change, claim_at, now, row, rows

PHONE, OTHER = "+14095550123", "+14095550177"
AGREED = {"consents": ["sms:1"]}
STAFF = Actor(ActorKind.STAFF, "desk")
PATIENT = Actor(ActorKind.PATIENT)

Answer = Callable[[Text], Outcome]


@dataclass
class Phone:
    """Keeps the texts that passed the fence; says later what became of one, where `found` is set."""

    answer: Outcome = field(default_factory=lambda: Outcome(Verdict.SENT, "201", reference="SM1"))
    found: Outcome = field(default_factory=lambda: Outcome(Verdict.UNKNOWN))
    texts: list[Text] = field(default_factory=list)
    asked: int = 0

    def deliver(self, text: Text, fence: Fence) -> Outcome:
        if not fence():
            return Outcome(Verdict.FENCED)
        self.texts.append(text)
        return self.answer

    def look_up(self, text: Text) -> Outcome:
        self.asked += 1
        return self.found


@pytest.fixture
def phone() -> Phone:
    return Phone()


def by(run: Runtime, visit: UUID) -> list[tuple[str, str, str]]:
    return [(each.kind, each.channel, each.state) for each in rows(run, visit)]


def go(run: Runtime, phone: Phone, *messages: Message) -> list[str]:
    """Deliver these now, each alone; their states."""
    room = PostRoom(run.desk, {**run.channels, ChannelName.SMS: phone}, "worker-1")
    for each in messages:
        change(run, each.id, next_at=now(run), state=MessageState.PENDING, token=None)
        deliver(room, each.id)
    return [row(run, each.id).state for each in messages]


def text_of(run: Runtime, visit: UUID, kind: MessageKind) -> Message:
    return next(each for each in rows(run, visit, kind) if each.channel == ChannelName.SMS)


def texted(book: Book, start: datetime | None = None, **patient: Any) -> UUID:
    return book(start or at(8, 10), patient={"phone": PHONE, **patient}, **AGREED)


def tasks(run: Runtime, *, open: bool = True) -> list[tuple[str, UUID | None]]:
    with run.db.transaction() as session:
        found = select(Task.kind, Task.visit_id).order_by(Task.id)
        if open:
            found = found.where(Task.done_at.is_(None))
        return [(kind, visit) for kind, visit in session.execute(found)]


def number(run: Runtime, visit: UUID) -> bytes:
    with run.db.transaction() as session:
        found = session.scalars(select(Recipient.phone_hash).where(Recipient.visit_id == visit)).one()
    assert found
    return found


def stop(run: Runtime, visit: UUID, channel: ChannelName = ChannelName.SMS) -> None:
    with run.db.transaction() as session:
        column = Recipient.phone_hash if channel is ChannelName.SMS else Recipient.email_hash
        contact = session.scalars(select(column).where(Recipient.visit_id == visit)).one()
        assert contact
        suppress(session, channel, contact, "test", run.db.now(session))


# ------------------------------------------------------------------------------------------------- planning


def test_with_consent_news_go_both_ways_and_each_reminder_goes_one(run: Runtime, book: Book) -> None:
    assert by(run, texted(book)) == [
        ("confirmed", "email", "pending"),
        ("confirmed", "sms", "pending"),
        ("reminder", "email", "pending"),
        ("reminder", "sms", "pending"),
        ("join", "email", "pending"),
        ("join", "sms", "pending"),
    ]


def test_without_consent_there_are_no_texts(run: Runtime, book: Book) -> None:
    assert {channel for _, channel, _ in by(run, book(patient={"phone": PHONE}))} == {"email"}


def test_a_patient_has_what_they_chose(run: Runtime, book: Book) -> None:
    visit = texted(book, channels=["sms"])
    assert {channel for _, channel, _ in by(run, visit)} == {"sms"}


def test_whom_nothing_reaches_is_called(run: Runtime, book: Book, phone: Phone) -> None:
    visit = book(patient={"phone": PHONE, "email": None})
    assert {channel for _, channel, _ in by(run, visit)} == {"call"}
    told, reminder, *_ = rows(run, visit)
    assert go(run, phone, told, reminder) == ["sent", "sent"]
    assert tasks(run) == [("call", visit), ("call", visit)]


# --------------------------------------------------------------------------------------------- on their way


def test_a_text_says_what_it_may_and_no_more(run: Runtime, book: Book, phone: Phone) -> None:
    visit = texted(book)
    assert go(run, phone, text_of(run, visit, MessageKind.CONFIRMED)) == ["sent"]
    (text,) = phone.texts
    assert text.to == PHONE
    assert text.body.startswith("Example Clinic: confirmed: Dr. One, ")
    assert "https://visits.example/v/" in text.body
    assert "Pat" not in text.body
    assert len(text.body) <= 160


def test_a_text_bears_the_moment_of_its_attempt_by_the_clock_of_the_database(
    run: Runtime, book: Book, phone: Phone
) -> None:
    """Gateways refuse what is signed at another time than theirs: that of no host, and of no rehearsal."""
    visit = texted(book)
    go(run, phone, text_of(run, visit, MessageKind.CONFIRMED))
    (text,) = phone.texts
    assert 0 <= (now(run) - run.db.offset).timestamp() - text.timestamp < 60


def test_a_number_of_several_patients_tells_them_apart_by_initials(
    run: Runtime, book: Book, phone: Phone
) -> None:
    texted(book)
    visit = texted(book, at(9, 10), name="Zoë Núñez López")
    go(run, phone, text_of(run, visit, MessageKind.CONFIRMED))
    assert [text.body.partition(":")[2][:18] for text in phone.texts if "Z.L." in text.body] == [
        " confirmed (Z.L.):"
    ]


@pytest.mark.parametrize("name", ["Иван Петров", "王小明"])
def test_a_name_in_another_script_is_no_obstacle(run: Runtime, book: Book, phone: Phone, name: str) -> None:
    texted(book)
    visit = texted(book, at(9, 10), name=name)
    assert go(run, phone, text_of(run, visit, MessageKind.CONFIRMED)) == ["sent"]


def test_a_number_gets_one_reminder_a_day_and_the_rest_by_mail(
    run: Runtime, book: Book, phone: Phone
) -> None:
    first, second = (texted(book, at(8, hour)) for hour in (10, 11))
    run.db.offset += at(7, 9) - now(run)
    reminders = [text_of(run, each, MessageKind.REMINDER) for each in (first, second)]
    assert go(run, phone, *reminders) == ["sent", "skipped"]
    assert len(phone.texts) == 1
    instead = [each for each in rows(run, second, MessageKind.REMINDER) if each.offset_minutes == 1440]
    assert {(each.channel, each.state) for each in instead} == {("sms", "skipped"), ("email", "pending")}


def test_without_mail_a_reminder_too_many_is_somebodys_task(run: Runtime, book: Book, phone: Phone) -> None:
    visits = [texted(book, at(8, hour), email=None) for hour in (10, 11)]
    run.db.offset += at(7, 9) - now(run)
    earlier, reminders = zip(*(rows(run, each, MessageKind.REMINDER) for each in visits), strict=True)
    for each in earlier:
        change(run, each.id, state=MessageState.EXPIRED)
    assert go(run, phone, *reminders) == ["sent", "skipped"]
    assert rows(run, visits[1], MessageKind.REMINDER)[-1].channel == "call"


def test_two_workers_at_one_number_send_one_reminder(run: Runtime, book: Book, phone: Phone) -> None:
    visits = [texted(book, at(8, 9 + count)) for count in range(4)]
    run.db.offset += at(7, 9) - now(run)
    reminders = [text_of(run, each, MessageKind.REMINDER) for each in visits]
    for each in reminders:
        change(run, each.id, next_at=now(run))
    room = PostRoom(run.desk, {**run.channels, ChannelName.SMS: phone}, "worker")
    hands = [threading.Thread(target=deliver, args=(room, each.id)) for each in reminders]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len([text for text in phone.texts if "reminder" in text.body]) == 1


def test_a_reminder_that_an_outage_kept_until_night_is_mailed(run: Runtime, book: Book, phone: Phone) -> None:
    visit = texted(book, at(8, 10))
    run.db.offset += at(7, 22) - now(run)
    assert go(run, phone, text_of(run, visit, MessageKind.REMINDER)) == ["skipped"]
    assert ("reminder", "email", "pending") in by(run, visit)[-1:]
    assert phone.texts == []


def test_without_mail_it_waits_for_the_morning(run: Runtime, book: Book, phone: Phone) -> None:
    visit = texted(book, at(8, 15), email=None)
    run.db.offset += at(7, 22) - now(run)
    reminder = rows(run, visit, MessageKind.REMINDER)[-1]
    assert go(run, phone, reminder) == ["pending"]
    assert row(run, reminder.id).next_at == at(8, 8)


# ----------------------------------------------------------------------------------------------- what stops


def test_stop_moves_what_is_planned_to_mail_and_without_mail_to_the_phone(run: Runtime, book: Book) -> None:
    with_mail, without = texted(book), book(at(9, 10), patient={"phone": OTHER, "email": None}, **AGREED)
    stop(run, with_mail)
    assert {state for _, channel, state in by(run, with_mail) if channel == "sms"} == {"skipped"}
    reminders = [each for each in rows(run, with_mail, MessageKind.REMINDER) if each.state == "pending"]
    assert [each.channel for each in reminders] == ["email", "email"]
    stop(run, without)
    assert {channel for _, channel, state in by(run, without) if state == "pending"} == {"call"}


def test_a_dead_mail_address_moves_what_is_planned_to_texts(run: Runtime, book: Book) -> None:
    visit = texted(book)
    stop(run, visit, ChannelName.EMAIL)
    waiting = {(each.kind, each.channel) for each in rows(run, visit) if each.state == "pending"}
    assert waiting == {("confirmed", "sms"), ("reminder", "sms"), ("join", "sms")}
    assert len(rows(run, visit, MessageKind.REMINDER)) == 3, "one was a text already"


def test_a_text_in_a_workers_hands_stops_at_the_fence(run: Runtime, book: Book, phone: Phone) -> None:
    visit = texted(book)
    text = text_of(run, visit, MessageKind.CONFIRMED)

    class Late(Phone):
        def deliver(self, text: Text, fence: Fence) -> Outcome:
            stop(run, visit)
            return super().deliver(text, fence)

    late = Late()
    assert go(run, late, text) == ["skipped"]
    assert late.texts == []


@pytest.mark.parametrize(
    ("remedy", "kind"),
    [
        (Remedy.OPTED_OUT, "opted-out"),
        (Remedy.NUMBER_DEAD, "number-dead"),
        (Remedy.NO_TEXTS, "number-dead"),
    ],
)
def test_what_the_provider_says_of_a_number_ends_texts_to_it(
    run: Runtime, book: Book, phone: Phone, remedy: Remedy, kind: str
) -> None:
    visit = texted(book)
    phone.answer = Outcome(Verdict.ADDRESS, "400 21610", remedy=remedy)
    assert go(run, phone, text_of(run, visit, MessageKind.CONFIRMED)) == ["failed"]
    assert {state for _, channel, state in by(run, visit) if channel == "sms"} == {"failed", "skipped"}
    assert sorted(tasks(run)) == [("call", visit), (kind, visit)]
    with run.db.transaction() as session:
        assert session.scalars(select(Suppression.reason)).all() == [remedy]


def test_a_text_that_a_carrier_filters_goes_another_way_and_says_nothing_of_the_number(
    run: Runtime, book: Book, phone: Phone
) -> None:
    visit = texted(book)
    run.db.offset += at(7, 11) - now(run)
    phone.answer = Outcome(Verdict.ADDRESS, "400 30007", remedy=Remedy.FILTERED)
    texts = [text_of(run, visit, kind) for kind in (MessageKind.CONFIRMED, MessageKind.REMINDER)]
    assert go(run, phone, *texts) == ["failed", "failed"]
    assert sorted(tasks(run), key=str) == [("call", visit), ("texts-filtered", None)]
    instead = [each for each in rows(run, visit, MessageKind.REMINDER) if each.offset_minutes == 1440]
    assert {(each.channel, each.state) for each in instead} == {("sms", "failed"), ("email", "pending")}
    with run.db.transaction() as session:
        assert session.scalars(select(Suppression.reason)).all() == []


# ------------------------------------------------------------------------------------------------- in doubt


def test_a_text_of_which_nobody_knows_is_asked_after_and_not_sent_again(
    run: Runtime, book: Book, phone: Phone
) -> None:
    text = text_of(run, texted(book), MessageKind.CONFIRMED)
    phone.answer = Outcome(Verdict.UNKNOWN)
    assert go(run, phone, text) == ["pending"]
    phone.found = Outcome(Verdict.LATER)
    assert go(run, phone, text) == ["pending"]
    phone.found = Outcome(Verdict.SENT, reference="SM7")
    assert go(run, phone, text) == ["sent"]
    assert (len(phone.texts), phone.asked, row(run, text.id).provider_ref) == (1, 2, "SM7")
    assert [each.verdict for each in attempts(run, text.id)] == ["unknown", "later", "sent"]


def test_one_that_the_provider_does_not_know_stays_unknown_and_somebody_calls(
    run: Runtime, book: Book, phone: Phone
) -> None:
    visit = texted(book)
    text = text_of(run, visit, MessageKind.CONFIRMED)
    phone.answer = Outcome(Verdict.UNKNOWN)
    assert go(run, phone, text) == ["pending"]
    assert go(run, phone, text) == ["unknown"]
    assert len(phone.texts) == 1
    assert tasks(run) == [("call", visit)]


def test_one_whose_worker_died_in_the_middle_is_asked_after(run: Runtime, book: Book, phone: Phone) -> None:
    text = text_of(run, texted(book), MessageKind.CONFIRMED)
    claim_at(run, text.id)
    change(run, text.id, state=MessageState.HANDOFF, handoffs=1)
    reaper = Reaper(lease=0)
    with run.db.transaction() as session:
        reaper.reap(session, run.db.now(session))
    assert row(run, text.id).state == "pending"
    phone.found = Outcome(Verdict.SENT, reference="SM7")
    assert go(run, phone, text) == ["sent"]
    assert phone.texts == []


# ----------------------------------------------------------------------------------------- by phone as well


def test_a_change_by_the_clinic_within_a_day_is_called_too_until_the_patient_confirms(
    run: Runtime, book: Book
) -> None:
    visit = book(at(2, 9))
    with run.db.transaction() as session:
        session.execute(update(Message).values(state=MessageState.SENT))
    run.db.offset += at(1, 10) - now(run)
    carry_out(run.desk, Order(visit, Act.CANCEL, STAFF), advance)
    assert tasks(run) == [("call", visit)]


def test_the_patients_own_change_and_one_long_before_need_no_call(run: Runtime, book: Book) -> None:
    soon, late = book(at(2, 9)), book(at(9, 9))
    run.db.offset += at(1, 10) - now(run)
    carry_out(run.desk, Order(soon, Act.CANCEL, PATIENT), advance)
    carry_out(run.desk, Order(late, Act.CANCEL, STAFF), advance)
    assert tasks(run) == []


def test_a_confirmation_by_the_patient_ends_the_call(run: Runtime, book: Book, phone: Phone) -> None:
    visit = book(patient={"phone": PHONE, "email": None})
    go(run, phone, rows(run, visit)[0])
    carry_out(run.desk, Order(visit, Act.CONFIRM, PATIENT), confirm)
    assert tasks(run) == []


def test_news_that_expire_before_the_visit_are_told_by_phone(run: Runtime, book: Book) -> None:
    visit = book()
    told = rows(run, visit)[0]
    change(run, told.id, expires_at=now(run) - timedelta(seconds=1))
    with run.db.transaction() as session:
        assert expire(session, run.db.now(session)) == 1
    assert (row(run, told.id).state, tasks(run)) == ("expired", [("call", visit)])


@pytest.mark.parametrize(
    ("state", "called"), [("pending", 0), ("sent", 0), ("skipped", 1), ("superseded", 1)]
)
def test_news_that_end_badly_are_told_by_phone_once(
    run: Runtime, book: Book, state: MessageState, called: int
) -> None:
    """Where nothing else reaches somebody, the same is on its way to the call list already."""
    visit = texted(book, email=None)
    told = text_of(run, visit, MessageKind.CONFIRMED)
    with run.db.transaction() as session:
        move_on(session, [told.id], run.db.now(session))
    by_phone = next(each for each in rows(run, visit, MessageKind.CONFIRMED) if each.channel == "call")
    change(run, by_phone.id, state=state)
    with run.db.transaction() as session:
        call_instead(session, [told.id], run.db.now(session))
    assert tasks(run) == [("call", visit)] * called


def test_a_channel_that_is_paused_for_long_is_gone_around_for_visits_that_are_soon(
    run: Runtime, book: Book
) -> None:
    soon, late = book(at(2, 9)), book(at(9, 9))
    with run.db.transaction() as session:
        at_once = run.db.now(session)
        session.add(ChannelPause(channel="email", since=at_once, reason="535", next_probe_at=at_once))
    with run.db.transaction() as session:
        assert relieve_at(session, run.db.now(session) + timedelta(minutes=29)) == 0
        assert relieve_at(session, run.db.now(session) + timedelta(minutes=31)) == 1
        assert relieve_at(session, run.db.now(session) + timedelta(minutes=32)) == 0
    assert [channel for kind, channel, _ in by(run, soon) if kind == "confirmed"] == ["email", "call"]
    assert {channel for _, channel, _ in by(run, late)} == {"email"}


def pause(run: Runtime, *channels: ChannelName) -> None:
    with run.db.transaction() as session:
        since = run.db.now(session) - timedelta(minutes=31)
        for each in channels:
            session.add(ChannelPause(channel=each, since=since, reason="off", next_probe_at=since))


def relieve(run: Runtime) -> int:
    with run.db.transaction() as session:
        return relieve_at(session, run.db.now(session))


def kept_back(run: Runtime, book: Book, **patient: Any) -> UUID:
    """A visit of tomorrow, of which nothing is left to be told but the reminder, by text."""
    visit = texted(book, **patient)
    run.db.offset += at(7, 11) - now(run)
    for each in rows(run, visit):
        if each.kind != MessageKind.REMINDER or each.offset_minutes != 1440:
            change(run, each.id, state=MessageState.SENT)
    return visit


def a_day_before(run: Runtime, visit: UUID) -> set[tuple[str, str]]:
    """The reminder of the day before: by which channels, and in which state."""
    reminders = rows(run, visit, MessageKind.REMINDER)
    return {(each.channel, each.state) for each in reminders if each.offset_minutes == 1440}


def test_while_nobody_takes_texts_reminders_go_by_mail(run: Runtime, book: Book) -> None:
    visit = kept_back(run, book)
    pause(run, ChannelName.SMS)
    assert (relieve(run), relieve(run)) == (1, 0)
    assert a_day_before(run, visit) == {("sms", "skipped"), ("email", "pending")}


def test_a_reminder_that_could_only_be_called_waits_and_floods_no_call_list(run: Runtime, book: Book) -> None:
    visit = kept_back(run, book, email=None)
    pause(run, ChannelName.SMS)
    assert relieve(run) == 0
    assert a_day_before(run, visit) == {("sms", "pending")}


def test_between_two_channels_that_are_both_paused_nothing_goes_to_and_fro(run: Runtime, book: Book) -> None:
    visit = kept_back(run, book)
    pause(run, ChannelName.SMS, ChannelName.EMAIL)
    assert relieve(run) == 0
    assert a_day_before(run, visit) == {("sms", "pending")}


# ------------------------------------------------------------------------------------------------- answers


def test_a_reminder_offers_an_answer_only_where_somebody_reads_it(
    run: Runtime, book: Book, phone: Phone
) -> None:
    visits = texted(book), texted(book, at(8, 11), phone=OTHER)
    reminders = [text_of(run, each, MessageKind.REMINDER) for each in visits]
    run.db.offset += at(7, 9) - now(run)
    go(run, phone, reminders[0])
    listening = replace(run, desk=replace(run.desk, reads_texts=True))
    go(listening, phone, reminders[1])
    first, second = (text.body for text in phone.texts)
    assert ("C=confirm" in first, "C=confirm" in second) == (False, True)
    assert "STOP=end" in first and "STOP=end" in second
