"""Visits live through the API as a model says they should: whatever is done to them, in whatever order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from scheduler.app import create_app
from scheduler.bootstrap import Runtime
from scheduler.db.models import Claim, Message, Recipient, Visit
from scheduler.domain.scopes import Scope
from scheduler.services.access import create_key
from tests.cast import at, wish
from tests.life.model import MOVES, Known, free_for, patient_free, room_for

DAY = at(8, 9)
STEPS = range(0, 150, 15)
"""A short morning, so that visits get into each other's way."""

starts = st.sampled_from([DAY + timedelta(minutes=minutes) for minutes in STEPS])
practitioners = st.sampled_from(["one", "two", "three"])
modes = st.sampled_from(["telemedicine", "in_person"])
patients = st.integers(0, 3)

OVERLAPPING = text(
    """
    SELECT count(*) FROM claims a JOIN claims b
    ON a.id < b.id AND a.resource_id = b.resource_id AND a.during && b.during
    """
)
RESET = ("message_attempts", "messages", "links", "claims", "recipients", "visit_events", "idempotency_keys")


class LifeOfVisits(RuleBasedStateMachine):
    run: Runtime
    client: FlaskClient
    staff: dict[str, str]

    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.visits: dict[str, Known] = {}
        self.uids: dict[str, str] = {}

    @initialize()
    def a_clinic_without_visits(self) -> None:
        with self.run.db.transaction() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            for table in (*RESET, "tasks", "visits"):
                session.execute(text(f"DELETE FROM {table}"))

    @property
    def all(self) -> list[Known]:
        return list(self.visits.values())

    @rule(target=known, start=starts, who=practitioners, mode=modes, patient=patients)
    def somebody_books(self, start: datetime, who: str, mode: str, patient: int) -> Any:
        body = wish(start, patient, practitioner=who, mode=mode)
        answer = self.client.post("/v1/visits", json=body)
        if not free_for(self.all, who, mode, start):
            assert (answer.status_code, kind_of(answer)) == (409, "slot-taken")
            return multiple()
        if not patient_free(self.all, patient, start):
            assert (answer.status_code, kind_of(answer)) == (409, "already-booked")
            return multiple()
        assert answer.status_code == 201, answer.text
        id = answer.get_json()["id"]
        room = room_for(self.all, who, start) if mode == "in_person" else None
        self.visits[id] = Known(id, patient, who, mode, start, "booked", room=room)
        return id

    @rule(id=known, act=st.sampled_from(sorted(set(MOVES) - {"reschedule", "convert"})))
    def staff_do(self, id: str, act: str) -> None:
        answer = self._act(id, act, {})
        self._expect(answer, self.visits[id].after(act))

    @rule(id=known)
    def staff_undo(self, id: str) -> None:
        visit, answer = self.visits[id], self._act(id, "undo", {})
        undone = visit.undone()
        if undone and visit.status == "cancelled" and not self._still_free(visit):
            assert (answer.status_code, kind_of(answer)) == (409, "slot-taken")
            return
        self._expect(answer, undone)

    @rule(id=known, start=starts, who=practitioners)
    def staff_reschedule(self, id: str, start: datetime, who: str) -> None:
        body = {"start": start.isoformat(), "practitioner": who}
        self._move(id, "reschedule", body, start, who, self.visits[id].mode)

    @rule(id=known, mode=modes)
    def staff_convert(self, id: str, mode: str) -> None:
        visit = self.visits[id]
        self._move(id, "convert", {"mode": mode}, visit.start, visit.practitioner, mode)

    @rule(id=consumes(known))
    def it_is_left_alone(self, id: str) -> None:
        """From here on nobody touches it; it still has to be as it was."""

    def _move(self, id: str, act: str, body: dict[str, str], start: datetime, who: str, mode: str) -> None:
        visit, answer = self.visits[id], self._act(id, act, body)
        reached = MOVES[act].get(visit.status)
        if reached is None:
            assert (answer.status_code, kind_of(answer)) == (409, "illegal-transition")
        elif not free_for(self.all, who, mode, start, own=id):
            assert (answer.status_code, kind_of(answer)) == (409, "slot-taken"), answer.text
        elif not patient_free(self.all, visit.patient, start, own=id):
            assert (answer.status_code, kind_of(answer)) == (409, "already-booked")
        else:
            room = room_for(self.all, who, start, own=id) if mode == "in_person" else None
            moved = replace(visit.reached(act, reached), start=start, practitioner=who, mode=mode, room=room)
            self._expect(answer, moved)

    def _act(self, id: str, act: str, body: dict[str, str]) -> Any:
        return self.client.post(f"/v1/visits/{id}/{act}", json=body, headers=self.staff)

    def _expect(self, answer: Any, after: Known | None) -> None:
        if after is None:
            assert (answer.status_code, kind_of(answer)) == (409, "illegal-transition"), answer.text
            return
        assert answer.status_code == 200, answer.text
        said = answer.get_json()
        assert (said["status"], said["sequence"]) == (after.status, after.sequence)
        self.visits[after.id] = after

    def _still_free(self, visit: Known) -> bool:
        others = [each for each in self.all if each.id != visit.id and each.meets(visit.start)]
        return not any(
            each.practitioner == visit.practitioner
            or each.patient == visit.patient
            or (visit.room is not None and each.room == visit.room and same_place(each, visit))
            for each in others
        )

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        with self.run.db.transaction() as session:
            assert session.execute(OVERLAPPING).scalar_one() == 0
            claimed = set(session.scalars(select(Claim.visit_id).distinct()))
        assert {str(id) for id in claimed} == {each.id for each in self.all if each.takes_time}

    @invariant()
    def every_visit_is_what_the_model_says(self) -> None:
        with self.run.db.transaction() as session:
            for visit in session.scalars(select(Visit)):
                known = self.visits[str(visit.id)]
                assert (visit.status, visit.sequence, visit.practitioner, visit.mode, visit.starts_at) == (
                    (known.status, known.sequence, known.practitioner, known.mode, known.start)
                )
                assert self.uids.setdefault(str(visit.id), str(visit.uid)) == str(visit.uid)

    @invariant()
    def what_is_free_is_what_the_model_says(self) -> None:
        query = "visit_type=follow-up&mode=telemedicine&from=2026-12-08&to=2026-12-08"
        found = self.client.get(f"/v1/slots?{query}").get_json()
        free = {(slot["start"], who) for slot in found["slots"] for who in slot["practitioners"]}
        for minutes in STEPS:
            start = DAY + timedelta(minutes=minutes)
            for who in ("one", "two", "three"):
                expected = free_for(self.all, who, "telemedicine", start)
                assert ((start.isoformat(), who) in free) is expected

    @invariant()
    def every_visit_has_exactly_the_messages_that_it_should(self) -> None:
        with self.run.db.transaction() as session:
            rows = session.execute(
                select(Message.visit_id, Message.kind, Message.sequence, Message.state).join(Recipient)
            ).all()
        for known in self.all:
            mine = [
                (kind, at_sequence, state) for id, kind, at_sequence, state in rows if str(id) == known.id
            ]
            assert all(state == "superseded" for _, sequence, state in mine if sequence < known.sequence)
            now = sorted(kind for kind, sequence, _ in mine if sequence == known.sequence)
            assert now == expected_messages(known)


def expected_messages(known: Known) -> list[str]:
    """The message that told the last change, and the reminders if the visit was then booked."""
    if known.told in ("cancelled", "declined", "expired", "received"):
        return [known.told]
    reminders = ["reminder", "reminder"] + (["join"] if known.mode == "telemedicine" else [])
    return sorted([known.told, *reminders])


def same_place(one: Known, other: Known) -> bool:
    return (one.practitioner == "three") == (other.practitioner == "three")


def kind_of(answer: Any) -> str:
    return str(answer.get_json().get("type", "")).removeprefix("/problems/")


@pytest.fixture
def machine(run: Runtime) -> Iterator[type[LifeOfVisits]]:
    with run.db.transaction() as session:
        key = create_key(session, "front-desk", frozenset(Scope), run.db.now(session))

    class Here(LifeOfVisits):
        pass

    Here.run, Here.client = run, create_app(run).test_client()
    Here.staff = {"Authorization": f"Bearer {key}"}
    yield Here


def test_whatever_is_done_to_visits_the_service_agrees_with_the_model(machine: type[LifeOfVisits]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
