"""Visits live through the API as a model says they should: whatever is done to them, in whatever order."""

from collections.abc import Iterator, Mapping
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
from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.engine import Database
from scheduler.db.models import Claim, Message, Recipient, Visit
from scheduler.domain import visits
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from scheduler.services.rounds.expiring import expire_overdue
from tests.cast import NOW, at, wish
from tests.conftest import settings_for
from tests.life.model import (
    BY_PATIENT,
    HELD,
    MINUTES,
    MOVES,
    PLACES,
    UNDONE,
    Diary,
    Held,
    Known,
    Seat,
    answer_by,
)

DAY = at(8, 9)
STEPS = range(0, 150, 15)
"""A short morning, so that visits get into each other's way."""
LAST = NOW + timedelta(days=3, hours=6)
"""Until then all reminders of that morning are still to come."""
MOVING = ("reschedule", "convert")

starts = st.sampled_from([DAY + timedelta(minutes=minutes) for minutes in STEPS])
practitioners = st.sampled_from(sorted(PLACES))
modes = st.sampled_from(["telemedicine", "in_person"])
patients = st.integers(0, 3)
visit_types = st.sampled_from(["follow-up", "follow-up", "reviewed"])
plain_acts = st.sampled_from(["arrive", "arrive", "arrive", *sorted(set(MOVES) - {*MOVING, "expire"})])
"""Much begins with an arrival."""
spells = st.sampled_from([timedelta(minutes=11), timedelta(minutes=11), timedelta(hours=36)])
"""A hold ends; in the end a request."""

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
    held = Bundle("held")
    away = Bundle("away")

    def __init__(self) -> None:
        super().__init__()
        self.diary = Diary()
        self.tokens: dict[str, str] = {}
        self.uids: dict[str, str] = {}
        self.sequences: dict[str, int] = {}
        self.began = self.run.db.offset

    def teardown(self) -> None:
        self.run.db.offset = self.began

    @initialize()
    def a_clinic_without_visits(self) -> None:
        with self.run.db.transaction() as session:
            session.execute(text("SET LOCAL session_replication_role = replica"))
            for table in (*RESET, "tasks", "visits", "holds", "time_off"):
                session.execute(text(f"DELETE FROM {table}"))

    @property
    def all(self) -> list[Known]:
        return list(self.diary.visits.values())

    # ---------------------------------------------------------------------------------- booking and holding

    @rule(target=known, start=starts, who=practitioners, mode=modes, patient=patients, kind=visit_types)
    def somebody_books(self, start: datetime, who: str, mode: str, patient: int, kind: str) -> Any:
        body = wish(start, patient, practitioner=who, mode=mode, visit_type=kind)
        answer = self.client.post("/v1/visits", json=body)
        seat = self.diary.seated(Seat(who, mode, start, MINUTES[kind]))
        return self._booked(answer, patient, kind, seat)

    @rule(target=held, start=starts, who=practitioners, mode=modes, kind=visit_types)
    def somebody_holds_a_time(self, start: datetime, who: str, mode: str, kind: str) -> Any:
        body = wish(start, practitioner=who, mode=mode, visit_type=kind)
        del body["patient"]
        answer = self.client.post("/v1/holds", json=body)
        seat = self.diary.seated(Seat(who, mode, start, MINUTES[kind]))
        if seat is None:
            assert (answer.status_code, kind_of(answer)) == (409, "slot-taken")
            return multiple()
        assert answer.status_code == 201, answer.text
        id = answer.get_json()["id"]
        self.diary.holds[id] = Held(id, kind, seat, self.diary.now + HELD)
        return id

    @rule(target=known, hold=held, patient=patients)
    def somebody_books_what_was_held(self, hold: str, patient: int) -> Any:
        """A hold that ended, was used or given back counts as none."""
        held = self.diary.holds[hold]
        seat, kind = held.seat, held.visit_type
        body = wish(seat.start, patient, practitioner=seat.practitioner, mode=seat.mode, visit_type=kind)
        answer = self.client.post("/v1/visits", json={**body, "hold": hold})
        if self.diary.live(hold):
            got = None if self.diary.is_away(seat) else seat
        else:
            got = self.diary.seated(replace(seat, room=None))
        booked = self._booked(answer, patient, kind, got)
        if answer.status_code == 201:
            self._let_go(hold)
        return booked

    @rule(hold=held)
    def a_hold_is_given_back(self, hold: str) -> None:
        answer = self.client.delete(f"/v1/holds/{hold}")
        assert answer.status_code == (204 if self.diary.live(hold) else 404)
        self._let_go(hold)

    def _let_go(self, hold: str) -> None:
        self.diary.holds[hold] = replace(self.diary.holds[hold], until=NOW)

    def _booked(self, answer: Any, patient: int, kind: str, seat: Seat | None) -> Any:
        if seat is None:
            assert (answer.status_code, kind_of(answer)) == (409, "slot-taken"), answer.text
            return multiple()
        if self.diary.has_other_plans(patient, seat) or self.diary.is_no_newcomer(patient, kind):
            assert (answer.status_code, kind_of(answer)) == (409, "already-booked"), answer.text
            return multiple()
        assert answer.status_code == 201, answer.text
        said = answer.get_json()
        visit = Known(said["id"], patient, kind, seat, "booked")
        if (kind, seat.mode) == ("reviewed", "telemedicine"):
            visit = replace(visit, status="pending", told="received", answer_by=answer_by(self.diary.now))
        self.diary.visits[visit.id], self.tokens[visit.id] = visit, said["token"]
        return visit.id

    # --------------------------------------------------------------------------- what is done to visits

    @rule(id=known, act=plain_acts)
    def staff_do(self, id: str, act: str) -> None:
        answer = self._act(id, act, {}, self.staff)
        self._expect(answer, self.diary.visits[id].after(act, self.diary.now))

    @rule(id=known, act=st.sampled_from(["cancel", "cancel", "confirm", "approve"]))
    def the_patient_does(self, id: str, act: str) -> None:
        answer = self._act(id, act, {}, self._link(id))
        if act not in BY_PATIENT:
            assert answer.status_code == 403
        else:
            self._expect(answer, self.diary.visits[id].after(act, self.diary.now, BY_PATIENT))

    @rule(id=known)
    def staff_undo(self, id: str) -> None:
        visit, answer = self.diary.visits[id], self._act(id, "undo", {}, self.staff)
        undone = visit.undone(self.diary.now)
        if undone and visit.status == "cancelled" and not self._still_free(visit):
            assert (answer.status_code, kind_of(answer)) == (409, "slot-taken"), answer.text
            return
        self._expect(answer, undone)

    @rule(id=known, meanwhile=st.sampled_from(["time off", "a hold that ended", "a hold", "nothing"]))
    def a_cancel_is_taken_back(self, id: str, meanwhile: str) -> None:
        """Three things that must meet, and would by chance alone once in a thousand steps."""
        seat = self.diary.visits[id].seat
        self.staff_do(id, "cancel")
        if meanwhile.startswith("a hold"):
            self.somebody_holds_a_time(seat.start, seat.practitioner, seat.mode, "follow-up")
        if meanwhile == "a hold that ended":
            self.time_passes(timedelta(minutes=11))
        if meanwhile == "time off":
            self.somebody_is_away(seat.start, seat.practitioner)
        self.staff_undo(id)

    @rule(id=known, start=starts, who=practitioners, by_staff=st.booleans())
    def a_visit_is_moved(self, id: str, start: datetime, who: str, by_staff: bool) -> None:
        body, visit = {"start": start.isoformat(), "practitioner": who}, self.diary.visits[id]
        wanted = replace(visit.seat, start=start, practitioner=who, room=None)
        self._move(id, "reschedule", body, wanted, by_staff)

    @rule(id=known, mode=modes, by_staff=st.booleans())
    def a_visit_changes_its_mode(self, id: str, mode: str, by_staff: bool) -> None:
        wanted = replace(self.diary.visits[id].seat, mode=mode, room=None)
        self._move(id, "convert", {"mode": mode, "state": "TX"}, wanted, by_staff)

    @rule(id=consumes(known))
    def it_is_left_alone(self, id: str) -> None:
        """From here on nobody touches it; it still has to be as it was."""

    def _move(self, id: str, act: str, body: dict[str, str], wanted: Seat, by_staff: bool) -> None:
        visit, moves = self.diary.visits[id], MOVES if by_staff else BY_PATIENT
        answer = self._act(id, act, body, self.staff if by_staff else self._link(id))
        moved, seat = visit.after(act, self.diary.now, moves), self.diary.seated(wanted, own=id)
        asks_staff = act == "convert" and (visit.visit_type, wanted.mode) == ("reviewed", "telemedicine")
        if moved is None:
            self._expect(answer, None)
        elif asks_staff and not by_staff:
            assert (answer.status_code, kind_of(answer)) == (409, "too-late")
        elif seat is None:
            assert (answer.status_code, kind_of(answer)) == (409, "slot-taken"), answer.text
        elif self.diary.has_other_plans(visit.patient, seat, own=id):
            assert (answer.status_code, kind_of(answer)) == (409, "already-booked")
        else:
            term = answer_by(self.diary.now) if moved.status == "pending" else None
            self._expect(answer, replace(moved, seat=seat, answer_by=term))

    def _act(self, id: str, act: str, body: dict[str, str], who: dict[str, str]) -> Any:
        return self.client.post(f"/v1/visits/{id}/{act}", json=body, headers=who)

    def _link(self, id: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[id]}"}

    def _expect(self, answer: Any, after: Known | None) -> None:
        if after is None:
            assert (answer.status_code, kind_of(answer)) == (409, "illegal-transition"), answer.text
            return
        assert answer.status_code == 200, answer.text
        said = answer.get_json()
        assert (said["status"], said["sequence"]) == (after.status, after.sequence)
        self.diary.visits[after.id] = after

    def _still_free(self, visit: Known) -> bool:
        plans = self.diary.has_other_plans(visit.patient, visit.seat, own=visit.id)
        return self.diary.is_free(visit.seat, own=visit.id) and not plans

    # ------------------------------------------------------------------------- what happens by itself

    @rule(target=away, start=starts, who=practitioners)
    def somebody_is_away(self, start: datetime, who: str) -> Any:
        """Over whatever is booked: it frees nothing, and nothing new is booked there."""
        seat = Seat(who, "", start, 30)
        body = {"practitioner": who, "start": start.isoformat(), "end": seat.end.isoformat()}
        answer = self.client.post("/v1/time-off", json=body, headers=self.staff)
        assert answer.status_code == 201, answer.text
        said = answer.get_json()
        expected = ("pending", "booked", "arrived", "checked-in")
        hit = [each for each in self.all if each.seat.practitioner == who and each.seat.meets(seat)]
        assert {each["id"] for each in said["visits"]} == {each.id for each in hit if each.status in expected}
        if seat in self.diary.away.values():
            assert said["id"] in self.diary.away, "entered twice, it is one"
            return multiple()
        self.diary.away[said["id"]] = seat
        return said["id"]

    @rule(id=consumes(away))
    def somebody_is_back(self, id: str) -> None:
        answer = self.client.delete(f"/v1/time-off/{id}", headers=self.staff)
        assert answer.status_code == 200
        del self.diary.away[id]

    @rule(spell=spells)
    def time_passes(self, spell: timedelta) -> None:
        """For the database too, whose clock is the only one."""
        if self.diary.now + spell < LAST:
            self.diary.now += spell
            self.run.db.offset += spell

    @rule()
    def requests_that_nobody_answered_expire(self) -> None:
        with self.run.db.single() as connection:
            now = self.run.db.now(connection)
        overdue = self.diary.overdue()
        assert expire_overdue(self.run.desk, now) == len(overdue)
        for visit in overdue:
            self.diary.visits[visit.id] = visit.reached("expire", "cancelled", self.diary.now)

    # ------------------------------------------------------------------------- what is true all the time

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        with self.run.db.transaction() as session:
            assert session.execute(OVERLAPPING).scalar_one() == 0
            claimed = set(
                session.scalars(select(Claim.visit_id).where(Claim.visit_id.is_not(None)).distinct())
            )
        assert {str(id) for id in claimed} == {each.id for each in self.all if each.takes_time}

    @invariant()
    def every_visit_is_what_the_model_says(self) -> None:
        with self.run.db.transaction() as session:
            for visit in session.scalars(select(Visit)):
                id, known = str(visit.id), self.diary.visits[str(visit.id)]
                seat = known.seat
                assert (visit.status, visit.sequence) == (known.status, known.sequence)
                assert (visit.practitioner, visit.mode, visit.starts_at) == (
                    seat.practitioner,
                    seat.mode,
                    seat.start,
                )
                assert self.uids.setdefault(id, str(visit.uid)) == str(visit.uid), "for life"
                assert self.sequences.get(id, 0) <= visit.sequence, "it only grows"
                self.sequences[id] = visit.sequence

    @invariant()
    def what_is_free_is_what_the_model_says(self) -> None:
        query = "visit_type=follow-up&mode=telemedicine&from=2026-12-08&to=2026-12-08"
        found = self.client.get(f"/v1/slots?{query}").get_json()
        free = {(slot["start"], who) for slot in found["slots"] for who in slot["practitioners"]}
        for minutes in STEPS:
            start = DAY + timedelta(minutes=minutes)
            for who in PLACES:
                expected = self.diary.is_free(Seat(who, "telemedicine", start, MINUTES["follow-up"]))
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
    reminders = ["reminder", "reminder"] + (["join"] if known.seat.mode == "telemedicine" else [])
    return sorted([known.told, *reminders])


def kind_of(answer: Any) -> str:
    return str(answer.get_json().get("type", "")).removeprefix("/problems/")


@pytest.fixture
def machine(clinic: Database, migrated: str) -> Iterator[type[LifeOfVisits]]:
    run = bootstrap(settings_for(migrated, holds_at_once=1_000, holds_share=1))
    with run.db.transaction() as session:
        key = create_key(session, "front-desk", frozenset(Scope), run.db.now(session))

    class Here(LifeOfVisits):
        pass

    Here.run, Here.client = run, create_app(run).test_client()
    Here.staff = {"Authorization": f"Bearer {key}"}
    yield Here
    run.db.dispose()


@pytest.mark.parametrize(
    ("service", "model"), [(visits.BY_STAFF, {**MOVES, "undo": UNDONE}), (visits.BY_PATIENT, BY_PATIENT)]
)
def test_the_model_knows_all_acts_that_lead_somewhere(
    service: Mapping[visits.Act, visits.Moves], model: dict[str, dict[str, str]]
) -> None:
    acts = {str(act): spelled(ways) for act, ways in service.items()}
    staying = {act for act, ways in acts.items() if all(was == reached for was, reached in ways.items())}
    assert {act: ways for act, ways in acts.items() if act in model or act not in staying} == model


def spelled(ways: visits.Moves) -> dict[str, str]:
    return {str(was): str(reached) for was, reached in ways.items()}


@pytest.mark.timeout(400)  # where it fails, Hypothesis looks for a shorter story for five minutes
def test_whatever_is_done_to_visits_the_service_agrees_with_the_model(machine: type[LifeOfVisits]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=22,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
