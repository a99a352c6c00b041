"""Between two statements of somebody else: nobody is told twice, at an old number, or not at all."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Outcome, Verdict
from scheduler.db.models import Recipient
from scheduler.domain.actors import SYSTEM
from scheduler.domain.consents import Said
from scheduler.domain.messages import Hint, MessageKind, MessageState
from scheduler.domain.visits import Act
from scheduler.services.changes.agreeing import agree
from scheduler.services.changes.contact import ContactChange, change_contact
from scheduler.services.changes.scene import Order, Scene, carry_out, carry_out_within
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.outbox.fence import Passage, give_back
from scheduler.services.outbox.finishing import finish_once
from scheduler.services.outbox.sweeping import free
from scheduler.services.people.recipients import NOT_YOU, PATIENT
from scheduler.services.staff.evidence import send_again
from scheduler.services.telling.disowning import disown
from scheduler.services.telling.planning import enter
from tests.cast import at
from tests.outbox.conftest import Book, change, claim_at, claimed, finished, first, now, row, rows
from tests.outbox.postbox import act, reschedule
from tests.outbox.test_failed_reminders import MAIL, TEXT, a_day_before_it, ends, joins, reminder
from tests.outbox.test_fence import pass_fence
from tests.outbox.test_relieving import MINUTE, pause, relieve
from tests.outbox.test_texts import OTHER, PHONE, STAFF, a_day_before, tasks, text_of, texted


def reaching(**fields: object) -> Callable[[Scene], None]:
    """A patient is to be reached otherwise."""
    return partial(change_contact, change=ContactChange(fields))


def handed_over(run: Runtime, message: int) -> Claimed:
    held = claimed(run, message)
    assert pass_fence(run, held) is Passage.GO
    return held


def given_up(run: Runtime, book: Book) -> Claimed:
    """A mail that was handed over twice, and whose worker has been silent for a lease each time."""
    message = first(run, book())
    change(run, message, handoffs=1)
    held = handed_over(run, message)
    with run.db.transaction() as session:
        free(session, message, held.token, now(run))
    assert row(run, message).state == MessageState.UNKNOWN
    return held


# ------------------------------------------------------------ to whom, and with what links


def test_what_somebody_takes_while_a_number_is_being_changed_does_not_go_to_the_old_one(
    run: Runtime, book: Book
) -> None:
    """They would write it by what was committed, wait for the visit, and hand it over."""
    visit = texted(book)
    text = text_of(run, visit, MessageKind.CONFIRMED)
    with run.db.transaction() as session:
        carry_out_within(run.desk, Order(visit, Act.CONTACT, STAFF), reaching(phone=OTHER), session)
        assert claim_at(run, text.id) == []
    assert pass_fence(run, claimed(run, text.id)) is Passage.VOID, "nobody agreed to texts to that number"


def test_a_text_that_a_worker_has_in_hand_has_no_links_that_end_now(run: Runtime, book: Book) -> None:
    visit = texted(book)
    held = claimed(run, text_of(run, visit, MessageKind.CONFIRMED).id)
    with run.db.transaction() as session:
        who = session.scalars(select(Recipient).where(Recipient.visit_id == visit)).one()
    disown(run.desk, run.desk.token(who.link_key, visit, who.id, NOT_YOU, who.link_generation))
    assert pass_fence(run, held) is Passage.LOST
    assert pass_fence(run, claimed(run, held.id)) is Passage.GO


# ------------------------------------------------------------ reminders: one way, and one way


def test_a_reminder_that_was_planned_anew_while_a_worker_took_it_comes_once(
    run: Runtime, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = book(at(8, 10), patient={"phone": PHONE})
    a_day_before_it(run)
    mail = reminder(run, visit, MAIL).id
    change(run, mail, next_at=now(run))
    taken: list[Claimed] = []

    def take_and_enter(*args: Any) -> list[Hint]:
        taken.append(claimed(run, mail))
        return enter(*args)

    monkeypatch.setattr("scheduler.services.telling.rerouting.enter", take_and_enter)
    words = partial(agree, said=Said(("sms:1",)), client=None, role=PATIENT)
    carry_out(run.desk, Order(visit, Act.CONSENT, STAFF), words)
    with run.db.transaction() as session:
        give_back(session, taken[0], now(run))
    assert a_day_before(run, visit) == {("email", "skipped"), ("sms", "pending")}


def test_a_reminder_whose_text_failed_goes_by_mail_whatever_is_changed_about_its_patient(
    run: Runtime, book: Book
) -> None:
    visit = texted(book)
    a_day_before_it(run)
    assert ends(run, reminder(run, visit, TEXT), Verdict.REFUSED) == "failed"
    carry_out(run.desk, Order(visit, Act.CONTACT, STAFF), reaching(language="es"))
    assert a_day_before(run, visit) == {("sms", "failed"), ("email", "pending")}


def test_a_reminder_whose_mail_failed_waits_for_texts_that_are_paused(run: Runtime, book: Book) -> None:
    visit = texted(book)
    a_day_before_it(run)
    change(run, reminder(run, visit, TEXT).id, channel=MAIL)  # when they had agreed to no texts
    assert ends(run, reminder(run, visit, MAIL), Verdict.REFUSED) == "failed"
    pause(run, TEXT)
    assert relieve(run, 31 * MINUTE) == 0
    assert a_day_before(run, visit) == {("email", "failed"), ("sms", "pending")}


def test_a_way_in_whose_text_failed_and_whose_mail_no_server_takes_is_called(
    run: Runtime, book: Book
) -> None:
    visit = texted(book)
    run.db.offset += at(8, 9) - now(run)
    mail, text = joins(run, visit)
    assert ends(run, text) == "failed"
    assert ends(run, mail, Verdict.LATER) == "pending"
    assert [relieve(run, minutes * MINUTE) for minutes in (31, 32)] == [1, 0]
    assert [(each.channel, each.state) for each in joins(run, visit)] == [
        ("email", "pending"),
        ("sms", "failed"),
        ("call", "pending"),
    ]


# ------------------------------------------------------------ calls that nobody needs


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda run, visit: reschedule(run, visit, 9),
        lambda run, visit: act(run, visit, Act.CANCEL),
        lambda run, visit: carry_out(
            run.desk, Order(visit, Act.CONTACT, SYSTEM), reaching(email="new@patients.example")
        ),
    ],
    ids=["moved", "cancelled", "reached elsewhere"],
)
def test_nobody_says_by_phone_what_is_so_no_more(
    run: Runtime, book: Book, meanwhile: Callable[[Runtime, UUID], None]
) -> None:
    """What was on its way as it changed is refused after that."""
    visit = book()
    held = handed_over(run, first(run, visit))
    meanwhile(run, visit)
    assert finished(run, held, Verdict.ADDRESS) == MessageState.FAILED
    assert tasks(run) == []


def test_an_answer_that_comes_after_all_saves_the_call(run: Runtime, book: Book) -> None:
    held = given_up(run, book)
    assert len(tasks(run)) == 1
    assert finished(run, held, Verdict.SENT) == MessageState.SENT
    assert tasks(run) == []


# ------------------------------------------------------------ what is sent again


def test_a_record_is_not_taken_for_that_of_a_try_before_it_was_sent_again(run: Runtime, book: Book) -> None:
    """Our database was away for a moment; what was not written down would be handed over once more."""
    message = first(run, book())
    finished(run, claimed(run, message), Verdict.ADDRESS)
    send_again(run.desk, message, STAFF)
    held = handed_over(run, message)
    known = finish_once(run.db, held, Outcome(Verdict.SENT, "250"), "worker-1", now(run))
    assert known == row(run, message).state == MessageState.SENT


def test_a_worker_that_wakes_up_does_not_undo_that_staff_send_it_again(run: Runtime, book: Book) -> None:
    held = given_up(run, book)
    send_again(run.desk, held.id, STAFF)
    assert finished(run, held, Verdict.UNKNOWN) is None
    assert rows(run)[0].state == MessageState.PENDING
