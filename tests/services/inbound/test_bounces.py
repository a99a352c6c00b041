"""A mail came back: the message is marked, the address too if it is the address, and staff know."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import InboundMail, Suppression, Task, Visit
from scheduler.domain.inbound import address_is_bad
from scheduler.domain.messages import MessageState
from tests.cast import at
from tests.channels.inbound.letters import bounce, complaint
from tests.outbox.conftest import change, rows
from tests.services.inbound.conftest import Booked, booked


def suppressed(run: Runtime) -> list[tuple[str, str]]:
    with run.db.transaction() as session:
        return [(*each,) for each in session.execute(select(Suppression.channel, Suppression.reason))]


def test_an_address_that_is_none_gets_nothing_more(visit: Booked, run: Runtime) -> None:
    assert visit.get(bounce(visit.mailed.message_id)) == "bounced"
    assert visit.mailed.state == "bounced"
    assert suppressed(run) == [("email", "bounced")]
    assert visit.tasks == ["bounced"]
    assert {each.state for each in rows(run, visit.id)[1:] if each.channel == "email"} == {"skipped"}
    with run.db.transaction() as session:
        kept = session.execute(select(InboundMail.outcome, InboundMail.status, InboundMail.message_id)).one()
    assert tuple(kept) == ("bounced", "5.1.1", visit.mailed.id)


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.3.4", "4.4.7"])
def test_a_full_mailbox_or_a_policy_is_not_the_addresss_fault(
    visit: Booked, run: Runtime, status: str
) -> None:
    assert visit.get(bounce(visit.mailed.message_id, status)) == "bounced"
    assert visit.mailed.state == "bounced"
    assert suppressed(run) == []
    assert visit.tasks == ["bounced"]
    assert {each.state for each in rows(run, visit.id)[1:]} == {"pending"}


def test_a_block_that_comes_without_a_status_ends_mail_to_nobody(visit: Booked, run: Runtime) -> None:
    raw = bounce(visit.mailed.message_id, "5.0.0", diagnostic="550 5.7.1 blocked")
    assert visit.get(raw) == "bounced"
    assert (suppressed(run), visit.tasks) == ([], ["bounced"])


def test_a_late_mail_is_only_written_down(visit: Booked, run: Runtime) -> None:
    assert visit.get(bounce(visit.mailed.message_id, "4.4.1", "delayed")) == "delayed"
    assert (visit.mailed.state, visit.tasks, suppressed(run)) == ("sent", [], [])
    assert visit.outcomes == ["delayed"]


def test_a_complaint_ends_all_mail_though_it_arrived(visit: Booked, run: Runtime) -> None:
    assert visit.get(complaint(visit.mailed.message_id)) == "complaint"
    assert (visit.mailed.state, visit.tasks) == ("sent", ["bounced"])
    assert suppressed(run) == [("email", "complaint")]


def test_the_same_report_again_or_in_other_words_changes_nothing_more(visit: Booked, run: Runtime) -> None:
    visit.get(bounce(visit.mailed.message_id))
    finished = visit.mailed.finished_at
    assert visit.get(bounce(visit.mailed.message_id)) == "repeated"
    assert visit.get(bounce(visit.mailed.message_id, "5.1.10")) == "bounced"
    assert (visit.tasks, suppressed(run), visit.mailed.finished_at) == (
        ["bounced"],
        [("email", "bounced")],
        finished,
    )


NAMELESS = "From: x@x.example\r\n\r\n"


def test_a_report_of_nobody_knows_what_is_for_people(visit: Booked, run: Runtime) -> None:
    assert visit.get(bounce("f" * 32)) == "set-aside"
    assert visit.get(bounce(visit.mailed.message_id, returned=NAMELESS)) == "set-aside"
    assert visit.get(complaint("f" * 32)) == "set-aside"
    assert (visit.tasks, suppressed(run)) == (["mail-set-aside"], [])


def test_nobody_has_to_know_of_what_mail_it_is_that_it_is_late_or_was_read(visit: Booked) -> None:
    assert visit.get(bounce("f" * 32, "4.4.1", "delayed")) == "unknown"
    assert visit.get(bounce("f" * 32, "4.4.1", "delayed", returned=NAMELESS)) == "other"
    assert visit.get(bounce("f" * 32, "2.0.0", "delivered")) == "other"
    assert visit.tasks == []


def tasks_of(run: Runtime, visit: Booked) -> list[str]:
    mine = select(Task.kind).where(Task.visit_id == visit.id, Task.done_at.is_(None))
    with run.db.transaction() as session:
        return list(session.scalars(mine))


@pytest.mark.parametrize("letter", [bounce, complaint])
def test_each_visit_that_the_address_was_told_of_is_a_task(
    visit: Booked, run: Runtime, client: FlaskClient, letter: Callable[[str], bytes]
) -> None:
    other, gone = booked(run, client, start=at(8, 10)), booked(run, client, start=at(9, 10))
    gone.act("cancel")
    visit.get(letter(visit.mailed.message_id))
    assert [tasks_of(run, each) for each in (visit, other, gone)] == [["bounced"], ["bounced"], []]
    visit.get(letter(gone.mailed.message_id))
    assert [tasks_of(run, each) for each in (visit, other, gone)] == [["bounced"]] * 3


def test_that_a_visit_has_begun_is_no_reason_to_say_nothing(visit: Booked, run: Runtime) -> None:
    with run.db.transaction() as session:
        session.get_one(Visit, visit.id).starts_at = run.db.now(session) - timedelta(minutes=5)
    visit.get(bounce(visit.mailed.message_id, "5.2.2"))
    assert visit.tasks == ["bounced"]


def test_a_mail_that_did_not_leave_yet_cannot_come_back(visit: Booked) -> None:
    reminder = rows(visit.run, visit.id)[1]
    visit.get(bounce(reminder.message_id, "5.2.2"))
    assert rows(visit.run, visit.id)[1].state == "pending"


def test_that_a_visit_was_cancelled_did_not_reach_somebody(visit: Booked, run: Runtime) -> None:
    visit.act("cancel")
    told = rows(run, visit.id)[-1]
    change(run, told.id, state=MessageState.SENT, handoffs=1)
    assert visit.get(bounce(told.message_id)) == "bounced"
    assert visit.tasks == ["bounced"]


GONE = ["5.1.1", "5.1.2", "5.2.1", "5.4.4", "5.0.0", ""]
THERE = ["5.2.2", "5.7.26", "4.1.1", "5.10.1", "5.1.7", "5.1.8"]


def test_which_codes_speak_of_the_address() -> None:
    assert [each for each in GONE + THERE if address_is_bad(each)] == GONE
