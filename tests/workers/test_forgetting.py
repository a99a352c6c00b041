"""What the timetable forgets by itself: where patients were, who asked to be called, and who texted."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from scheduler.bootstrap import Runtime
from scheduler.services.inbound.texts import Texted, receive_text
from tests.api.people import booked, patient_of, said
from tests.api.safety import token
from tests.services.asking import count, put_in_force
from workers.timetable import run_due

HOME = {"state": "TX", "phone": "(409) 555-0123", "address": "1 Example Street, Exampleville"}
DAY = timedelta(days=1)


def later(run: Runtime, by: timedelta) -> None:
    """So much time goes by, and the sweeper comes."""
    run.db.offset += by
    run_due(run.desk)


def test_where_patients_were_goes_three_days_after_the_visit(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    place = client.post(f"/v1/visits/{visit['id']}/whereabouts", json=HOME, headers=patient_of(visit))
    assert place.status_code == 200
    with run.db.transaction() as session:
        ago = "starts_at = starts_at - interval '9 days', ends_at = ends_at - interval '9 days'"
        session.execute(text(f"UPDATE visits SET {ago}"))
    run_due(run.desk)
    assert count(run, "whereabouts") == 1
    later(run, 3 * DAY)
    assert count(run, "whereabouts") == 0
    assert UUID(visit["id"]), "the visit itself stays"


@pytest.fixture
def asked(client: FlaskClient) -> None:
    """Somebody asked to be called."""
    body = {"triage": token(client, "same_day_call"), "name": "Pat Example", "phone": "(409) 555-0123"}
    said(client.post("/v1/callbacks", json=body), 202)


def called(run: Runtime) -> None:
    with run.db.transaction() as session:
        session.execute(text("UPDATE tasks SET done_at = created_at, done_by = 'staff:front-desk'"))


@pytest.mark.usefixtures("asked")
def test_who_asked_to_be_called_goes_a_month_later_and_not_before_they_were(run: Runtime) -> None:
    later(run, 31 * DAY)
    assert count(run, "callbacks") == 1, "nobody has called yet"
    called(run)
    later(run, timedelta(hours=2))
    assert count(run, "callbacks") == 0


@pytest.mark.usefixtures("asked")
def test_the_clinic_file_says_for_how_long(run: Runtime) -> None:
    put_in_force(run, {'languages = ["en", "es"]': 'languages = ["en", "es"]\nkeep_callbacks = "2d"'})
    called(run)
    later(run, DAY)
    assert count(run, "callbacks") == 1
    later(run, 2 * DAY)
    assert count(run, "callbacks") == 0


def test_whose_a_text_was_goes_after_a_month_and_the_same_text_still_has_no_effect(run: Runtime) -> None:
    stop = Texted("SM1", "+14095550100", "STOP")
    receive_text(run.desk, stop)
    later(run, 29 * DAY)
    assert hashes(run) != [b""]
    later(run, 2 * DAY)
    assert hashes(run) == [b""]
    assert receive_text(run.desk, stop).outcome is None, "a request that somebody kept is no second one"


def hashes(run: Runtime) -> list[bytes]:
    with run.db.transaction() as session:
        return [bytes(each) for each in session.scalars(text("SELECT contact_hash FROM inbound_texts"))]
