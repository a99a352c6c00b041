"""What the health checks of the sweeper and the worker say, and of whom."""

from datetime import timedelta

from sqlalchemy import update

from scheduler.bootstrap import Runtime
from scheduler.db.models import ChannelPause, Message
from scheduler.domain.messages import ChannelName
from scheduler.services.booking.making import book
from scheduler.services.operations.health import MESSAGES_LATE, NEEDED, OK, SWEEP_LATE, Health, check
from scheduler.services.outbox.sweeping import beat
from tests.cast import at
from tests.services.asking import request


def look(run: Runtime) -> Health:
    return check(run.desk, run.settings.redis_url)


def beaten(run: Runtime, ago: timedelta) -> None:
    with run.db.transaction() as session:
        beat(session, run.db.now(session) - run.db.offset - ago)


def waiting_for(run: Runtime, waited: timedelta) -> None:
    """A message that has been due for so long."""
    book(run.desk, request(at(3, 10)))
    with run.db.transaction() as session:
        session.execute(update(Message).values(next_at=run.db.now(session) - waited))


def test_a_sweeper_is_well_while_its_last_sweep_is_fresh(run: Runtime) -> None:
    assert "sweep" in look(run).faults(NEEDED["sweep"])
    beaten(run, timedelta(seconds=1))
    assert look(run).faults(NEEDED["sweep"]) == {}
    beaten(run, SWEEP_LATE + timedelta(seconds=5))
    assert "sweep" in look(run).faults(NEEDED["sweep"])


def test_a_message_that_is_due_for_a_moment_is_nobodys_fault(run: Runtime) -> None:
    waiting_for(run, MESSAGES_LATE / 2)
    assert look(run).checks["messages"] == OK


def test_a_message_that_nobody_takes_is_the_workers_fault(run: Runtime) -> None:
    waiting_for(run, MESSAGES_LATE + timedelta(seconds=5))
    state = look(run)
    assert "visits work" in state.faults(NEEDED["work"])["messages"]
    assert state.status == "degraded"


def test_a_provider_that_refuses_us_is_said_without_its_words(run: Runtime) -> None:
    waiting_for(run, MESSAGES_LATE + timedelta(seconds=5))
    with run.db.transaction() as session:
        now = run.db.now(session)
        session.add(ChannelPause(channel=ChannelName.EMAIL, since=now, reason="535 no", next_probe_at=now))
    said = look(run).checks["messages"]
    assert said.startswith("email: paused")
    assert "535" not in said


def test_a_check_that_could_not_be_made_is_a_fault() -> None:
    assert Health({"database": "does not answer"}).faults(NEEDED["sweep"]).keys() == {
        "database",
        "schema",
        "sweep",
    }
