"""The `visits` command, on a real database."""

from sqlalchemy import text, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Visit
from scheduler.services.audit.sealing import seal
from scheduler.services.booking.making import book
from tests.cast import at
from tests.cli.conftest import Visits
from tests.services.asking import request, visit_row


def sealed(run: Runtime) -> None:
    book(run.desk, request(at(8, 10)))
    with run.db.transaction() as session:
        seal(session, run.db.now(session))


def test_a_whole_audit_is_said_to_be_whole_and_its_head_is_printed(visits: Visits, run: Runtime) -> None:
    sealed(run)
    said = visits("audit", "verify")
    assert (said.exit_code, "The audit is whole: 1 entries." in said.output) == (0, True)
    head = said.output.split()[-1]
    assert visits("audit", "verify", "--known", head).exit_code == 0
    assert visits("audit", "verify", "--known", f"1:{'ab' * 32}").exit_code == 1
    assert visits("audit", "verify", "--known", "nonsense").exit_code == 2


def test_a_broken_audit_fails_and_the_entry_is_named(visits: Visits, run: Runtime) -> None:
    sealed(run)
    with run.db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE audit_entries SET actor = 'somebody else'"))
    said = visits("audit", "verify")
    assert said.exit_code == 1
    assert "sealed as 1, is not what was sealed there" in said.output


def test_visits_are_brought_under_the_rules_that_are_installed(visits: Visits, run: Runtime) -> None:
    visit = book(run.desk, request(at(8, 10))).visit.id
    with run.db.transaction() as session:
        session.execute(update(Visit).values(tzdata="2020a", starts_at=at(8, 9), ends_at=at(8, 9, 30)))
    tried = visits("times", "rederive", "--dry-run")
    assert tried.output.splitlines()[0] == "Nothing was changed; this would be:"
    assert visit_row(run, visit).starts_at == at(8, 9)
    done = visits("times", "rederive")
    assert tried.output.splitlines()[1:] == done.output.splitlines()
    assert f"visit {visit}: 2026-12-08 10:00 America/Chicago" in done.output
    assert done.output.splitlines()[-1].endswith("1; moved: 1.")
    assert visit_row(run, visit).starts_at == at(8, 10)
    assert visits("times", "rederive").output.startswith("No visit moves.")
