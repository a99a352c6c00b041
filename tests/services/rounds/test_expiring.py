"""Requests that nobody answers in time end by themselves."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, TimetableEntry, Visit, VisitEvent
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.visits import Act, VisitStatus
from scheduler.services.booking.making import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.outbox.claiming import Claimed, claim
from scheduler.services.outbox.content import mail_of
from scheduler.services.rounds import expiring, unasked
from tests.cast import NOW, at
from tests.services.asking import claims_of, put_in_force, request, visit_row
from workers.timetable import run_due

LATER = NOW + timedelta(days=30)
STAFF = Actor(ActorKind.STAFF, "front-desk")


def asked(run: Runtime, start: datetime, number: int = 0) -> UUID:
    """A visit that staff still have to approve."""
    return book(run.desk, request(start, number, visit_type="reviewed")).visit.id


def told(run: Runtime, visit: UUID) -> list[tuple[str, str]]:
    rows = select(Message.kind, Message.state).where(Message.visit_id == visit).order_by(Message.id)
    with run.db.transaction() as session:
        return [(kind, state) for kind, state in session.execute(rows)]


def test_a_request_waits_sixteen_opening_hours(run: Runtime) -> None:
    assert visit_row(run, asked(run, at(14, 10))).answer_by == at(2, 17)


def test_a_request_for_soon_waits_until_the_notice_of_its_type(run: Runtime) -> None:
    assert visit_row(run, asked(run, at(2, 10))).answer_by == at(2, 6)


def test_the_clinic_file_says_how_long_a_request_waits(run: Runtime) -> None:
    put_in_force(run, {'languages = ["en", "es"]': 'languages = ["en", "es"]\nanswer_within = "90min"'})
    assert visit_row(run, asked(run, at(14, 10))).answer_by == at(1, 10, 30)


def test_a_request_that_is_moved_waits_anew(run: Runtime) -> None:
    visit = asked(run, at(14, 10))
    sooner = Destination(start=at(2, 10))
    carry_out(run.desk, Order(visit, Act.RESCHEDULE, STAFF), lambda scene: move(scene, sooner))
    assert visit_row(run, visit).answer_by == at(2, 6)


def test_the_patient_is_told_by_when_the_clinic_answers(run: Runtime) -> None:
    visit = asked(run, at(14, 10))
    with run.db.transaction() as session:
        (hint,) = session.scalars(select(Message.id).where(Message.visit_id == visit))
        moment = run.desk.clinics.moment(session)
        (held,) = claim(session, hint, "test", moment.in_force.version, moment.now)
        assert isinstance(held, Claimed)
        mail = mail_of(session, run.desk, held)
    assert "Wednesday, December 2, 2026, 5:00 PM Central time." in mail.text


def test_what_is_booked_at_once_waits_for_nobody(run: Runtime) -> None:
    assert visit_row(run, book(run.desk, request(at(14, 10))).visit.id).answer_by is None


def test_an_overdue_request_ends_gives_its_time_back_and_is_told(run: Runtime) -> None:
    visit = asked(run, at(14, 10))
    assert expiring.expire_overdue(run.desk, at(2, 16, 59)) == 0
    assert expiring.expire_overdue(run.desk, at(2, 17)) == 1
    row = visit_row(run, visit)
    assert (row.status, row.cancel_reason, row.sequence) == (VisitStatus.CANCELLED, "expired", 1)
    assert claims_of(run, visit) == {}
    assert told(run, visit) == [
        (MessageKind.RECEIVED, MessageState.SUPERSEDED),
        (MessageKind.EXPIRED, MessageState.PENDING),
    ]
    with run.db.transaction() as session:
        event = session.scalars(select(VisitEvent).where(VisitEvent.act == Act.EXPIRE)).one()
    assert (event.actor, event.from_status, event.to_status) == ("system", "pending", "cancelled")
    assert expiring.expire_overdue(run.desk, LATER) == 0


def test_an_approved_request_never_ends_by_itself(run: Runtime) -> None:
    visit = asked(run, at(14, 10))
    carry_out(run.desk, Order(visit, Act.APPROVE, STAFF), advance)
    assert expiring.expire_overdue(run.desk, LATER) == 0
    assert visit_row(run, visit).status == VisitStatus.BOOKED


def test_a_request_without_a_term_ends_when_its_visit_would_begin(run: Runtime) -> None:
    visit = asked(run, at(14, 10))
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == visit).values(answer_by=None))
    assert expiring.expire_overdue(run.desk, at(14, 9, 59)) == 0
    assert expiring.expire_overdue(run.desk, at(14, 10)) == 1


def test_one_that_fails_stops_no_other(run: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (asked(run, at(14, 10 + number), number) for number in range(3))

    def fail_once(scene: Scene) -> None:
        if scene.visit.id == second:
            raise ZeroDivisionError
        advance(scene)

    monkeypatch.setattr(expiring, "advance", fail_once)
    assert expiring.expire_overdue(run.desk, LATER) == 2
    statuses = [visit_row(run, each).status for each in (first, second, third)]
    assert statuses == [VisitStatus.CANCELLED, VisitStatus.PENDING, VisitStatus.CANCELLED]


def test_one_that_somebody_is_at_work_on_is_left_for_the_next_time(run: Runtime) -> None:
    first, second = (asked(run, at(14, 10 + number), number) for number in range(2))
    with run.db.transaction() as session:
        session.execute(select(Visit).where(Visit.id == first).with_for_update(key_share=True))
        assert expiring.expire_overdue(run.desk, LATER) == 1
    assert visit_row(run, second).status == VisitStatus.CANCELLED
    assert expiring.expire_overdue(run.desk, LATER) == 1


def test_staff_who_approve_a_moment_earlier_win(run: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = asked(run, at(14, 10))

    def approve_first(*order: Any) -> Any:
        carry_out(run.desk, Order(visit, Act.APPROVE, STAFF), advance)
        return carry_out(*order)

    monkeypatch.setattr(unasked, "carry_out", approve_first)
    assert expiring.expire_overdue(run.desk, LATER) == 0
    assert visit_row(run, visit).status == VisitStatus.BOOKED


def test_the_timetable_ends_requests_and_seals_the_audit(run: Runtime) -> None:
    visit = asked(run, at(14, 10))
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == visit).values(answer_by=NOW - timedelta(hours=1)))
    run_due(run.desk)
    assert visit_row(run, visit).status == VisitStatus.CANCELLED
    with run.db.transaction() as session:
        session.execute(update(TimetableEntry).values(next_run=NOW))
    run_due(run.desk)
    with run.db.transaction() as session:
        unsealed = text("SELECT count(*) FROM audit_entries WHERE seal IS NULL")
        assert session.execute(unsealed).scalar_one() == 0


def test_a_job_that_fails_keeps_no_other_from_its_turn(run: Runtime) -> None:
    visit = asked(run, at(14, 10))
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == visit).values(answer_by=NOW - timedelta(hours=1)))
        session.execute(text("ALTER TABLE idempotency_keys RENAME TO elsewhere"))
    try:
        run_due(run.desk)
    finally:
        with run.db.transaction() as session:
            session.execute(text("ALTER TABLE elsewhere RENAME TO idempotency_keys"))
    assert visit_row(run, visit).status == VisitStatus.CANCELLED
