"""Whether the service lives, can book, and is in order."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from scheduler.bootstrap import Runtime
from scheduler.db.engine import Database
from scheduler.domain.actors import SYSTEM
from scheduler.services.audit.writing import note
from scheduler.services.clinic.apply import note_problem
from scheduler.services.outbox.sweeping import beat
from tests.api.conftest import Serve
from tests.conftest import NOWHERE


@pytest.fixture
def swept(clinic: Database) -> Database:
    """A sweeper was here a moment ago."""
    with clinic.transaction() as session:
        beat(session, clinic.now(session) - clinic.offset)
    return clinic


def test_a_process_that_answers_is_alive_whatever_else_is_wrong(serve: Serve) -> None:
    answer = serve(database_url=NOWHERE).get("/health/live")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "live"})


def test_with_everything_in_place_it_is_ready(swept: object, serve: Serve, redis: str) -> None:
    answer = serve(redis_url=redis).get("/health/ready")
    assert answer.status_code == 200
    assert answer.get_json()["status"] == "ready", answer.get_json()
    assert set(answer.get_json()["checks"].values()) == {"ok"}


def test_without_a_sweeper_it_books_but_is_degraded(clinic: object, serve: Serve, redis: str) -> None:
    answer = serve(redis_url=redis).get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    assert "visits sweep" in answer.get_json()["checks"]["sweep"]


def test_with_a_sweeper_that_stands_still_it_books_but_is_degraded(
    clinic: Database, serve: Serve, redis: str
) -> None:
    with clinic.transaction() as session:
        beat(session, clinic.now(session) - clinic.offset - timedelta(seconds=35))
    body = serve(redis_url=redis).get("/health/ready").get_json()
    assert body["status"] == "degraded"
    assert [name for name, said in body["checks"].items() if said != "ok"] == ["sweep"]


def test_without_redis_it_books_but_is_degraded(swept: object, serve: Serve) -> None:
    answer = serve().get("/health/ready")
    body = answer.get_json()
    assert (answer.status_code, body["status"]) == (200, "degraded")
    assert [name for name, said in body["checks"].items() if said != "ok"] == ["redis"]


def test_a_clinic_file_that_was_refused_degrades_it(swept: Database, serve: Serve, redis: str) -> None:
    with swept.transaction() as session:
        note_problem(session, "line 1: clinic: everything is wrong", swept.now(session))
    answer = serve(redis_url=redis).get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")
    assert "everything is wrong" not in answer.text


def test_without_a_clinic_it_cannot_book(empty: object, serve: Serve) -> None:
    answer = serve().get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "unavailable")
    assert "visits clinic apply" in answer.get_json()["checks"]["no_clinic"]


def test_without_its_database_it_cannot_book(serve: Serve) -> None:
    answer = serve(database_url=NOWHERE).get("/health/ready")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "unavailable")
    assert answer.get_json()["checks"]["database"] == "does not answer"


def test_health_tells_no_address_and_no_secret(serve: Serve) -> None:
    answer = serve(database_url=NOWHERE, redis_url="redis://:hunter2@127.0.0.1:1/0").get("/health/ready")
    assert "127.0.0.1" not in answer.text
    assert "hunter2" not in answer.text


def test_health_needs_no_headers_and_is_never_kept(client: FlaskClient) -> None:
    for path in ("/health/live", "/health/ready"):
        assert client.get(path).headers["Cache-Control"] == "no-store"


def test_an_audit_that_waits_too_long_for_its_seal_is_said(client: FlaskClient, run: Runtime) -> None:
    with run.db.transaction() as session:
        late = run.db.now(session) - timedelta(minutes=2)
        note(session, SYSTEM, "looked", "visit", None, late)
    said = client.get("/health/ready").get_json()
    assert said["status"] == "degraded"
    assert "not sealed" in said["checks"]["audit"]
