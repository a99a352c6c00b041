"""Links that were lost, and links that came to somebody else."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Recipient, Suppression, Task, Visit, VisitEvent
from scheduler.domain.scopes import Scope
from scheduler.services.people.recipients import NOT_YOU
from tests.api.people import booked, patient_of, said, staff_with
from tests.cast import at, patient
from tests.services.asking import at_once

PAT = {"email": "pat0@patients.example", "birth_date": "1950-01-01"}
"""Patient number 0, as the tests' cast has them."""
PARENT = {"name": "Parent Example", "relationship": "parent", "email": "parent@patients.example"}


def ask(client: FlaskClient, **lost: object) -> TestResponse:
    answer = client.post("/v1/links", json=lost)
    assert answer.status_code == 202, answer.text
    return answer


def sent(run: Runtime) -> list[Message]:
    """Mails with links, in the order in which they were planned."""
    with run.db.transaction() as session:
        return list(session.scalars(select(Message).where(Message.kind == "links").order_by(Message.id)))


def roles(run: Runtime) -> list[str]:
    with run.db.transaction() as session:
        known = {each.id: each.role for each in session.scalars(select(Recipient))}
    return [known[each.recipient_id] for each in sent(run) if each.recipient_id]


def later(run: Runtime, **by: float) -> None:
    """Let time pass for what was asked until now."""
    with run.db.transaction() as session:
        session.execute(update(Message).values(created_at=Message.created_at - timedelta(**by)))


def test_whoever_names_contact_and_birth_date_gets_the_links_of_their_open_visits(
    client: FlaskClient, run: Runtime
) -> None:
    first, second = booked(client), booked(client, start=at(9, 10).isoformat())
    gone = booked(client, start=at(10, 10).isoformat())
    client.post(f"/v1/visits/{gone['id']}/cancel", json={}, headers=patient_of(gone))
    booked(client, 1, start=at(11, 10).isoformat())
    ask(client, **PAT)
    assert [str(each.visit_id) for each in sent(run)] == [first["id"], second["id"]]
    assert {(each.state, each.queue) for each in sent(run)} == {("pending", "urgent")}


def test_known_and_unknown_get_the_same_answer(client: FlaskClient, run: Runtime) -> None:
    booked(client)
    known = ask(client, **PAT)
    for unknown in (
        {"email": "nobody@patients.example", "birth_date": "1950-01-01"},
        {"email": "pat0@patients.example", "birth_date": "1950-01-02"},
        {"phone": "(409) 555-0188", "birth_date": "1950-01-01"},
    ):
        answer = ask(client, **unknown)
        same = {"X-Request-Id", "Date"}
        assert answer.data == known.data
        assert {k: v for k, v in answer.headers if k not in same} == {
            k: v for k, v in known.headers if k not in same
        }
    assert len(sent(run)) == 1


def test_a_phone_number_finds_the_visit_and_the_mail_goes_to_the_address_that_was_booked_with(
    client: FlaskClient, run: Runtime
) -> None:
    booked(client, patient=patient(phone="(409) 555-0123"))
    ask(client, phone="409-555-0123", birth_date="1950-01-01")
    assert roles(run) == ["patient"]


def test_who_left_only_a_number_gets_no_mail(client: FlaskClient, run: Runtime) -> None:
    booked(client, patient={"name": "Pat Example", "birth_date": "1950-01-01", "phone": "(409) 555-0123"})
    ask(client, phone="(409) 555-0123", birth_date="1950-01-01")
    assert sent(run) == []


def test_who_left_only_a_number_and_agreed_to_texts_gets_a_text(client: FlaskClient, run: Runtime) -> None:
    who = patient(0, email=None, phone="(409) 555-0123")
    visit = booked(client, patient=who, consents=["sms:1"])
    ask(client, phone="(409) 555-0123", birth_date=PAT["birth_date"])
    (text,) = sent(run)
    assert (text.channel, str(text.visit_id), text.state) == ("sms", visit["id"], "pending")
    ask(client, phone="(409) 555-0123", birth_date="1950-01-02")
    assert len(sent(run)) == 1


def test_a_dead_mail_address_gets_them_as_a_text(client: FlaskClient, run: Runtime) -> None:
    booked(client, patient=patient(0, phone="(409) 555-0123"), consents=["sms:1"])
    with run.db.transaction() as session:
        address = session.scalars(select(Recipient.email_hash)).one()
        session.add(Suppression(channel="email", contact_hash=address, since=at(1, 6), reason="test"))
    ask(client, **PAT)
    assert [each.channel for each in sent(run)] == ["sms"]


def test_a_helper_gets_the_helpers_links_and_nobody_else_any(client: FlaskClient, run: Runtime) -> None:
    booked(client, booked_by={**PARENT, "receives": "nothing"})
    ask(client, email=PARENT["email"], birth_date="1950-01-01")
    assert roles(run) == ["booked_by"]


def test_an_old_address_gets_no_links(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    change = {"email": "new@patients.example"}
    said(client.patch(f"/v1/visits/{visit['id']}/contact", json=change, headers=patient_of(visit)))
    ask(client, **PAT)
    assert sent(run) == []
    ask(client, **{**PAT, **change})
    assert roles(run) == ["patient"]


def test_a_visit_that_is_over_has_no_links_to_send(client: FlaskClient, run: Runtime) -> None:
    booked(client)
    with run.db.transaction() as session:
        past = run.db.now(session) - timedelta(minutes=1)
        session.execute(update(Visit).values(starts_at=past - timedelta(minutes=15), ends_at=past))
    ask(client, **PAT)
    assert sent(run) == []


def test_asked_again_and_again_it_sends_once_in_ten_minutes_and_three_times_a_day(
    client: FlaskClient, run: Runtime
) -> None:
    booked(client)
    counts = []
    for _ in range(5):
        ask(client, **PAT)
        ask(client, **PAT)
        counts.append(len(sent(run)))
        later(run, minutes=11)
    assert counts == [1, 2, 3, 3, 3]
    later(run, days=1)
    ask(client, **PAT)
    assert [each.offset_minutes for each in sent(run)] == [0, 1, 2, 3]


def test_asked_by_many_at_once_it_sends_once(client: FlaskClient, run: Runtime) -> None:
    booked(client)

    def call(_: int) -> int:
        return client.application.test_client().post("/v1/links", json=PAT).status_code

    assert set(at_once(call, range(8))) == {202}
    assert len(sent(run)) == 1


@pytest.mark.parametrize(
    ("lost", "pointer", "code"),
    [
        ({"birth_date": "1950-01-01"}, "", "no-contact"),
        ({"email": "pat0@patients.example"}, "/birth_date", "required"),
        ({**PAT, "name": "Pat"}, "/name", "unknown-field"),
    ],
)
def test_what_is_not_enough_to_go_by_is_refused(
    client: FlaskClient, lost: dict[str, Any], pointer: str, code: str
) -> None:
    refused = said(client.post("/v1/links", json=lost), 422)
    assert [(each["pointer"], each["code"]) for each in refused["errors"]] == [(pointer, code)]


# --------------------------------------------------------------------------------------------- not you?


def not_you(run: Runtime, visit: dict[str, Any], role: str = "patient") -> dict[str, str]:
    with run.db.transaction() as session:
        found = select(Recipient).where(Recipient.visit_id == visit["id"], Recipient.role == role)
        who = session.scalars(found).one()
    token = run.desk.token(who.link_key, who.visit_id, who.id, NOT_YOU, who.link_generation)
    return {"Authorization": f"Bearer {token}"}


def disown(client: FlaskClient, headers: dict[str, str], status: int = 204) -> None:
    answer = client.post("/v1/not-you", json={}, headers=headers)
    assert answer.status_code == status, answer.text


def opens(client: FlaskClient, visit: dict[str, Any]) -> int:
    return client.get(f"/v1/visits/{visit['id']}", headers=patient_of(visit)).status_code


def test_who_is_not_the_patient_says_so_and_hears_nothing_more(client: FlaskClient, run: Runtime) -> None:
    first, second = booked(client), booked(client, start=at(9, 10).isoformat())
    others = booked(client, 1, start=at(10, 10).isoformat())
    disown(client, not_you(run, first))
    assert [opens(client, visit) for visit in (first, second, others)] == [401, 401, 200]
    with run.db.transaction() as session:
        states = select(Message.visit_id, Message.state).where(Message.channel == "email").distinct()
        assert {(str(visit), state) for visit, state in session.execute(states)} == {
            (first["id"], "skipped"),
            (second["id"], "skipped"),
            (others["id"], "pending"),
        }
        (row,) = session.scalars(select(Suppression)).all()
        assert (row.channel, row.reason) == ("email", "not-you")
        opened = session.execute(select(Task.kind, Task.visit_id).where(Task.done_at.is_(None)))
        assert {(kind, str(visit)) for kind, visit in opened} == {
            ("not-you", first["id"]),
            ("not-you", second["id"]),
        }
        instead = session.scalars(select(Message.channel).where(Message.state == "pending").distinct())
        assert set(instead) == {"email", "call"}, "somebody phones the patient instead"


def test_to_say_it_again_changes_nothing(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    headers = not_you(run, visit)
    for _ in range(3):
        disown(client, headers)
    with run.db.transaction() as session:
        assert session.scalars(select(Visit.version)).one() == 2
        assert session.scalars(select(VisitEvent.act).order_by(VisitEvent.id)).all() == ["book", "not-you"]
        assert len(session.scalars(select(Task)).all()) == 1


def test_many_who_say_it_at_once_say_it_once(client: FlaskClient, run: Runtime) -> None:
    headers = not_you(run, booked(client))

    def call(_: int) -> int:
        return client.application.test_client().post("/v1/not-you", json={}, headers=headers).status_code

    assert set(at_once(call, range(6))) == {204}
    with run.db.transaction() as session:
        assert session.scalars(select(Visit.version)).one() == 2


def test_nothing_is_planned_for_an_address_that_wants_nothing(client: FlaskClient, run: Runtime) -> None:
    disown(client, not_you(run, booked(client)))
    again = booked(client, start=at(9, 10).isoformat())
    assert again["notify"] == "call"
    ask(client, **PAT)
    with run.db.transaction() as session:
        planned = select(Message.channel).where(Message.visit_id == again["id"]).distinct()
        assert session.scalars(planned).all() == ["call"]
    staff = staff_with(run, *Scope)
    assert said(client.get(f"/v1/visits/{again['id']}", headers=staff))["notify"] == "call"


def test_the_right_address_brings_everything_back(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    disown(client, not_you(run, visit))
    staff = staff_with(run, *Scope)
    change = {"email": "right@patients.example"}
    changed = said(client.patch(f"/v1/visits/{visit['id']}/contact", json=change, headers=staff))
    assert changed["notify"] == "email"
    with run.db.transaction() as session:
        told = session.scalars(select(Message.kind).where(Message.state == "pending").order_by(Message.id))
        assert told.all() == ["confirmed", "reminder", "reminder", "join"]


def test_an_address_that_is_given_up_can_still_say_it(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    headers = not_you(run, visit)
    change = {"email": "right@patients.example"}
    changed = said(client.patch(f"/v1/visits/{visit['id']}/contact", json=change, headers=patient_of(visit)))
    disown(client, headers)
    token = changed["links"]["manage"].rsplit("/", 1)[-1]
    mine = {"Authorization": f"Bearer {token}"}
    assert client.get(f"/v1/visits/{visit['id']}", headers=mine).status_code == 200
    with run.db.transaction() as session:
        assert session.scalars(select(Task)).all() == []


def test_only_the_link_that_is_made_for_it_says_it(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    disown(client, {}, 401)
    disown(client, patient_of(visit), 401)
    disown(client, staff_with(run, *Scope), 401)
    assert client.get(f"/v1/visits/{visit['id']}", headers=not_you(run, visit)).status_code == 401
