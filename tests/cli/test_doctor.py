"""`visits doctor`, as somebody reads it who was woken by an alarm."""

import pytest

from scheduler.bootstrap import Runtime
from scheduler.services.outbox.sweeping import beat
from tests.cli.conftest import Visits
from tests.conftest import settings_for
from tests.smtp import ScriptedServer


def test_it_says_what_is_wrong_and_the_way_out_and_fails(visits: Visits) -> None:
    said = visits("doctor")
    lines = said.output.splitlines()
    assert said.exit_code == 1
    assert "ok     database" in lines
    (at,) = [number for number, line in enumerate(lines) if line.startswith("WRONG  sweep: last seen never")]
    assert lines[at + 1].strip().startswith("→ start `visits sweep`")
    assert lines[-1] == "Error: 3 things need an operator."  # no sweeper, no Redis, no mail server


def test_where_all_is_well_it_says_so_and_does_not_fail(
    visits: Visits, run: Runtime, migrated: str, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run.db.transaction() as session:
        beat(session, run.db.now(session) - run.db.offset)
    with ScriptedServer() as smtp:
        settings = settings_for(migrated, redis_url=redis, smtp_url=smtp.url())
        monkeypatch.setattr("scheduler.cli.common.load_settings", lambda: settings)
        said = visits("doctor")
    assert (said.exit_code, said.output.splitlines()[-1]) == (0, "All is well.")
    assert "WRONG" not in said.output


def test_settings_with_which_nothing_starts_are_said_in_words(
    visits: Visits, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(migrated, smtp_url="mail.clinic.example:25")
    monkeypatch.setattr("scheduler.cli.common.load_settings", lambda: settings)
    said = visits("doctor")
    assert said.exit_code == 1
    assert said.output.startswith("Error: the settings do not fit: a mail server's URL begins with")
