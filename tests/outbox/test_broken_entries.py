"""A calendar object that is not as it must be goes to nobody, and somebody hears of it."""

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.calendars.invite import InviteFacts, Method, invite
from scheduler.db.models import Task
from scheduler.services.outbox import entries
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.outbox.conftest import Book, attempts, first, row
from tests.smtp import ScriptedServer


@pytest.fixture
def clumsy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that writes local times, as a later release of the library might."""

    def write(facts: InviteFacts, method: Method = Method.REQUEST) -> bytes:
        return invite(facts, method).replace(b"DTSTART:", b"DTSTART;TZID=America/Chicago:")

    monkeypatch.setattr(entries, "invite", write)


@pytest.mark.usefixtures("clumsy")
def test_a_broken_entry_is_not_sent_and_is_a_task_of_staff_at_once(
    run: Runtime, room: PostRoom, smtp: ScriptedServer, book: Book
) -> None:
    visit = book()
    message = first(run, visit)
    assert deliver(room, message) == 0
    assert smtp.messages == []
    assert (row(run, message).state, row(run, message).handoffs) == ("failed", 0)
    (attempt,) = attempts(run, message)
    assert attempt.verdict == "broken"
    assert attempt.detail == "a TZID; DTSTART is not in UTC"
    with run.db.transaction() as session:
        tasks = session.execute(select(Task.kind, Task.visit_id, Task.cause).order_by(Task.kind)).all()
    assert tasks == [("call", visit, f"message:{message}"), ("unsendable", visit, str(message))]
