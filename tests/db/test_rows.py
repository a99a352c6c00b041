"""Rows that PostgreSQL takes apart itself: what goes in as one parameter is what lies in the columns."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range

from scheduler.bootstrap import Runtime
from scheduler.db.models import Base, Claim, Recipient, Visit
from scheduler.db.rows import insert_given, select_given, spell
from scheduler.services.booking.making import book
from tests.cast import at
from tests.services.asking import request, resource

NINE = datetime(2030, 5, 6, 9, 0, 0, 123456, ZoneInfo("America/Chicago"))


@pytest.fixture
def visit(run: Runtime) -> UUID:
    return book(run.desk, request(at(3, 10))).visit.id


def enter(run: Runtime, model: type[Base], *rows: dict[str, Any]) -> None:
    with run.db.transaction() as session:
        session.execute(text(insert_given(model)), {model.__tablename__: spell(rows)})


def somebody(visit: UUID, **more: Any) -> dict[str, Any]:
    row = {"id": uuid4(), "visit_id": visit, "role": "somebody", "receives": False, "name": b"\x00\xff'\\"}
    return {**row, "language": "es", "link_key": "ñ \"'\\ \u2028 :x %s", "link_generation": 3, **more}


def test_bytes_lists_and_all_letters_arrive_as_they_left(run: Runtime, visit: UUID) -> None:
    row = somebody(visit, channels=["sms", 'a "b", {c}'], email=bytes(range(256)))
    enter(run, Recipient, row)
    with run.db.transaction() as session:
        found = session.get_one(Recipient, row["id"])
        assert {name: getattr(found, name) for name in row} == row


def test_what_a_row_leaves_out_is_null(run: Runtime, visit: UUID) -> None:
    row = somebody(visit)
    enter(run, Recipient, row)
    with run.db.transaction() as session:
        found = session.get_one(Recipient, row["id"])
        assert (found.email, found.phone_hash, found.channels, found.timezone) == (None,) * 4


def test_stretches_of_time_keep_their_instants_to_the_microsecond(run: Runtime, visit: UUID) -> None:
    during = Range(NINE, NINE + timedelta(minutes=30))
    with run.db.transaction() as session:
        one = resource(session, "one")
    claim = {"visit_id": visit, "resource_id": one, "during": during, "visit_type": "x"}
    enter(run, Claim, {**claim, "on_date": date(2030, 5, 6)})
    with run.db.transaction() as session:
        found = session.scalars(select(Claim).where(Claim.visit_type == "x")).one()
    assert (found.during, found.on_date) == (during, date(2030, 5, 6))
    assert found.during.lower == datetime(2030, 5, 6, 14, 0, 0, 123456, UTC)


def test_many_rows_or_none_are_the_same_statement(run: Runtime, visit: UUID) -> None:
    enter(run, Recipient, *(somebody(visit, role=f"former:{number}") for number in range(5)))
    enter(run, Recipient)
    with run.db.transaction() as session:
        roles = session.scalars(select(Recipient.role).where(Recipient.role.startswith("former:"))).all()
    assert len(roles) == 5


def test_rows_can_be_asked_about_before_they_are_entered(run: Runtime) -> None:
    row = {"id": uuid4(), "zone": "America/Denver", "start_wall": datetime(2030, 5, 6, 9)}  # noqa: DTZ001
    with run.db.transaction() as session:
        asked = session.execute(text(select_given(Visit)), {"visits": spell([row])}).one()
    assert {name: getattr(asked, name) for name in row} == row
    assert asked.reference is None


def test_what_no_column_takes_is_refused_here() -> None:
    with pytest.raises(TypeError):
        spell([{"name": object()}])
