"""What is said by phone whatever else is sent: when such a call is opened, and what ends it."""

from datetime import datetime
from uuid import UUID

from scheduler.bootstrap import Runtime
from scheduler.channels.sms.reports import News, Report
from scheduler.domain.actors import SYSTEM
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.visits import Act
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance, confirm
from scheduler.services.inbound.receipts import take_report
from scheduler.services.staff.tasks import Wanted, list_tasks
from tests.cast import at
from tests.outbox.conftest import Book, change, now, row
from tests.outbox.test_texts import AGREED, OTHER, PATIENT, PHONE, STAFF, tasks, text_of, texted


def cancelled(run: Runtime, visit: UUID, when: datetime) -> None:
    run.db.offset += when - now(run)
    carry_out(run.desk, Order(visit, Act.CANCEL, STAFF), advance)


def reported(run: Runtime, message: int, news: News) -> None:
    """Its provider took it, and says what became of it."""
    change(run, message, state=MessageState.SENT, handoffs=1, provider_ref="SM1")
    take_report(run.desk, Report("SM1", row(run, message).message_id, PHONE, news))


def said(run: Runtime) -> list[str]:
    """The words of all calls that are open."""
    with run.db.transaction() as session:
        page = list_tasks(session, run.desk, Wanted(kind="call"), None, 50, STAFF, run.db.now(session))
    return [task.saying.words for task in page.items if task.saying]


def test_a_visit_that_the_clinic_cancels_shortly_before_is_called_though_the_text_waits(
    run: Runtime, book: Book
) -> None:
    visit = texted(book, at(3, 13), email=None)
    cancelled(run, visit, at(2, 22))
    assert text_of(run, visit, MessageKind.CANCELLED).due_at == at(3, 8)
    assert tasks(run) == [("call", visit)]
    assert "CANCELLED" in said(run)[0]


def test_a_request_that_nobody_answered_is_called_though_it_is_night_at_the_patient(
    run: Runtime, book: Book
) -> None:
    far: dict[str, object] = {"phone": OTHER, "email": None, "timezone": "Pacific/Honolulu"}
    visit = book(at(14, 10), visit_type="reviewed", patient=far, **AGREED)
    run.db.offset += at(3, 9, 1) - now(run)
    carry_out(run.desk, Order(visit, Act.EXPIRE, SYSTEM), advance)
    assert text_of(run, visit, MessageKind.EXPIRED).due_at > now(run)
    assert tasks(run) == [("call", visit)]


def test_a_call_that_must_be_made_is_not_ended_by_a_text_that_arrived(run: Runtime, book: Book) -> None:
    visit = texted(book, at(2, 13), email=None)
    cancelled(run, visit, at(1, 15))
    told = text_of(run, visit, MessageKind.CANCELLED)
    reported(run, told.id, News.DELIVERED)
    assert (row(run, told.id).state, tasks(run)) == ("delivered", [("call", visit)])
    assert "CANCELLED" in said(run)[0]


def test_it_ends_when_the_patient_confirms(run: Runtime, book: Book) -> None:
    visit = texted(book, at(2, 13))
    run.db.offset += at(1, 15) - now(run)
    carry_out(run.desk, Order(visit, Act.RESCHEDULE, STAFF), lambda scene: scene.tell(MessageKind.CHANGED))
    assert tasks(run) == [("call", visit)]
    carry_out(run.desk, Order(visit, Act.CONFIRM, PATIENT), confirm)
    assert tasks(run) == []
