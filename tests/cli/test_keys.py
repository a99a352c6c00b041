"""Keys of staff: made, listed and revoked at the command line, and nowhere to be found afterwards."""

import logging

import pytest
from click.testing import Result
from flask.testing import FlaskClient
from sqlalchemy import text

from scheduler.bootstrap import Runtime
from scheduler.db.models import Base
from tests.cli.conftest import Visits

DAY = "/v1/visits?from=2026-12-01&to=2026-12-01"


def keys(visits: Visits, *words: str) -> Result:
    return visits("keys", *words)


def created(visits: Visits, *words: str) -> str:
    made = keys(visits, "create", *words)
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_opens_what_its_scopes_say(visits: Visits, client: FlaskClient) -> None:
    key = created(visits, "front-desk", "--scope", "visits", "--scope", "schedule")
    assert client.get(DAY, headers=bearer(key)).status_code == 200
    assert client.get("/v1/time-off", headers=bearer(key)).status_code == 200
    only = created(visits, "planner", "--scope", "schedule")
    assert client.get(DAY, headers=bearer(only)).status_code == 403


def test_a_key_has_at_least_32_random_bytes_behind_its_prefix(visits: Visits) -> None:
    key = created(visits, "front-desk", "--scope", "visits")
    assert key.startswith("vk_")
    assert len(key.removeprefix("vk_")) >= 43


def test_a_key_is_nowhere_after_it_was_shown(
    visits: Visits, run: Runtime, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = created(visits, "front-desk", "--scope", "visits")
    client.get(DAY, headers=bearer(key))
    with run.db.transaction() as session:
        dump = "\n".join(
            str(session.execute(text(f"SELECT coalesce(json_agg(t)::text, '') FROM {table.name} t")).scalar())
            for table in Base.metadata.sorted_tables
        )
    assert "front-desk" in dump
    assert key not in dump
    assert key.removeprefix("vk_") not in dump
    assert key not in caplog.text
    assert key not in keys(visits, "list").output


def test_a_revoked_key_opens_nothing_from_that_moment(visits: Visits, client: FlaskClient) -> None:
    key = created(visits, "front-desk", "--scope", "visits")
    assert client.get(DAY, headers=bearer(key)).status_code == 200
    assert keys(visits, "revoke", "front-desk").exit_code == 0
    assert client.get(DAY, headers=bearer(key)).status_code == 401
    assert keys(visits, "revoke", "front-desk").exit_code == 0


def test_a_key_ends_by_itself_where_that_was_said(visits: Visits, run: Runtime, client: FlaskClient) -> None:
    key = created(visits, "locum", "--scope", "visits", "--days", "1")
    assert client.get(DAY, headers=bearer(key)).status_code == 200
    with run.db.transaction() as session:
        session.execute(text("UPDATE api_keys SET expires_at = expires_at - interval '25 hours'"))
    assert client.get(DAY, headers=bearer(key)).status_code == 401


def test_the_list_says_name_scopes_and_dates(visits: Visits) -> None:
    created(visits, "front-desk", "--scope", "visits", "--scope", "schedule", "--days", "30")
    keys(visits, "revoke", "front-desk")
    (line,) = keys(visits, "list").output.splitlines()
    name, scopes, made, expires, revoked = line.split("\t")
    assert (name, scopes) == ("front-desk", "schedule,visits")
    assert [at[:10] for at in (made, expires, revoked)] == ["2026-12-01", "2026-12-31", "2026-12-01"]


def test_a_name_is_given_once_also_after_its_key_was_revoked(visits: Visits) -> None:
    created(visits, "front-desk", "--scope", "visits")
    keys(visits, "revoke", "front-desk")
    again = keys(visits, "create", "front-desk", "--scope", "visits")
    assert again.exit_code != 0
    assert "There is a key or an account of this name" in again.output


def test_a_key_that_never_was_cannot_be_revoked(visits: Visits) -> None:
    assert keys(visits, "revoke", "nobody").exit_code != 0


def test_making_and_revoking_a_key_are_in_the_audit(visits: Visits, run: Runtime) -> None:
    created(visits, "front-desk", "--scope", "visits")
    keys(visits, "revoke", "front-desk")
    with run.db.transaction() as session:
        rows = session.execute(text("SELECT act, object_id FROM audit_entries ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [("create", "front-desk"), ("revoke", "front-desk")]


def test_the_encryption_is_rotated_by_command_and_says_what_is_left(visits: Visits) -> None:
    done = keys(visits, "rotate-encryption")
    assert (done.exit_code, done.output) == (0, "Sealed anew: 0 rows. Left under other keys: 0.\n")
