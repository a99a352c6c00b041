"""The database itself refuses that somebody is in two places at once."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.bootstrap import Runtime
from scheduler.db.engine import EXCLUSION, sqlstate
from scheduler.db.models import Claim, Resource, ResourceKind
from scheduler.services.booking.making import book
from scheduler.services.slots.taking import MET
from tests.cast import at
from tests.services.asking import request

NINE = datetime(2030, 5, 6, 14, tzinfo=UTC)


def during(start: int, end: int) -> Range[datetime]:
    """Minutes after nine."""
    return Range(NINE + timedelta(minutes=start), NINE + timedelta(minutes=end))


@pytest.fixture
def visit(run: Runtime) -> UUID:
    """A visit to whose name time can be claimed."""
    return book(run.desk, request(at(3, 10))).visit.id


@pytest.fixture
def somebody(run: Runtime, visit: UUID) -> int:
    with run.db.transaction() as session:
        return new_resource(session)


def new_resource(session: Session) -> int:
    return session.execute(
        insert(Resource).values(kind=ResourceKind.PATIENT).returning(Resource.id)
    ).scalar_one()


def claim(session: Session, visit: UUID, resource: int, time: Range[datetime]) -> int:
    values = {
        "visit_id": visit,
        "resource_id": resource,
        "during": time,
        "visit_type": "follow-up",
        "on_date": date(2030, 5, 6),
    }
    return session.execute(insert(Claim).values(values).returning(Claim.id)).scalar_one()


def refused(session: Session, visit: UUID, resource: int, time: Range[datetime]) -> bool:
    try:
        with session.begin_nested():
            claim(session, visit, resource, time)
    except IntegrityError as error:
        assert sqlstate(error) == EXCLUSION
        return True
    return False


STRETCHES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 300), st.integers(1, 90)), min_size=1, max_size=12
)


@given(STRETCHES)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_exactly_those_claims_are_refused_that_overlap_one_of_the_same_resource(
    run: Runtime, visit: UUID, stretches: list[tuple[int, int, int]]
) -> None:
    kept: list[tuple[int, int, int]] = []
    with run.db.transaction() as session:
        resources = [new_resource(session) for _ in range(3)]
        for who, start, length in stretches:
            overlaps = any(w == who and s < start + length and start < e for w, s, e in kept)
            assert refused(session, visit, resources[who], during(start, start + length)) is overlaps
            if not overlaps:
                kept.append((who, start, start + length))
        session.rollback()


def test_neighbours_that_touch_do_not_overlap(run: Runtime, visit: UUID, somebody: int) -> None:
    with run.db.transaction() as session:
        assert not refused(session, visit, somebody, during(0, 30))
        assert not refused(session, visit, somebody, during(30, 60))
        assert refused(session, visit, somebody, during(29, 31))


def test_the_refusal_comes_at_once_and_not_only_at_the_commit(
    run: Runtime, visit: UUID, somebody: int
) -> None:
    with run.db.transaction() as session:
        claim(session, visit, somebody, during(0, 30))
        with pytest.raises(IntegrityError):
            claim(session, visit, somebody, during(15, 45))
        session.rollback()


def test_a_visit_moves_in_place_over_its_own_time(run: Runtime, visit: UUID, somebody: int) -> None:
    with run.db.transaction() as session:
        mine = claim(session, visit, somebody, during(0, 30))
        session.execute(update(Claim).where(Claim.id == mine).values(during=during(15, 45)))
    with run.db.transaction() as session:
        assert session.scalars(select(Claim.during).where(Claim.id == mine)).one() == during(15, 45)


def test_two_visits_can_change_places_in_one_statement(run: Runtime, visit: UUID, somebody: int) -> None:
    with run.db.transaction() as session:
        first = claim(session, visit, somebody, during(0, 30))
        second = claim(session, visit, somebody, during(30, 60))
        session.execute(
            text(
                "UPDATE claims SET during = (SELECT o.during FROM claims o"
                " WHERE o.id = CASE claims.id WHEN :a THEN :b ELSE :a END) WHERE id IN (:a, :b)"
            ),
            {"a": first, "b": second},
        )
        assert session.scalars(select(Claim.during).where(Claim.id == first)).one() == during(30, 60)


def test_a_chain_of_moves_may_overlap_until_its_end_where_it_asks_for_that(
    run: Runtime, visit: UUID, somebody: int
) -> None:
    with run.db.transaction() as session:
        first = claim(session, visit, somebody, during(0, 30))
        second = claim(session, visit, somebody, during(30, 60))
        session.execute(text("SET CONSTRAINTS claims_no_overlap DEFERRED"))
        session.execute(update(Claim).where(Claim.id == first).values(during=during(30, 60)))
        session.execute(update(Claim).where(Claim.id == second).values(during=during(60, 90)))
    with pytest.raises(IntegrityError), run.db.transaction() as session:
        session.execute(text("SET CONSTRAINTS claims_no_overlap DEFERRED"))
        session.execute(update(Claim).where(Claim.id == first).values(during=during(60, 90)))


def test_the_claims_of_somebody_are_found_through_the_constraints_own_index(
    run: Runtime, visit: UUID, somebody: int
) -> None:
    values = {"resource": somebody, "during": during(0, 30), "now": NINE, "own": None}
    with run.db.transaction() as session:
        for begins in range(0, 3_000, 30):
            claim(session, visit, somebody, during(begins, begins + 30))
        session.execute(text("ANALYZE claims"))
        session.execute(text("SET LOCAL enable_seqscan = off"))
        asked = text(f"EXPLAIN {MET.text}").bindparams(bindparam("during", type_=TSTZRANGE()))
        plan = session.execute(asked, values).scalars().all()
    assert "claims_no_overlap" in "\n".join(plan)
