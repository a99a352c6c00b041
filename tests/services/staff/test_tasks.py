"""What staff have to do: opened and closed with what makes it so, done by one."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Task
from scheduler.db.secrets import CannotOpen
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.errors import NotFound, Stale, TaskTaken
from scheduler.domain.scopes import Scope
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.staff import tasks as staff_tasks
from scheduler.services.staff.tasks import TaskView, Wanted
from scheduler.services.tasks.opening import open_task
from tests.api.people import Headers, booked, said, staff_with
from tests.cast import NOW, at, patient
from tests.outbox.conftest import rows
from tests.services.asking import at_once, request

OPEN = Wanted()
ONE, OTHER = Actor(ActorKind.STAFF, "one"), Actor(ActorKind.STAFF, "other")


def tasks(run: Runtime) -> list[Task]:
    with run.db.transaction() as session:
        return list(session.scalars(select(Task).order_by(Task.id)))


def opened(run: Runtime, kind: str = "call", cause: str = "test") -> int:
    with run.db.transaction() as session:
        open_task(session, kind, None, cause, at(2, 9), run.db.now(session))
        return session.scalars(select(Task.id).order_by(Task.id.desc()).limit(1)).one()


def listed(run: Runtime, wanted: Wanted = OPEN) -> list[TaskView]:
    with run.db.transaction() as session:
        now = run.db.now(session)
        return list(staff_tasks.list_tasks(session, run.desk, wanted, None, 50, ONE, now).items)


def asked_for(run: Runtime, number: int = 0) -> UUID:
    """A visit that staff have to approve."""
    return book(
        run.desk, request(at(8, 10 + number), number, visit_type="reviewed", new_patient=True)
    ).visit.id


# -------------------------------------------------------------------------------- what opens and closes


def test_a_request_opens_a_task_that_is_due_when_the_answer_is(run: Runtime) -> None:
    visit = asked_for(run)
    (task,) = tasks(run)
    assert (task.kind, task.visit_id, task.done_at) == ("approve", visit, None)
    with run.db.transaction() as session:
        term = session.execute(text("SELECT answer_by FROM visits")).scalar_one()
    assert task.due_at == term


def test_a_booking_that_nobody_has_to_approve_opens_none(run: Runtime) -> None:
    book(run.desk, request(at(8, 10)))
    assert tasks(run) == []


@pytest.mark.parametrize("act", [Act.APPROVE, Act.DECLINE, Act.CANCEL, Act.EXPIRE, Act.ENTERED_IN_ERROR])
def test_a_request_that_was_answered_or_ended_leaves_nothing_to_do(run: Runtime, act: Act) -> None:
    visit, other = asked_for(run), asked_for(run, 1)
    carry_out(run.desk, Order(visit, act, ONE), advance)
    done, still, *call = tasks(run)
    assert [each.kind for each in call] == (["call"] if act is Act.EXPIRE else [])
    assert (done.visit_id, done.done_by, still.visit_id, still.done_at) == (visit, "staff:one", other, None)


def test_an_act_that_is_refused_closes_no_task(run: Runtime) -> None:
    visit = asked_for(run)
    with pytest.raises(Stale):
        carry_out(run.desk, Order(visit, Act.APPROVE, ONE, version=7), advance)
    assert tasks(run)[0].done_at is None


def test_somebody_new_with_the_surname_and_birth_date_of_a_patient_is_looked_at_once(run: Runtime) -> None:
    book(run.desk, request(at(8, 10), name="Zoe Lopez", email="zoe@patients.example"))
    again: dict[str, Any] = {"name": "Zoë M. López", "email": "zoe.lopez@patients.example"}
    visit = book(run.desk, request(at(8, 11), **again)).visit
    (task,) = tasks(run)
    assert (task.kind, task.visit_id, task.due_at) == ("same-person", visit.id, at(8, 11))
    book(run.desk, request(at(8, 12), **again))
    assert len(tasks(run)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Zoe Lopez", "email": "zoe@patients.example"},  # the same person
        {"name": "Zoe Perez", "email": "zoe.lopez@patients.example"},
        {"name": "Zoe Lopez", "email": "zoe.lopez@patients.example", "birth_date": "1990-01-01"},
    ],
)
def test_the_same_person_and_somebody_else_need_no_look(run: Runtime, other: dict[str, Any]) -> None:
    book(run.desk, request(at(8, 10), name="Zoe Lopez", email="zoe@patients.example"))
    book(run.desk, request(at(8, 11), **other))
    assert tasks(run) == []


# ------------------------------------------------------------------------------------- who does it


def test_of_eight_who_claim_a_task_at_once_one_has_it(run: Runtime) -> None:
    task = opened(run)
    actors = [Actor(ActorKind.STAFF, f"desk-{n}") for n in range(8)]
    answers = at_once(lambda actor: staff_tasks.claim(run.desk, task, actor), actors)
    won = [each for each in answers if isinstance(each, TaskView)]
    assert len(won) == 1
    assert {type(each) for each in answers} == {TaskView, TaskTaken}
    assert listed(run)[0].claimed_by == won[0].claimed_by


def test_a_task_that_somebody_took_is_theirs_until_it_is_released(run: Runtime) -> None:
    task = opened(run)
    first = staff_tasks.claim(run.desk, task, ONE)
    assert staff_tasks.claim(run.desk, task, ONE) == first, "taking it twice changes nothing"
    with pytest.raises(TaskTaken):
        staff_tasks.claim(run.desk, task, OTHER)
    with pytest.raises(TaskTaken):
        staff_tasks.finish(run.desk, task, OTHER, None)
    assert staff_tasks.release(run.desk, task, OTHER).claimed_by is None
    assert staff_tasks.claim(run.desk, task, OTHER).claimed_by == "staff:other"


def test_a_task_is_done_once_with_or_without_having_been_taken(run: Runtime) -> None:
    task = opened(run)
    done = staff_tasks.finish(run.desk, task, ONE, "Called Pat, comes on Friday")
    assert (done.done_by, done.note) == ("staff:one", "Called Pat, comes on Friday")
    for again in (staff_tasks.claim, staff_tasks.release):
        with pytest.raises(TaskTaken):
            again(run.desk, task, ONE)
    with pytest.raises(TaskTaken):
        staff_tasks.finish(run.desk, task, ONE, None)


@pytest.mark.parametrize("id", [0, 1, 2**63 - 1, 2**63, 10**30])
def test_a_task_that_never_was_is_not_found(run: Runtime, id: int) -> None:
    with pytest.raises(NotFound):
        staff_tasks.claim(run.desk, id, ONE)


def test_a_note_is_sealed_to_its_own_task(run: Runtime) -> None:
    staff_tasks.finish(run.desk, opened(run), ONE, "Called Pat")
    staff_tasks.finish(run.desk, opened(run, cause="more"), ONE, "Called Sam")
    first, second = tasks(run)
    assert first.note and second.note and b"Called" not in first.note + second.note
    with run.db.transaction() as session:
        session.execute(
            text("UPDATE tasks SET note = :note WHERE id = :id"), {"note": first.note, "id": second.id}
        )
    with pytest.raises(CannotOpen):
        listed(run, Wanted(open=False))


def test_the_same_for_the_same_cause_is_open_once(run: Runtime) -> None:
    visit = asked_for(run)
    with run.db.transaction() as session:
        for cause in ("a", "a", "b"):
            open_task(session, "call", visit, cause, at(2, 9), NOW)
    assert [task.kind for task in tasks(run)] == ["approve", "call", "call"]


# ---------------------------------------------------------------------------------------- over HTTP


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, Scope.VISITS)


def test_the_list_is_by_urgency_and_filtered(client: FlaskClient, run: Runtime, staff: Headers) -> None:
    later = asked_for(run)
    with run.db.transaction() as session:
        open_task(session, "call", later, "x", NOW, NOW)

    def shown(query: str = "") -> list[str]:
        return [each["kind"] for each in said(client.get(f"/v1/tasks{query}", headers=staff))["items"]]

    assert shown() == ["call", "approve"]
    assert shown("?kind=approve") == ["approve"]
    assert shown(f"?visit={later}") == ["call", "approve"]
    assert shown("?open=false") == []
    page = said(client.get("/v1/tasks?limit=1", headers=staff))
    assert shown(f"?limit=1&cursor={page['next']}") == ["approve"]


def test_a_kind_that_there_is_not_is_no_empty_list(client: FlaskClient, staff: dict[str, str]) -> None:
    answer = client.get("/v1/tasks?kind=calls", headers=staff)
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.get_json()["errors"]] == [
        ("/kind", "not-a-choice")
    ]


def test_a_task_goes_its_way_over_http(client: FlaskClient, run: Runtime, staff: Headers) -> None:
    id = opened(run)
    other = staff_with(run, Scope.VISITS, name="other")
    claimed = said(client.post(f"/v1/tasks/{id}/claim", json={}, headers=staff))
    assert (claimed["id"], claimed["claimed_by"]) == (str(id), "staff:front-desk")
    taken = said(client.post(f"/v1/tasks/{id}/claim", json={}, headers=other), 409)
    assert taken["type"] == "/problems/task-taken"
    said(client.post(f"/v1/tasks/{id}/release", json={}, headers=other))
    done = said(client.post(f"/v1/tasks/{id}/done", json={"note": "Called"}, headers=other))
    assert (done["done_by"], done["note"], done["visit"]) == ("staff:other", "Called", None)
    said(client.post(f"/v1/tasks/{id}/done", json={"note": "x" * 2001}, headers=other), 422)
    assert said(client.post(f"/v1/tasks/{10**30}/done", json={}, headers=other), 404)


def test_what_staff_do_with_tasks_is_audited_and_so_is_reading_notes(
    client: FlaskClient, run: Runtime, staff: Headers
) -> None:
    id = opened(run)
    client.get("/v1/tasks", headers=staff)
    client.post(f"/v1/tasks/{id}/claim", json={}, headers=staff)
    client.post(f"/v1/tasks/{id}/done", json={"note": "Called"}, headers=staff)
    client.get("/v1/tasks?open=false", headers=staff)
    with run.db.transaction() as session:
        rows = session.execute(
            text("SELECT act, object_id, detail::text FROM audit_entries WHERE actor <> 'system' ORDER BY id")
        ).all()
    assert [(row.act, row.object_id) for row in rows] == [
        ("claim", str(id)),
        ("finish", str(id)),
        ("read-notes", None),
    ]
    assert not any("Called" in row.detail for row in rows)


def test_every_kind_of_task_is_named_as_urls_are(run: Runtime) -> None:
    assert all(kind == kind.lower() and "_" not in kind for kind in TaskKind)


def test_a_call_says_whom_what_and_in_which_language(
    run: Runtime, client: FlaskClient, staff: Headers
) -> None:
    who = patient(0, phone="+14095550123", email=None, language="es")
    visit = booked(client, patient=who, mode="in_person", location="main", state=None)
    told = rows(run, UUID(visit["id"]))[0]
    deliver(PostRoom(run.desk, run.channels, "worker"), told.id)
    (task,) = said(client.get("/v1/tasks?kind=call", headers=staff))["items"]
    assert task["call"] == {"name": "Pat Example", "phone": "+14095550123", "language": "es"}
    assert task["says"] == "Example Clinic: cita confirmada: Dr. One, mar 8 dic 10:00 a.m. CST, Main Office."
    done = said(client.post(f"/v1/tasks/{task['id']}/claim", json={}, headers=staff))
    assert (done["says"], done["call"]) == (task["says"], task["call"])
    with run.db.transaction() as session:
        read = session.scalars(select(AuditEntry).where(AuditEntry.act == "read-notes")).one()
    assert read.detail["ids"] == [task["id"]]


def test_other_tasks_say_nothing(run: Runtime, client: FlaskClient, staff: Headers) -> None:
    opened(run, "bounced")
    (task,) = said(client.get("/v1/tasks", headers=staff))["items"]
    assert (task["says"], task["call"]) == (None, None)
