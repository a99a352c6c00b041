"""What is asked again and again reads no table that grows with the years.

Tests have a few rows, of which the planner rather reads all: it is kept from that, and then takes an index
where there is one for the question.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from scheduler.bootstrap import Runtime
from scheduler.channels.outcome import Outcome, Verdict
from scheduler.db.models import ChannelPause, MessageAttempt
from scheduler.domain.messages import MessageState
from scheduler.services.booking.making import book
from scheduler.services.outbox.claiming import claim
from scheduler.services.outbox.finishing import finish
from scheduler.services.rounds.expiring import expire_overdue
from scheduler.services.rounds.waiting import tell_of_unanswered
from scheduler.services.telling import relieving
from tests.cast import NOW, at
from tests.services.asking import request
from tests.services.operations.test_measuring import PLAN


def plans(run: Runtime, act: Callable[[], object]) -> str:
    """How PostgreSQL finds what an act asks for."""
    asked: list[tuple[str, object]] = []

    def remember(*details: object) -> None:
        _, _, statement, given, *_ = details
        if str(statement).startswith("SELECT"):
            asked.append((str(statement), given))

    event.listen(run.db.engine, "before_cursor_execute", remember)
    try:
        act()
    finally:
        event.remove(run.db.engine, "before_cursor_execute", remember)
    with run.db.transaction() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        connection = session.connection()
        found = [connection.exec_driver_sql(f"EXPLAIN {words}", given) for words, given in asked]  # type: ignore[arg-type]
        return "\n".join(line for each in found for line in each.scalars())


def refuse(run: Runtime) -> None:
    hint = book(run.desk, request(at(3, 10))).due[0]
    with run.db.transaction() as session:
        moment = run.desk.clinics.moment(session)
        (held,) = claim(session, hint.message, "worker-1", moment.in_force.version, moment.now)
    assert (
        finish(run.db, held, Outcome(Verdict.REFUSED, "554"), "worker-1", moment.now) is MessageState.FAILED
    )


def relieve(run: Runtime) -> None:
    book(run.desk, request(at(3, 10)))
    with run.db.transaction() as session:
        session.execute(PLAN)  # small, two indexes would cost the same
        session.execute(text("ANALYZE messages"))
        relieving.relieve(session, NOW)


def paused(run: Runtime) -> None:
    with run.db.transaction() as session:
        since = NOW - timedelta(hours=1)
        session.add(ChannelPause(channel="email", since=since, next_probe_at=NOW, reason="535"))
    relieve(run)


@pytest.mark.parametrize(
    ("act", "index", "table"),
    [
        (lambda run: expire_overdue(run.desk, NOW), "visits_pending_idx", "visits"),
        (lambda run: tell_of_unanswered(run.desk, NOW), "visits_pending_idx", "visits"),
        (relieve, "messages_tried_idx", "messages"),
        (paused, "messages_pending_idx", "messages"),
        (refuse, "message_attempts_refused_idx", MessageAttempt.__tablename__),
    ],
)
def test_there_is_an_index_for_it(
    run: Runtime, act: Callable[[Runtime], object], index: str, table: str
) -> None:
    plan = plans(run, lambda: act(run))
    assert index in plan and f"Seq Scan on {table}" not in plan, plan
