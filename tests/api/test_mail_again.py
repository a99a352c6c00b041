"""An address was given up, and staff know that it is good: it gets mail again."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Message, Recipient, Suppression, VisitEvent
from scheduler.domain.messages import ChannelName, MessageState
from scheduler.domain.scopes import Scope
from scheduler.domain.visits import Act
from scheduler.services.inbound.receiving import receive
from scheduler.services.telling.suppressing import suppress
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.cast import at, patient
from tests.channels.inbound.letters import bounce, complaint
from tests.outbox.conftest import change, rows
from tests.outbox.postbox import Postbox, make_round

SHARED = "pat0@patients.example"

Visit = dict[str, Any]


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, *Scope)


@pytest.fixture
def visit(run: Runtime, client: FlaskClient) -> Visit:
    """Its confirmation has left."""
    made = booked(client)
    change(run, confirmation(run, made).id, state=MessageState.SENT, handoffs=1)
    return made


def confirmation(run: Runtime, visit: Visit) -> Message:
    return rows(run, UUID(visit["id"]))[0]


def again(client: FlaskClient, visit: Visit, who: Headers, status: int = 200, role: str = "patient") -> Visit:
    path = f"/v1/visits/{visit['id']}/mail-again"
    return said(client.post(path, json={"recipient": role}, headers=who), status)


def ended(client: FlaskClient, visit: Visit, staff: Headers) -> list[str | None]:
    """Why no mail goes to whom, as staff see it."""
    seen = said(client.get(f"/v1/visits/{visit['id']}", headers=staff))
    return [each["mail_ended"] for each in seen["recipients"]]


def reminded_by(run: Runtime, visit: Visit) -> set[str]:
    waiting = [each for each in rows(run, UUID(visit["id"])) if each.state == "pending"]
    return {each.channel for each in waiting if each.offset_minutes}


def acts(run: Runtime) -> list[tuple[str, str | None]]:
    told = select(VisitEvent.act, VisitEvent.reason).where(VisitEvent.act == Act.MAIL_AGAIN)
    with run.db.transaction() as session:
        return [(*each,) for each in session.execute(told)]


def suppressions(run: Runtime) -> list[str]:
    with run.db.transaction() as session:
        return list(session.scalars(select(Suppression.reason)))


@pytest.mark.parametrize(("letter", "why"), [(bounce, "bounced"), (complaint, "complaint")])
def test_an_address_that_was_given_up_gets_mail_again(
    run: Runtime, client: FlaskClient, visit: Visit, staff: Headers, letter: Callable[[str], bytes], why: str
) -> None:
    receive(run.desk, letter(confirmation(run, visit).message_id))
    assert ended(client, visit, staff) == [why]
    assert reminded_by(run, visit) == {"call"}
    seen = again(client, visit, staff)
    assert (seen["id"], seen["notify"], ended(client, visit, staff)) == (visit["id"], "email", [None])
    assert reminded_by(run, visit) == {"email"}
    assert acts(run) == [("mail-again", "patient")]
    with run.db.transaction() as session:
        noted = select(AuditEntry.actor, AuditEntry.object_id).where(AuditEntry.act == Act.MAIL_AGAIN)
        ((actor, of),) = session.execute(noted).all()
    assert (actor.startswith("staff:"), of) == (True, visit["id"])


def test_what_did_not_arrive_is_sent_again_when_staff_say_so_and_not_before(
    run: Runtime, client: FlaskClient, visit: Visit, staff: Headers
) -> None:
    mailed, box = confirmation(run, visit), Postbox()
    receive(run.desk, bounce(mailed.message_id))
    again(client, visit, staff)
    make_round(run, box)
    assert box.mails == []
    said(client.post(f"/v1/messages/{mailed.id}/resend", json={}, headers=staff), 202)
    make_round(run, box)
    assert [mail.recipient for mail in box.mails] == [SHARED]


def test_all_visits_of_the_address_are_reminded_by_mail_again(
    run: Runtime, client: FlaskClient, visit: Visit, staff: Headers
) -> None:
    other = booked(client, 1, start=at(9, 10).isoformat(), patient=patient(1, email=SHARED))
    receive(run.desk, bounce(confirmation(run, visit).message_id))
    assert reminded_by(run, other) == {"call"}
    again(client, visit, staff)
    assert reminded_by(run, other) == {"email"}
    assert ended(client, other, staff) == [None]


def test_an_address_that_gets_mail_stays_as_it_is(
    run: Runtime, client: FlaskClient, visit: Visit, staff: Headers
) -> None:
    again(client, visit, staff)
    assert acts(run) == []
    receive(run.desk, bounce(confirmation(run, visit).message_id))
    again(client, visit, staff)
    again(client, visit, staff)
    assert len(acts(run)) == 1


def test_mail_that_comes_back_once_more_gives_it_up_once_more(
    run: Runtime, client: FlaskClient, visit: Visit, staff: Headers
) -> None:
    for status in ("5.1.1", "5.1.10"):
        receive(run.desk, bounce(confirmation(run, visit).message_id, status))
        assert ended(client, visit, staff) == ["bounced"]
        again(client, visit, staff)
    assert reminded_by(run, visit) == {"email"}


def test_an_address_whose_reader_is_somebody_else_stays_without_mail(
    run: Runtime, client: FlaskClient, visit: Visit, staff: Headers
) -> None:
    with run.db.transaction() as session:
        hashed = session.scalars(select(Recipient.email_hash)).one()
        assert hashed
        suppress(session, ChannelName.EMAIL, hashed, Act.NOT_YOU, run.db.now(session))
    refused = again(client, visit, staff, 409)
    assert refused["type"].endswith("/problems/address-disowned")
    assert suppressions(run) == ["not-you"]
    assert ended(client, visit, staff) == ["not-you"]
    assert acts(run) == []


def test_nobody_but_staff_decides_it_and_of_people_whom_the_visit_has(
    run: Runtime, client: FlaskClient, visit: Visit, staff: Headers
) -> None:
    receive(run.desk, bounce(confirmation(run, visit).message_id))
    again(client, visit, patient_of(visit), 403)
    wrong = again(client, visit, staff, 422, "booked_by")
    assert wrong["errors"][0]["pointer"] == "/recipient"
    assert suppressions(run) == ["bounced"]
