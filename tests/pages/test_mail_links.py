"""The pages behind the small links of mails: no more reminders, and "Not you?"."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.channels.mime import Mail, compose
from scheduler.db.models import Message, Recipient, RefusedReminders, Suppression
from scheduler.domain.messages import WORDLESS, ChannelName, MessageKind, Queue
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.outbox.content import mail_of
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.people.links import holder
from scheduler.services.people.recipients import UNSUBSCRIBE
from tests.outbox.conftest import (
    Book,
    add_messages,
    book,
    claim_at,
    claimed,
    first,
    now,
    room,
    row,
    rows,
    smtp,
)
from tests.outbox.postbox import Postbox
from tests.smtp import ScriptedServer

__all__ = ["book", "room", "smtp"]

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def mail(run: Runtime, message: int) -> Mail:
    with run.db.transaction() as session:
        return mail_of(session, run.desk, claimed(run, message))


def reminders(run: Runtime, visit: UUID, **more: object) -> list[int]:
    return add_messages(run, visit, MessageKind.REMINDER, **{"queue": Queue.BULK, **more})  # type: ignore[arg-type]


@pytest.fixture
def visit(book: Book) -> UUID:
    return book()


@pytest.fixture
def stop(run: Runtime, visit: UUID) -> str:
    """The path of the link in a reminder."""
    return stop_links(run, reminders(run, visit))[0]


def stop_links(run: Runtime, due: list[int]) -> list[str]:
    """The paths of the links in reminders that a worker handed over in one batch."""
    post = Postbox()
    deliver(PostRoom(run.desk, {ChannelName.EMAIL: post}, "test"), due[0])
    links = [each.unsubscribe for each in post.mails]
    assert len(links) == len(due)
    return [each.removeprefix(run.desk.public_url) for each in links if each]


def refused(run: Runtime) -> int:
    with run.db.transaction() as session:
        return len(session.scalars(select(RefusedReminders.email_hash)).all())


def test_a_reminder_says_how_to_have_no_more_and_other_mails_do_not(run: Runtime, visit: UUID) -> None:
    (reminder,) = reminders(run, visit)
    sent = mail(run, reminder)
    head = compose(sent).decode().partition("\r\n\r\n")[0].replace("\r\n ", " ")
    assert f"List-Unsubscribe: <{sent.unsubscribe}>" in head
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    assert sent.unsubscribe
    assert sent.unsubscribe in sent.text
    assert sent.unsubscribe in sent.html
    told = mail(run, first(run, visit))
    assert b"unsubscribe" not in compose(told).lower()
    assert told.unsubscribe is None


def test_a_retry_has_the_same_link(run: Runtime, visit: UUID) -> None:
    (reminder,) = reminders(run, visit)
    held = claimed(run, reminder)
    with run.db.transaction() as session:
        one, two = (compose(mail_of(session, run.desk, held)) for _ in "ab")
    assert one == two


def test_of_a_batch_of_reminders_each_link_stops_those_of_its_own_reader(
    client: FlaskClient, run: Runtime, book: Book, visit: UUID
) -> None:
    both = visit, book()
    links = stop_links(run, [*reminders(run, both[0]), *reminders(run, both[1])])
    assert [client.get(each).status_code for each in links] == [200, 200]
    with run.db.transaction() as session:
        tokens = [each.rpartition("/")[2] for each in links]
        holders = [holder(session, each, UNSUBSCRIBE, run.db.offset) for each in tokens]
    assert {each.visit for each in holders if each} == {*both}


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_mail_program_needs_one_click(client: FlaskClient, run: Runtime, stop: str, kind: str) -> None:
    for _ in range(2):
        answer = client.post(stop, data=ONE_CLICK, content_type=kind)
        assert (answer.status_code, answer.data) == (204, b"")
    assert refused(run) == 1


def test_reminders_stop_and_everything_else_goes_on(
    client: FlaskClient, run: Runtime, stop: str, visit: UUID, room: PostRoom, smtp: ScriptedServer
) -> None:
    client.post(stop, data=ONE_CLICK)
    (later,) = reminders(run, visit, offset_minutes=99)
    for message in (later, first(run, visit)):
        deliver(room, message)
    assert row(run, later).state == "skipped"
    assert row(run, first(run, visit)).state == "sent"
    assert len(smtp.messages) == 1


def test_scanners_that_look_or_submit_what_they_find_change_nothing(
    client: FlaskClient, run: Runtime, stop: str
) -> None:
    for _ in range(3):
        page = client.get(stop)
        assert client.head(stop).status_code == 200
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert "checked" not in page.text
    assert "One-Click" not in page.text
    answer = client.post(stop, data={"reminders": ""})
    assert (answer.status_code, refused(run)) == (422, 0)
    assert '<a href="#reminders">Please choose one of the two answers.</a>' in answer.text
    assert "<title>Error: Reminders by email" in answer.text


def test_somebody_chooses_on_the_page_and_changes_their_mind(
    client: FlaskClient, run: Runtime, stop: str
) -> None:
    assert client.post(stop, data={"reminders": "off"}).status_code == 303
    assert "We send no reminders" in client.get(stop).text
    assert refused(run) == 1
    assert client.post(stop, data={"reminders": "on"}).status_code == 303
    assert "We send reminders" in client.get(stop).text
    assert refused(run) == 0


def test_another_site_cannot_choose(client: FlaskClient, run: Runtime, stop: str) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post(stop, data={"reminders": "off"}, headers=headers).status_code == 403
    assert refused(run) == 0


@pytest.mark.parametrize("page", ["unsubscribe", "not-you"])
def test_a_link_that_nobody_was_given_opens_nothing(
    client: FlaskClient, run: Runtime, visit: UUID, page: str
) -> None:
    for token in ("nothing", "0" * 22, _token(run, visit, "manage")):
        assert client.get(f"/{page}/{token}").status_code == 404
        assert client.post(f"/{page}/{token}", data=ONE_CLICK).status_code == 404


def test_staff_see_who_wants_no_reminders(client: FlaskClient, run: Runtime, stop: str, visit: UUID) -> None:
    def told() -> dict[str, Any]:
        answer = client.get(f"/v1/visits/{visit}", headers={"Authorization": f"Bearer {key}"})
        recipient: dict[str, Any] = answer.get_json()["recipients"][0]
        return recipient

    with run.db.transaction() as session:
        key = create_key(session, "desk", frozenset({Scope.VISITS}), run.db.now(session))
    assert (told()["reminders"], told()["answer"]) == (True, None)
    client.post(stop, data=ONE_CLICK)
    assert told()["reminders"] is False


# ------------------------------------------------------------------------------------------------ not you


def _token(run: Runtime, visit: UUID, purpose: str) -> str:
    with run.db.transaction() as session:
        who = session.scalars(select(Recipient).where(Recipient.visit_id == visit)).one()
    return run.desk.token(who.link_key, visit, who.id, purpose, 0)


def suppressed(run: Runtime) -> int:
    with run.db.transaction() as session:
        return len(session.scalars(select(Suppression.reason)).all())


def due(run: Runtime, message: Message) -> bool:
    return message.channel == "email" and message.state == "pending" and message.due_at <= now(run)


def test_every_mail_asks_whether_it_is_for_somebody_else(run: Runtime, visit: UUID) -> None:
    link = run.desk.not_you_link(_token(run, visit, "not_you"))
    others = set(MessageKind) - WORDLESS - {MessageKind.ALERT, MessageKind.CONFIRMED}
    for kind in others:
        add_messages(run, visit, kind)
    held = claim_at(run, first(run, visit))
    while waiting := [each.id for each in rows(run, visit) if due(run, each)]:
        held += claim_at(run, waiting[0])
    assert {each.kind for each in held} >= others
    with run.db.transaction() as session:
        for one in held:
            assert isinstance(one, Claimed)
            sent = mail_of(session, run.desk, one)
            assert link in sent.text
            assert link in sent.html


def test_whoever_is_not_the_patient_says_so_and_hears_nothing_more(
    client: FlaskClient, run: Runtime, visit: UUID
) -> None:
    path = f"/not-you/{_token(run, visit, 'not_you')}"
    page = client.get(path)
    assert page.status_code == 200
    assert "checked" not in page.text
    answer = client.post(path, data={"person": ""})
    assert (answer.status_code, suppressed(run)) == (422, 0)
    assert '<a href="#person">Please tick the box, or close this page' in answer.text
    answer = client.post(path, data={"person": "other"})
    assert (answer.status_code, suppressed(run)) == (200, 1)
    assert "We write no more to this address." in answer.text
