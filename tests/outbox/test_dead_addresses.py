"""An address that a mail server refuses for good gets nothing more, and staff find out the right one."""

from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.channels.email import EmailChannel
from scheduler.db.models import Suppression, Task
from scheduler.domain.messages import ChannelName
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.cast import at
from tests.outbox.conftest import Book, rows
from tests.outbox.test_texts import AGREED, PHONE
from tests.smtp import ScriptedServer

GONE = "550 5.1.1 no such user"


def send(run: Runtime, visit: UUID, script: dict[str, str]) -> str:
    """Tries to mail the confirmation; its state."""
    told = rows(run, visit)[0]
    with ScriptedServer(script) as server:
        channel = EmailChannel(server.url(), deadline=5)
        deliver(PostRoom(run.desk, {**run.channels, ChannelName.EMAIL: channel}, "worker-1"), told.id)
        channel.close()
    return rows(run, visit)[0].state


def suppressed(run: Runtime) -> list[tuple[str, str]]:
    with run.db.transaction() as session:
        return [(*each,) for each in session.execute(select(Suppression.channel, Suppression.reason))]


def tasks(run: Runtime) -> list[tuple[str, UUID | None]]:
    with run.db.transaction() as session:
        return sorted((*each,) for each in session.execute(select(Task.kind, Task.visit_id)))


def pending(run: Runtime, visit: UUID) -> set[tuple[str, str]]:
    return {(each.kind, each.channel) for each in rows(run, visit) if each.state == "pending"}


@pytest.mark.parametrize(
    "answer", [GONE, "550 5.1.2 no such domain", "553 5.1.3 bad syntax", "550 5.2.1 disabled"]
)
def test_an_address_that_is_none_is_not_tried_again(run: Runtime, book: Book, answer: str) -> None:
    visit = book()
    assert send(run, visit, {"RCPT": answer}) == "failed"
    assert suppressed(run) == [("email", "address-dead")]
    assert tasks(run) == [("bounced", visit)]
    assert {channel for _, channel in pending(run, visit)} == {"call"}
    assert ("confirmed", "call") in pending(run, visit)


def test_who_can_be_texted_is(run: Runtime, book: Book) -> None:
    visit = book(at(8, 10), patient={"phone": PHONE}, **AGREED)
    send(run, visit, {"RCPT": GONE})
    assert pending(run, visit) == {("confirmed", "sms"), ("reminder", "sms"), ("join", "sms")}


def test_every_visit_with_that_address_is_told_of_it(run: Runtime, book: Book) -> None:
    one, other = (book(at(8, hour), patient={"email": "shared@patients.example"}) for hour in (10, 11))
    send(run, one, {"RCPT": GONE})
    assert tasks(run) == sorted([("bounced", one), ("bounced", other)])
    assert {channel for _, channel in pending(run, other)} == {"call"}


@pytest.mark.parametrize(
    ("step", "answer", "state"),
    [
        ("RCPT", "550 relaying denied", "failed"),
        ("RCPT", "550 5.4.1 access denied", "failed"),
        ("RCPT", "550 5.1.8 your domain has no mail server", "pending"),
        ("RCPT", "550 5.7.1 relaying denied", "pending"),
        ("RCPT", "552 5.2.2 full", "pending"),
        ("RCPT", "450 4.1.1 not now", "pending"),
        (".", "550 5.1.1 no such user", "failed"),
    ],
)
def test_what_may_be_said_of_us_marks_nobodys_address(
    run: Runtime, book: Book, step: str, answer: str, state: str
) -> None:
    visit = book()
    assert send(run, visit, {step: answer}) == state
    assert suppressed(run) == []
    assert tasks(run) in ([], [("call", visit)], [("channel-paused", None)])
