"""Accounts of staff at the command line."""

import pytest
from click.testing import Result

from scheduler.bootstrap import Runtime
from scheduler.domain.errors import Unauthorized
from scheduler.domain.scopes import Scope
from tests.cli.conftest import Visits
from tests.services.accounts.people import enter, whose


def created(visits: Visits, *words: str) -> str:
    made: Result = visits("accounts", "create", *words)
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def test_an_account_is_made_and_its_first_password_is_printed_once(visits: Visits, run: Runtime) -> None:
    password = created(visits, "pat", "--scope", "visits", "--scope", "schedule", "--language", "es")
    mine = whose(run, enter(run, "pat", password))
    assert (mine.scopes, mine.language) == (frozenset({Scope.VISITS, Scope.SCHEDULE}), "es")
    assert mine.password_is_ours
    listed = visits("accounts", "list").output
    assert listed.startswith("pat\tschedule,visits\tes\t2026-12-01T12:0")
    assert listed.endswith("\t-\n")
    assert password not in listed


@pytest.mark.parametrize("name", ["pa", "pat example", "-"])
def test_a_name_that_nobody_can_type_is_refused(visits: Visits, name: str) -> None:
    said = visits("accounts", "create", "--scope", "visits", "--", name)
    assert (said.exit_code, "3 to 64 small letters" in said.output) == (2, True)


def test_a_second_account_of_the_same_name_is_refused(visits: Visits) -> None:
    created(visits, "pat", "--scope", "visits")
    said = visits("accounts", "create", "Pat", "--scope", "visits")
    assert (said.exit_code, "There is a key or an account of this name" in said.output) == (1, True)


def test_a_disabled_account_is_shut_and_a_reset_password_opens_it(visits: Visits, run: Runtime) -> None:
    password = created(visits, "pat", "--scope", "visits")
    token = enter(run, "pat", password)
    assert visits("accounts", "disable", "pat").exit_code == 0
    with pytest.raises(Unauthorized):
        whose(run, token)
    fresh = visits("accounts", "reset-password", "pat").stdout.strip()
    assert whose(run, enter(run, "pat", fresh)).name == "pat"


def test_scopes_and_language_are_changed_at_once(visits: Visits, run: Runtime) -> None:
    token = enter(run, "pat", created(visits, "pat", "--scope", "visits"))
    assert visits("accounts", "change", "pat", "--scope", "messages", "--language", "es").exit_code == 0
    mine = whose(run, token)
    assert (mine.scopes, mine.language) == (frozenset({Scope.MESSAGES}), "es")


@pytest.mark.parametrize("act", ["disable", "reset-password", "change"])
def test_nothing_is_done_to_an_account_that_there_is_not(visits: Visits, act: str) -> None:
    assert visits("accounts", act, "nobody").exit_code == 1
