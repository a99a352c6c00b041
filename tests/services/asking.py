"""Short ways to ask for visits, and to look at what became of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from scheduler.bootstrap import Runtime
from scheduler.db.engine import Database
from scheduler.db.models import Claim, Resource, ResourceKind, Visit
from scheduler.domain.booking import BookingRequest
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import SchedulerError
from scheduler.domain.people import Person
from scheduler.domain.wishes import Wish
from scheduler.services.clinic.apply import Places, apply
from tests.cast import patient
from tests.conftest import CLINIC

T = TypeVar("T")
R = TypeVar("R")

CLINIC_TEXT = CLINIC.read_text(encoding="utf-8")


def person(number: int = 0, **more: Any) -> Person:
    values: dict[str, Any] = {**patient(number), **more}
    values["birth_date"] = date.fromisoformat(str(values["birth_date"]))
    return Person(**values)


def request(
    start: datetime,
    number: int = 0,
    visit_type: str = "follow-up",
    mode: Mode = Mode.TELEMEDICINE,
    practitioner: str | None = None,
    location: str | None = None,
    new_patient: bool | None = None,
    **who: Any,
) -> BookingRequest:
    """A follow-up by video; each number is somebody else."""
    asked = Wish(visit_type, mode, practitioner, location, "TX")
    return BookingRequest(asked, start, person(number, **who), new_patient=new_patient)


def in_person(start: datetime, number: int = 0, **more: Any) -> BookingRequest:
    return request(start, number, mode=Mode.IN_PERSON, **more)


def put_in_force(run: Runtime, changes: Mapping[str, str]) -> None:
    """The tests' clinic with some of its lines written otherwise."""
    text_ = CLINIC_TEXT
    for old, new in changes.items():
        assert old in text_, f"the clinic has no {old!r}"
        text_ = text_.replace(old, new)
    with run.db.transaction() as session:
        apply(session, text_, run.db.now(session), production=False, places=Places.SILENT)


def visit_row(run: Runtime, id: UUID) -> Visit:
    with run.db.transaction() as session:
        return session.scalars(select(Visit).where(Visit.id == id)).one()


def claims_of(run: Runtime, id: UUID) -> dict[str, Range[datetime]]:
    """By kind of resource and its code, in the order in which they are locked."""
    rows = (
        select(Resource.kind, Resource.code, Claim.during)
        .join(Resource, Resource.id == Claim.resource_id)
        .where(Claim.visit_id == id)
        .order_by(Resource.kind)
    )
    with run.db.transaction() as session:
        return {
            "patient" if kind == ResourceKind.PATIENT else str(code): during
            for kind, code, during in session.execute(rows)
        }


def count(run: Runtime, table: str) -> int:
    with run.db.transaction() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def at_once(work: Callable[[T], R], each: Sequence[T], hands: int = 8) -> list[R | SchedulerError]:
    """Everybody does it at the same time; errors of the field are answers too."""

    def safely(one: T) -> R | SchedulerError:
        try:
            return work(one)
        except SchedulerError as error:
            return error

    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(safely, each))


def wait_until_somebody_waits(db: Database, patience: float = 5.0, many: int = 1) -> None:
    """Until that many transactions of this database stand before a lock that another one has."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with db.single() as connection:
            if connection.execute(waiting).scalar_one() >= many:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def resource(session: Session, code: str) -> int:
    return session.scalars(select(Resource.id).where(Resource.code == code)).one()
