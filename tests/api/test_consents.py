"""What patients agree to: asked before it matters, kept with the words, theirs to take back."""

import hashlib
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Consent, Recipient
from scheduler.domain.clinic import Mode
from scheduler.domain.scopes import Scope
from scheduler.services.people.consents import WANTS_TEXTS, agreed, lacking, wants_texts
from tests.api.people import booked, patient_of, said, staff_with
from tests.cast import at, wish
from tests.services.asking import put_in_force

TELEHEALTH = """
[[consents]]
kind = "telehealth"
version = "{version}"
modes = ["telemedicine"]
required = true
text = {{ en = "I agree to video {version}.", es = "Acepto el video {version}." }}

[holidays]"""
NUMBER = "+14095550123"
HELPER = {"name": "Kim Example", "relationship": "spouse", "phone": NUMBER, "receives": "also"}


def ask_for_telehealth(run: Runtime, version: str = "1") -> None:
    put_in_force(run, {"[holidays]": TELEHEALTH.format(version=version)})


def words(run: Runtime, visit: dict[str, Any]) -> list[Consent]:
    with run.db.transaction() as session:
        mine = select(Consent).where(Consent.visit_id == UUID(visit["id"])).order_by(Consent.id)
        return list(session.scalars(mine))


def test_the_clinic_shows_its_texts_in_the_callers_language(client: FlaskClient) -> None:
    texts = said(client.get("/v1/clinic", headers={"Accept-Language": "es"}))["consents"]
    assert [(each["kind"], each["version"], each["required"]) for each in texts] == [
        ("privacy", "1", False),
        ("sms", "1", False),
    ]
    assert texts[1]["text"] == "Envíenme mensajes de texto."
    assert texts[1]["modes"] == ["in_person", "telemedicine"]


@pytest.mark.parametrize("consents", [{}, {"consents": []}, {"consents": ["privacy:1"]}])
def test_a_video_visit_is_not_booked_without_the_consent_that_it_needs(
    client: FlaskClient, run: Runtime, consents: dict[str, Any]
) -> None:
    ask_for_telehealth(run)
    problem = said(client.post("/v1/visits", json={**wish(at(8, 10)), **consents}), 422)
    assert problem["type"] == "/problems/consent-required"
    assert [each["text"] for each in problem["consents"]] == ["I agree to video 1."]
    in_person = {"mode": "in_person", "location": "main", **consents}
    said(client.post("/v1/visits", json={**wish(at(8, 10)), **in_person}), 201)


def test_an_earlier_version_is_another_text(client: FlaskClient, run: Runtime) -> None:
    ask_for_telehealth(run, "2")
    body = {**wish(at(8, 10)), "consents": ["telehealth:1"]}
    assert said(client.post("/v1/visits", json=body), 422)["type"] == "/problems/consent-required"
    body["consents"] = ["telehealth:2", "privacy:0"]
    problem = said(client.post("/v1/visits", json=body), 422)
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [
        ("/consents/1", "not-in-force")
    ]


def test_each_word_is_kept_with_the_text_that_was_read(client: FlaskClient, run: Runtime) -> None:
    ask_for_telehealth(run)
    visit = booked(client, consents=["telehealth:1", "sms:1"], patient={
        "name": "Pat Example", "birth_date": "1960-02-29", "phone": NUMBER, "language": "es",
    })  # fmt: skip
    kept = {each.kind: each for each in words(run, visit)}
    assert {kind: each.granted for kind, each in kept.items()} == {
        "telehealth": True,
        "sms": True,
        "privacy": False,
    }
    telehealth = kept["telehealth"]
    assert telehealth.text_sha256 == hashlib.sha256(b"Acepto el video 1.").digest()
    assert (telehealth.version, telehealth.language, telehealth.given_by) == ("1", "es", "patient")
    assert telehealth.actor == "patient"
    assert telehealth.client is not None
    assert telehealth.contact_hash is None
    assert kept["sms"].contact_hash == run.desk.secrets.lookup.hash("phone", NUMBER)


def test_a_form_that_did_not_ask_records_no_refusal(client: FlaskClient, run: Runtime) -> None:
    assert words(run, booked(client)) == []


def test_a_box_for_texts_that_nobody_ticked_takes_nothing_back(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, consents=[])
    assert [(each.kind, each.granted) for each in words(run, visit)] == [("privacy", False)]


def test_consent_to_texts_belongs_to_the_number_of_whoever_gave_it(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, booked_by=HELPER, consents=["sms:1"])
    hashed = run.desk.secrets.lookup.hash("phone", NUMBER)
    with run.db.transaction() as session:
        assert wants_texts(session, hashed)
        assert not wants_texts(session, run.desk.secrets.lookup.hash("phone", "+14095550177"))
        theirs = select(Recipient.role).where(Recipient.visit_id == UUID(visit["id"]), WANTS_TEXTS)
        assert session.scalars(theirs).all() == ["booked_by"]
    path = f"/v1/visits/{visit['id']}/consents"
    said(client.post(path, json={"refused": ["sms:1"]}, headers=patient_of(visit)))
    with run.db.transaction() as session:
        assert not wants_texts(session, hashed)


def test_without_a_number_there_is_no_consent_to_texts(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client, consents=["sms:1", "privacy:1"])
    assert [each.kind for each in words(run, visit)] == ["privacy"]


def test_what_another_adult_agreed_to_is_still_asked_of_the_patient(
    client: FlaskClient, run: Runtime
) -> None:
    ask_for_telehealth(run)
    visit = booked(client, booked_by=HELPER, consents=["telehealth:1"])
    id = UUID(visit["id"])
    with run.db.transaction() as session:
        clinic = run.desk.clinics.moment(session).clinic
        assert lacking(session, clinic, Mode.TELEMEDICINE, id) == []
        assert [each.name for each in lacking(session, clinic, Mode.TELEMEDICINE, id, ["patient"])] == [
            "telehealth:1"
        ]
    spoken = {"consents": ["telehealth:1"]}
    desk = staff_with(run, Scope.VISITS)
    said(client.post(f"/v1/visits/{id}/consents", json=spoken, headers=desk))
    with run.db.transaction() as session:
        assert lacking(session, clinic, Mode.TELEMEDICINE, id, ["patient"]) == []
    assert words(run, visit)[-1].actor == "staff:front-desk"


def test_a_move_asks_for_the_text_of_today(client: FlaskClient, run: Runtime) -> None:
    ask_for_telehealth(run)
    visit = booked(client, consents=["telehealth:1"])
    path, mine = f"/v1/visits/{visit['id']}", patient_of(visit)
    later = {"start": at(8, 11).isoformat()}
    said(client.post(f"{path}/reschedule", json=later, headers=mine))
    ask_for_telehealth(run, "2")
    problem = said(
        client.post(f"{path}/reschedule", json={"start": at(9, 11).isoformat()}, headers=mine), 422
    )
    assert problem["type"] == "/problems/consent-required"
    said(client.post(f"{path}/consents", json={"consents": ["telehealth:2"]}, headers=mine))
    said(client.post(f"{path}/reschedule", json={"start": at(9, 11).isoformat()}, headers=mine))


def test_a_visit_that_becomes_a_video_visit_asks_for_consent(client: FlaskClient, run: Runtime) -> None:
    ask_for_telehealth(run)
    visit = booked(client, mode="in_person", location="main")
    path, mine = f"/v1/visits/{visit['id']}/convert", patient_of(visit)
    to_video: dict[str, Any] = {"mode": "telemedicine", "state": "TX"}
    assert said(client.post(path, json=to_video, headers=mine), 422)["type"] == "/problems/consent-required"
    assert words(run, visit) == []
    said(client.post(path, json={**to_video, "consents": ["telehealth:1"]}, headers=mine))
    assert [(each.kind, each.granted) for each in words(run, visit)] == [("telehealth", True)]


def test_what_was_taken_back_counts_no_more(client: FlaskClient, run: Runtime) -> None:
    ask_for_telehealth(run)
    visit = booked(client, consents=["telehealth:1"])
    path, mine = f"/v1/visits/{visit['id']}/consents", patient_of(visit)
    said(client.post(path, json={"refused": ["telehealth:1"]}, headers=mine))
    with run.db.transaction() as session:
        assert agreed(session, UUID(visit["id"])) == set()


def test_nobody_speaks_for_somebody_else(client: FlaskClient) -> None:
    visit = booked(client, booked_by=HELPER)
    path = f"/v1/visits/{visit['id']}/consents"
    body = {"consents": ["privacy:1"], "recipient": "patient"}
    said(client.post(path, json=body, headers=patient_of(visit)), 403)
    said(client.post(path, json={}, headers=patient_of(visit)), 422)
