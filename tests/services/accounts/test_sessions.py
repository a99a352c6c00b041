"""Signing in: what opens a session, what ends it, and who has to wait."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, SignInTries, StaffSession
from scheduler.domain.accounts import ACCOUNT_TRIES, CLIENT_TRIES
from scheduler.domain.errors import Invalid, NameTaken, RateLimited, SchedulerError, Unauthorized
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from scheduler.services.accounts.keeping import (
    change_account,
    change_password,
    disable_account,
    reset_password,
)
from scheduler.services.accounts.lockout import forget_tries
from scheduler.services.accounts.sessions import forget_sessions, sign_out
from tests.services.accounts.people import OFFICE, PASSWORD, account, do, enter, settled, whose
from tests.services.asking import at_once, count


def later(run: Runtime, **time: float) -> None:
    """Everything that was entered is so much older."""
    ago = timedelta(**time)
    with run.db.transaction() as session:
        for table, columns in ((StaffSession, ("created_at", "seen_at")), (SignInTries, ("since",))):
            older = {name: getattr(table, name) - ago for name in columns}
            session.execute(update(table).values(older))


def audited(run: Runtime) -> list[tuple[str, str, str | None]]:
    with run.db.transaction() as session:
        about = select(AuditEntry).where(AuditEntry.object_kind == "account").order_by(AuditEntry.id)
        entries = session.scalars(about)
        return [(each.actor, each.act, each.object_id) for each in entries.all()]


def test_the_right_password_opens_a_session_and_the_audit_says_so(run: Runtime) -> None:
    mine = whose(run, enter(run, " Pat ", account(run)))
    assert (mine.name, mine.scopes, str(mine.actor)) == ("pat", frozenset(Scope), "staff:pat")
    assert audited(run) == [("system", "create", "pat"), ("staff:pat", "sign-in", "pat")]


def test_wrong_passwords_unknown_and_disabled_accounts_are_refused_alike(run: Runtime) -> None:
    password = account(run)
    account(run, "gone")
    do(run, lambda session, now: disable_account(session, "gone", now))
    for name, tried in (("pat", "wrong"), ("nobody", password), ("gone", password), ("", "")):
        with pytest.raises(Unauthorized) as refused:
            enter(run, name, tried)
        assert str(refused.value) == ""
    assert [each for each in audited(run) if each[1] == "refuse-sign-in"] == [
        ("system", "refuse-sign-in", "pat"),
        *[("system", "refuse-sign-in", None)] * 3,  # never what was typed: it may be a password
    ]


def test_a_token_and_a_password_are_nowhere_in_the_database(run: Runtime) -> None:
    password = account(run)
    token = enter(run, "pat", password)
    with run.db.transaction() as session:
        rows = session.execute(
            text("SELECT a::text || s::text FROM staff_accounts a, staff_sessions s")
        ).scalar_one()
    assert token not in rows and password not in rows
    assert "$argon2id$" in rows


def test_a_session_ends_when_it_was_not_used_for_a_quarter_of_an_hour(run: Runtime) -> None:
    token = settled(run)
    later(run, minutes=14)
    whose(run, token)  # this is a use
    later(run, minutes=14)
    whose(run, token)
    later(run, minutes=16)
    with pytest.raises(Unauthorized):
        whose(run, token)


def test_a_session_ends_after_twelve_hours_however_busy_it_was(run: Runtime) -> None:
    token = settled(run)
    with run.db.transaction() as session:
        session.execute(update(StaffSession).values(created_at=StaffSession.created_at - timedelta(hours=12)))
    with pytest.raises(Unauthorized):
        whose(run, token)


def test_signing_out_ends_this_session_and_no_other(run: Runtime) -> None:
    here = settled(run)
    elsewhere = enter(run, "pat", PASSWORD)
    for _ in "ab":  # a second time changes nothing
        do(run, lambda session, now: sign_out(session, here, now))
    with pytest.raises(Unauthorized):
        whose(run, here)
    assert whose(run, elsewhere).name == "pat"


def test_a_changed_password_ends_the_other_sessions(run: Runtime) -> None:
    here, mine = settled(run), "five other words it is"
    elsewhere = enter(run, "pat", PASSWORD)
    do(run, lambda session, now: change_password(session, whose(run, here), PASSWORD, mine, now))
    assert not whose(run, here).password_is_ours
    with pytest.raises(Unauthorized):
        whose(run, elsewhere)
    with pytest.raises(Unauthorized):
        enter(run, "pat", PASSWORD)
    assert enter(run, "pat", mine)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong", "five other words it is", "wrong-password"),
        (PASSWORD, PASSWORD, "same-password"),
        (PASSWORD, "short", "too-short"),
    ],
)
def test_a_password_is_not_changed_for_whoever_does_not_know_it_or_to_a_bad_one(
    run: Runtime, old: str, new: str, code: str
) -> None:
    mine = whose(run, settled(run))
    with pytest.raises(Invalid) as refused:
        do(run, lambda session, now: change_password(session, mine, old, new, now))
    assert [fault.code for fault in refused.value.faults] == [code]


def test_a_reset_password_ends_every_session_and_has_to_be_replaced(run: Runtime) -> None:
    token = settled(run)
    lookup = run.desk.secrets.lookup
    first = do(run, lambda session, now: reset_password(session, lookup, "pat", now))
    for refused in (lambda: whose(run, token), lambda: enter(run, "pat", PASSWORD)):
        with pytest.raises(Unauthorized):
            refused()
    assert whose(run, enter(run, "pat", first)).password_is_ours


def test_a_disabled_account_ends_at_once(run: Runtime) -> None:
    token = settled(run)
    do(run, lambda session, now: disable_account(session, "pat", now))
    with pytest.raises(Unauthorized):
        whose(run, token)


def test_other_scopes_are_in_force_with_the_next_page(run: Runtime) -> None:
    token = settled(run)
    only = frozenset({Scope.SCHEDULE})
    do(run, lambda session, now: change_account(session, "pat", now, only, "es"))
    assert (whose(run, token).scopes, whose(run, token).language) == (only, "es")


def test_keys_and_accounts_do_not_share_a_name(run: Runtime) -> None:
    account(run)
    with pytest.raises(NameTaken):
        do(run, lambda session, now: create_key(session, "pat", frozenset(Scope), now))
    do(run, lambda session, now: create_key(session, "robot", frozenset(Scope), now))
    for name in ("robot", "pat"):
        with pytest.raises(NameTaken):
            account(run, name)


# ------------------------------------------------------------------------------------------------ lock-out


def fail(run: Runtime, name: str, client: bytes = OFFICE) -> None:
    with pytest.raises(Unauthorized):
        enter(run, name, "wrong", client)


@pytest.mark.parametrize("name", ["pat", "nobody"])
def test_an_account_is_shut_for_a_while_after_five_wrong_passwords_whether_there_is_one_or_not(
    run: Runtime, name: str
) -> None:
    password = account(run)
    for number in range(ACCOUNT_TRIES):
        fail(run, name, bytes([number]))
    with pytest.raises(RateLimited) as refused:
        enter(run, name, password, b"elsewhere")
    assert 0 < refused.value.retry_after <= 15 * 60


def test_after_the_while_the_right_password_opens_again(run: Runtime) -> None:
    password = account(run)
    for _ in range(ACCOUNT_TRIES):
        fail(run, "pat")
    later(run, minutes=16)
    assert enter(run, "pat", password)


def test_a_right_password_forgives_what_was_mistyped_before(run: Runtime) -> None:
    password = account(run)
    for _ in range(3):
        for _ in range(ACCOUNT_TRIES - 1):
            fail(run, "pat", password.encode())
        assert enter(run, "pat", password, password.encode())


def test_a_reset_password_opens_a_shut_account(run: Runtime) -> None:
    account(run)
    for _ in range(ACCOUNT_TRIES):
        fail(run, "pat")
    first = do(run, lambda session, now: reset_password(session, run.desk.secrets.lookup, "pat", now))
    assert enter(run, "pat", first)


def test_one_address_may_not_try_many_names_and_others_are_not_shut_out_with_it(run: Runtime) -> None:
    password = account(run)
    for number in range(CLIENT_TRIES):
        fail(run, f"name-{number}", b"a stranger")
    with pytest.raises(RateLimited):
        enter(run, "pat", password, b"a stranger")
    assert enter(run, "pat", password, OFFICE)


def test_tries_at_the_same_time_are_all_counted(run: Runtime) -> None:
    account(run)
    answers = at_once(lambda number: enter(run, "pat", "wrong", bytes([number])), range(12))
    kinds = [type(each) for each in answers if isinstance(each, SchedulerError)]
    assert (kinds.count(Unauthorized), kinds.count(RateLimited)) == (ACCOUNT_TRIES, 12 - ACCOUNT_TRIES)


def test_what_is_over_is_dropped_and_nothing_else(run: Runtime) -> None:
    settled(run)
    fail(run, "pat")
    assert do(run, forget_sessions) == do(run, forget_tries) == 0
    later(run, minutes=16)
    fail(run, "nobody")
    assert (do(run, forget_sessions), do(run, forget_tries)) == (
        1,
        1,
    )  # the account's; the address began anew
    assert count(run, "staff_sessions") == 0


def test_an_account_that_is_disabled_between_look_and_entry_stays_shut(
    run: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = account(run)

    def slow(*_: object) -> bool:
        do(run, lambda session, now: disable_account(session, "pat", now))
        return True

    monkeypatch.setattr("scheduler.services.accounts.sessions.fits", slow)
    with pytest.raises(Unauthorized):
        enter(run, "pat", password)
    assert count(run, "staff_sessions") == 0
