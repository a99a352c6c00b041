"""What staff have to do."""

from dataclasses import asdict

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.callers import staff
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import NothingIn
from scheduler.api.schemas.lists import next_cursor
from scheduler.api.schemas.tasks import CallOut, DoneIn, TaskOut, TasksOut, TasksQuery
from scheduler.api.staff_visit_json import filled, private
from scheduler.domain.scopes import Scope
from scheduler.services.staff import tasks
from scheduler.services.staff.tasks import TaskView

blueprint = APIBlueprint("tasks", __name__, url_prefix="/v1/tasks", tag="Staff")

REFUSALS = [401, 403]


@blueprint.get("")
@blueprint.input(TasksQuery, location="query")
@blueprint.output(TasksOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def list_tasks(query_data: TasksQuery) -> Response:
    """What there is to do

    The most urgent first. `kind=call` is the list of those to phone: whom, in which language, what to say.
    """
    actor, run, asked = staff(Scope.VISITS), runtime(), query_data
    with run.db.transaction() as session:
        now = run.db.now(session)
        page = tasks.list_tasks(session, run.desk, asked.wanted(), asked.cursor, asked.limit, actor, now)
    items = [_task(each) for each in page.items]
    return private(TasksOut(items=items, next=next_cursor(page.next)))


@blueprint.post("/<int:id>/claim")
@blueprint.input(NothingIn)
@blueprint.output(TaskOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404, 409])
def claim_task(id: int, json_data: NothingIn) -> Response:
    """Take a task, so that nobody else does the same"""
    actor = staff(Scope.VISITS)
    return private(_task(tasks.claim(runtime().desk, id, actor)))


@blueprint.post("/<int:id>/release")
@blueprint.input(NothingIn)
@blueprint.output(TaskOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404, 409])
def release_task(id: int, json_data: NothingIn) -> Response:
    """Leave a task to others

    Also that of somebody who has gone home.
    """
    actor = staff(Scope.VISITS)
    return private(_task(tasks.release(runtime().desk, id, actor)))


@blueprint.post("/<int:id>/done")
@blueprint.input(DoneIn)
@blueprint.output(TaskOut)
@blueprint.doc(security="bearer", responses=[*REFUSALS, 404, 409])
def finish_task(id: int, json_data: DoneIn) -> Response:
    """Say that a task is done"""
    actor = staff(Scope.VISITS)
    return private(_task(tasks.finish(runtime().desk, id, actor, json_data.note)))


def _task(task: TaskView) -> TaskOut:
    call = CallOut(**asdict(task.call)) if task.call else None
    return filled(TaskOut, task, id=str(task.id), call=call, says=task.saying.words if task.saying else None)
