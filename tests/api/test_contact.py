"""Reaching somebody elsewhere, and making links worthless."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Link, Message, Recipient, Visit, VisitEvent
from scheduler.domain.actors import PUBLIC
from scheduler.domain.errors import Unauthorized
from scheduler.domain.scopes import Scope
from scheduler.domain.visits import Act
from scheduler.services.changes.contact import ContactChange, change_contact
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import confirm
from scheduler.services.people.links import holder
from scheduler.services.people.recipients import JOIN, MANAGE, NOT_YOU, contact_of
from tests.api.people import Headers, booked, patient_of, said, staff_with
from tests.cast import at
from tests.services.asking import at_once

NEW = "pat.new@patients.example"
PARENT = {"name": "Parent Example", "relationship": "parent", "email": "parent@patients.example"}
ALSO, INSTEAD = ({**PARENT, "receives": receives} for receives in ("also", "instead"))


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, *Scope)


def patch(
    client: FlaskClient, visit: dict[str, Any], who: Headers, status: int = 200, **change: object
) -> dict[str, Any]:
    return said(client.patch(f"/v1/visits/{visit['id']}/contact", json=change, headers=who), status)


def revoke(
    client: FlaskClient, visit: dict[str, Any], who: Headers, status: int = 204, **body: object
) -> None:
    answer = client.post(f"/v1/visits/{visit['id']}/revoke-links", json=body, headers=who)
    assert answer.status_code == status, answer.text


def opens(client: FlaskClient, visit: dict[str, Any], token: str | Headers) -> int:
    headers = token if isinstance(token, dict) else {"Authorization": f"Bearer {token}"}
    return client.get(f"/v1/visits/{visit['id']}", headers=headers).status_code


def token_in(link: str) -> str:
    return link.rsplit("/", 1)[-1]


def people(run: Runtime) -> dict[str, Recipient]:
    with run.db.transaction() as session:
        return {each.role: each for each in session.scalars(select(Recipient))}


def token(run: Runtime, role: str, purpose: str = MANAGE) -> str:
    """The link as it is derived now."""
    who = people(run)[role]
    return run.desk.token(who.link_key, who.visit_id, who.id, purpose, who.link_generation)


def waiting(run: Runtime, role: str) -> list[tuple[str, int]]:
    """What is still to be said to somebody: kind and SEQUENCE."""
    pending = select(Message.kind, Message.sequence).where(
        Message.state == "pending", Message.recipient_id == people(run)[role].id
    )
    with run.db.transaction() as session:
        return [(kind, sequence) for kind, sequence in session.execute(pending.order_by(Message.id))]


def visit_row(run: Runtime) -> Visit:
    with run.db.transaction() as session:
        return session.scalars(select(Visit)).one()


# --------------------------------------------------------------------------------------------- a new address


def test_a_patient_with_a_new_address_gets_new_links_and_the_old_ones_open_nothing(
    client: FlaskClient, run: Runtime
) -> None:
    visit = booked(client)
    changed = patch(client, visit, patient_of(visit), email=NEW)
    assert (changed["sequence"], changed["status"]) == (1, "booked")
    assert opens(client, visit, visit["token"]) == 401
    assert opens(client, visit, token_in(changed["links"]["manage"])) == 200
    assert changed["links"]["join"] != visit["links"]["join"]
    assert [each["role"] for each in changed["recipients"]] == ["patient"]


def test_the_new_address_hears_of_the_visit_as_if_for_the_first_time(
    client: FlaskClient, run: Runtime
) -> None:
    visit = booked(client)
    patch(client, visit, patient_of(visit), email=NEW)
    assert waiting(run, "patient") == [("confirmed", 1), ("reminder", 1), ("reminder", 1), ("join", 1)]
    assert contact_of(run.desk, people(run)["patient"]).email == NEW
    assert waiting(run, "former:1") == []


def test_of_a_request_the_new_address_hears_that_it_was_received(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, visit_type="reviewed")
    patch(client, visit, patient_of(visit), email=NEW)
    assert waiting(run, "patient") == [("received", 1)]


def test_others_keep_their_links_and_everything_that_is_still_to_be_said_to_them(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client, booked_by=ALSO)
    before = waiting(run, "booked_by")
    patch(client, visit, staff, recipient="patient", email=NEW)
    assert waiting(run, "booked_by") == [(kind, 1) for kind, _ in before]
    assert opens(client, visit, visit["token"]) == 200
    assert token_in(visit["links"]["manage"]) == token(run, "booked_by")


def test_a_helper_changes_their_own_address_and_stays_who_they_are(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, booked_by=ALSO)
    changed = patch(client, visit, patient_of(visit), email=NEW)
    helper = next(each for each in changed["recipients"] if each["role"] == "booked_by")
    assert helper == {"role": "booked_by", "relationship": "parent", "receives": True}
    assert token_in(changed["links"]["manage"]) == token(run, "booked_by")
    assert opens(client, visit, token(run, "patient")) == 200


def test_nobody_but_staff_changes_how_others_are_reached_or_spares_the_notice(
    client: FlaskClient, staff: Headers
) -> None:
    visit = booked(client, booked_by=ALSO)
    patch(client, visit, patient_of(visit), 403, recipient="patient", email=NEW)
    patch(client, visit, patient_of(visit), 403, email=NEW, notice=False)
    said(client.get(f"/v1/visits/{visit['id']}", headers=patient_of(visit)))
    patch(client, visit, staff, recipient="patient", email=NEW, notice=False)


def test_a_former_recipient_is_shown_to_nobody(client: FlaskClient, staff: Headers) -> None:
    visit = booked(client)
    patch(client, visit, staff, email=NEW)
    seen = said(client.get(f"/v1/visits/{visit['id']}", headers=staff))
    assert [each["role"] for each in seen["recipients"]] == ["patient"]


def test_an_address_that_changes_twice_leaves_two_formers(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    changed = patch(client, visit, patient_of(visit), email=NEW)
    again = {"Authorization": f"Bearer {token_in(changed['links']['manage'])}"}
    assert patch(client, visit, again, email="third@patients.example")["sequence"] == 2
    assert set(people(run)) == {"patient", "former:1", "former:2"}


def test_it_is_written_down_who_changed_what(client: FlaskClient, run: Runtime, staff: Headers) -> None:
    visit = booked(client)
    patch(client, visit, staff, recipient="patient", email=NEW)
    with run.db.transaction() as session:
        event = session.scalars(select(VisitEvent).where(VisitEvent.act == "contact")).one()
        audited = session.scalars(select(AuditEntry).where(AuditEntry.act == "contact")).one()
    assert (event.actor, event.reason, event.sequence) == ("staff:front-desk", "patient", 1)
    assert (event.from_status, event.to_status) == ("booked", "booked")
    assert NEW not in str(audited.detail)


# ------------------------------------------------------------------------------------ the same, and in place


def test_the_same_contact_again_changes_nothing(client: FlaskClient, run: Runtime, staff: Headers) -> None:
    visit = booked(client)
    first = client.patch(f"/v1/visits/{visit['id']}/contact", json={"email": NEW}, headers=staff)
    again = client.patch(
        f"/v1/visits/{visit['id']}/contact", json={"email": NEW.replace("new", "NEW")}, headers=staff
    )
    assert (again.status_code, again.get_json(), again.headers["ETag"]) == (
        200,
        first.get_json(),
        first.headers["ETag"],
    )
    with run.db.transaction() as session:
        assert session.execute(select(func.count()).select_from(Recipient)).scalar_one() == 2
        assert session.execute(select(func.count()).select_from(VisitEvent)).scalar_one() == 2


def test_nothing_at_all_changes_nothing(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    assert patch(client, visit, patient_of(visit))["sequence"] == 0
    assert visit_row(run).version == 1


def test_language_zone_and_number_change_in_place(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    before = waiting(run, "patient")
    change: dict[str, Any] = {"language": "es", "timezone": "America/Denver", "phone": "(409) 555-0177"}
    changed = patch(client, visit, patient_of(visit), **change)
    assert (changed["sequence"], visit_row(run).version) == (0, 2)
    who = contact_of(run.desk, people(run)["patient"])
    assert (who.language, who.timezone, who.phone) == ("es", "America/Denver", "+14095550177")
    assert (waiting(run, "patient"), opens(client, visit, visit["token"])) == (before, 200)


def test_who_had_no_address_gets_one_and_keeps_the_links(client: FlaskClient, run: Runtime) -> None:
    somebody = {"name": "Pat Example", "birth_date": "1960-02-29", "phone": "(409) 555-0123"}
    visit = booked(client, patient=somebody)
    assert (visit["notify"], channels(run)) == ("call", {"call"})
    changed = patch(client, visit, patient_of(visit), email=NEW)
    assert (changed["notify"], changed["sequence"], changed["links"]) == ("email", 0, visit["links"])
    assert channels(run) == {"email", "call"}
    assert [kind for kind, _ in waiting(run, "patient")].count("reminder") == 2, "not by phone as well"


def told_by_both(client: FlaskClient, run: Runtime) -> dict[str, Any]:
    """A visit of which a mail and a text told, both with its links."""
    who = {"name": "Pat Example", "birth_date": "1960-02-29", "email": "pat@patients.example"}
    visit = booked(client, patient={**who, "phone": "(409) 555-0123"}, consents=["sms:1"])
    with run.db.transaction() as session:
        told = update(Message).where(Message.kind == "confirmed")
        session.execute(told.values(state="sent", handoffs=1))
    return visit


def test_who_has_another_number_is_mailed_the_links_that_replace_those_of_the_text(
    client: FlaskClient, run: Runtime
) -> None:
    visit = told_by_both(client, run)
    changed = patch(client, visit, patient_of(visit), phone="(409) 555-0177")
    assert opens(client, visit, visit["token"]) == 401
    assert ("links", 0) in waiting(run, "patient")
    assert channels(run) == {"email"}, "the new number wants no texts yet"
    again = {"Authorization": f"Bearer {token_in(changed['links']['manage'])}"}
    patch(client, visit, again, language="es")
    assert waiting(run, "patient").count(("links", 0)) == 1, "nothing ended"


def test_each_new_number_ends_links_of_texts_and_each_time_they_are_mailed_anew(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = told_by_both(client, run)
    for number in ("(409) 555-0177", "(409) 555-0178"):
        patch(client, visit, staff, phone=number)
    assert waiting(run, "patient").count(("links", 0)) == 2


def channels(run: Runtime) -> set[str]:
    """By which what waits is to go."""
    with run.db.transaction() as session:
        return set(session.scalars(select(Message.channel).where(Message.state == "pending")))


def test_an_address_can_be_taken_away_while_somebody_is_reachable(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    refused = patch(client, visit, patient_of(visit), 422, email=None)
    assert refused["errors"][0]["code"] == "no-contact"
    patch(client, visit, patient_of(visit), phone="(409) 555-0177")
    changed = patch(client, visit, patient_of(visit), email=None)
    assert changed["notify"] == "call"
    assert {kind for kind, _ in waiting(run, "patient")} == {"confirmed", "reminder", "join"}
    assert opens(client, visit, visit["token"]) == 401


def test_a_helper_who_is_told_is_somebody_reachable_and_one_who_hears_nothing_is_not(
    client: FlaskClient, staff: Headers
) -> None:
    with_helper = booked(client, booked_by=ALSO)
    patch(client, with_helper, staff, recipient="patient", email=None)
    silent = booked(client, 2, start=at(8, 14).isoformat(), booked_by={**PARENT, "receives": "nothing"})
    patch(client, silent, staff, 422, recipient="patient", email=None)


def test_a_language_that_the_clinic_does_not_write_is_refused(client: FlaskClient) -> None:
    visit = booked(client)
    refused = patch(client, visit, patient_of(visit), 422, language="vi")
    assert refused["errors"] == [
        {"pointer": "/language", "code": "not-offered", "detail": "The clinic does not offer this."}
    ]


def test_a_change_for_somebody_who_is_not_there_is_refused(client: FlaskClient, staff: Headers) -> None:
    visit = booked(client)
    refused = patch(client, visit, staff, 422, recipient="booked_by", email=NEW)
    assert refused["errors"][0]["pointer"] == "/recipient"
    patch(client, visit, staff, 422, recipient="former:1", email=NEW)


def test_of_a_visit_that_ended_no_contact_changes(client: FlaskClient) -> None:
    visit = booked(client)
    client.post(f"/v1/visits/{visit['id']}/cancel", json={}, headers=patient_of(visit))
    patch(client, visit, patient_of(visit), 409, email=NEW)


def test_who_is_in_the_waiting_room_is_not_told_of_the_visit_again(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client)
    client.post(f"/v1/visits/{visit['id']}/arrive", json={}, headers=staff)
    assert patch(client, visit, patient_of(visit), email=NEW)["status"] == "arrived"
    assert waiting(run, "patient") == []


# --------------------------------------------------------------------------------------------------- at once


def test_a_change_of_an_older_version_is_refused(client: FlaskClient, staff: Headers) -> None:
    visit = booked(client)
    patch(client, visit, {**staff, "If-Match": '"1"'}, email=NEW)
    patch(client, visit, {**staff, "If-Match": '"1"'}, 412, email="third@patients.example")


@pytest.mark.parametrize("day", [9, 10, 11, 14])
def test_a_new_address_and_a_new_time_at_once_are_both_told_there_and_only_once(
    client: FlaskClient, run: Runtime, staff: Headers, day: int
) -> None:
    visit = booked(client)
    calls: list[tuple[str, str, dict[str, object]]] = [
        ("PATCH", "contact", {"email": NEW}),
        ("POST", "reschedule", {"start": at(day, 11).isoformat()}),
    ]

    def call(each: tuple[str, str, dict[str, object]]) -> int:
        method, act, body = each
        path = f"/v1/visits/{visit['id']}/{act}"
        return (
            client.application.test_client().open(path, method=method, json=body, headers=staff).status_code
        )

    assert at_once(call, calls) == [200, 200]
    assert visit_row(run).sequence == 2
    told = waiting(run, "patient")
    assert [kind for kind, _ in told][1:] == ["reminder", "reminder", "join"]
    assert told[0][0] in ("changed", "confirmed")
    assert {sequence for _, sequence in told} == {2}
    assert waiting(run, "former:1") == []


def test_the_same_change_by_many_at_once_is_one_change(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client)

    def call(_: int) -> int:
        path = f"/v1/visits/{visit['id']}/contact"
        return client.application.test_client().patch(path, json={"email": NEW}, headers=staff).status_code

    assert set(at_once(call, range(6))) == {200}
    assert (visit_row(run).version, set(people(run))) == (2, {"patient", "former:1"})


def test_who_waited_for_the_visit_with_a_link_that_ended_meanwhile_changes_nothing(
    client: FlaskClient, run: Runtime
) -> None:
    visit = booked(client)
    who = people(run)["patient"].id
    mine = Order(UUID(visit["id"]), Act.CONTACT, PUBLIC, recipient=who, generation=0)
    carry_out(run.desk, mine, lambda scene: change_contact(scene, ContactChange({"email": NEW})))
    with pytest.raises(Unauthorized):
        carry_out(run.desk, replace(mine, act=Act.CONFIRM), confirm)
    assert visit_row(run).confirmed_at is None


# -------------------------------------------------------------------------------------------- revoked, ended


def test_revoked_links_open_nothing_and_others_take_their_place(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client, booked_by=ALSO)
    patients = token(run, "patient")
    revoke(client, visit, staff, recipient="patient")
    assert opens(client, visit, patients) == 401
    assert opens(client, visit, token(run, "patient")) == 200
    assert opens(client, visit, visit["token"]) == 200
    with run.db.transaction() as session:
        links = select(Link.purpose).where(Link.recipient_id == people(run)["patient"].id)
        assert sorted(session.scalars(links)) == ["join", "manage", "not_you", "not_you"]
        reason = session.scalars(select(VisitEvent.reason).where(VisitEvent.act == "revoke-links")).one()
    assert reason == "patient"


def test_messages_that_are_still_to_come_carry_the_new_links(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client)
    before = waiting(run, "patient")
    revoke(client, visit, staff, recipient="patient")
    assert (waiting(run, "patient"), visit_row(run).sequence) == (before, 0)


def test_only_staff_revoke_links(client: FlaskClient, staff: Headers) -> None:
    visit = booked(client)
    revoke(client, visit, patient_of(visit), 403, recipient="patient")
    revoke(client, visit, staff, 422, recipient="booked_by")
    revoke(client, visit, staff, 422, recipient="patient", end=True)
    assert opens(client, visit, visit["token"]) == 200


def test_a_helper_whose_access_ends_hears_nothing_more_and_the_patients_links_live(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client, booked_by=ALSO)
    patients, before = token(run, "patient"), waiting(run, "patient")
    for _ in range(2):
        revoke(client, visit, staff, recipient="booked_by", end=True)
    assert (opens(client, visit, visit["token"]), opens(client, visit, patients)) == (401, 200)
    assert (waiting(run, "former:1"), waiting(run, "patient")) == ([], before)
    assert visit_row(run).version == 2


def test_where_a_helper_heard_instead_the_patient_hears_from_then_on(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    visit = booked(client, booked_by=INSTEAD)
    assert waiting(run, "patient") == []
    revoke(client, visit, staff, recipient="booked_by", end=True)
    assert waiting(run, "patient") == [("confirmed", 0), ("reminder", 0), ("reminder", 0), ("join", 0)]
    assert people(run)["patient"].receives


def test_the_access_of_the_only_one_who_can_be_reached_is_not_ended(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    nobody = {"name": "Pat Example", "birth_date": "2015-02-28"}
    visit = booked(client, patient=nobody, booked_by=INSTEAD)
    revoke(client, visit, staff, 422, recipient="booked_by", end=True)
    assert opens(client, visit, visit["token"]) == 200


# ---------------------------------------------------------------------------------------------------- expiry


@pytest.fixture
def ended(client: FlaskClient, run: Runtime) -> Iterator[timedelta]:
    """How long ago a visit ended: it began now."""
    booked(client)
    with run.db.transaction() as session:
        ago = timedelta(minutes=45)
        now = run.db.now(session)
        session.execute(update(Visit).values(starts_at=now - 2 * ago, ends_at=now - ago))
    yield ago


@pytest.mark.parametrize(
    ("purpose", "lasts"),
    [(MANAGE, timedelta(days=7)), (NOT_YOU, timedelta(days=7)), (JOIN, timedelta(days=7))],
)
def test_links_open_something_for_a_while_after_the_visit(
    run: Runtime, ended: timedelta, purpose: str, lasts: timedelta
) -> None:
    link = token(run, "patient", purpose)
    with run.db.transaction() as session:
        over = run.db.offset - ended
        assert holder(session, link, purpose, over + lasts - timedelta(minutes=1)) is not None
        assert holder(session, link, purpose, over + lasts + timedelta(minutes=1)) is None
        for other in {MANAGE, JOIN, NOT_YOU} - {purpose}:
            assert holder(session, link, other, over) is None


def test_a_cancel_ends_no_link(client: FlaskClient) -> None:
    visit = booked(client)
    client.post(f"/v1/visits/{visit['id']}/cancel", json={}, headers=patient_of(visit))
    seen = said(client.get(f"/v1/visits/{visit['id']}", headers=patient_of(visit)))
    assert seen["status"] == "cancelled"
