"""A visit as an answer to staff."""

from dataclasses import asdict
from typing import TypeVar
from uuid import UUID

import orjson
from flask import Response
from pydantic import BaseModel

from scheduler.api.schemas.lists import next_cursor
from scheduler.api.schemas.staff_visits import PatientOut, StaffVisitOut, StaffVisitsOut
from scheduler.api.versions import etag
from scheduler.services.ground.pages import Page
from scheduler.services.visits.for_staff import StaffVisit

M = TypeVar("M", bound=BaseModel)


def private(body: BaseModel, status: int = 200) -> Response:
    """What staff see; never kept by anybody on the way."""
    answer = Response(orjson.dumps(body.model_dump(mode="json")), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def filled(model: type[M], source: object, **more: object) -> M:
    """The model, each field from the attribute of its name, but for those that are given."""
    named = {name: getattr(source, name) for name in model.model_fields if name not in more}
    return model(**named, **more)


def staff_visit_out(visit: StaffVisit) -> StaffVisitOut:
    patient = PatientOut(name=visit.name, birth_date=visit.birth_date)
    return filled(
        StaffVisitOut, visit, patient=patient, recipients=[asdict(each) for each in visit.recipients]
    )


def staff_visit_answer(visit: StaffVisit) -> Response:
    answer = private(staff_visit_out(visit))
    answer.headers["ETag"] = etag(visit.version)
    return answer


def staff_visits_answer(page: Page[StaffVisit, UUID]) -> Response:
    items = [staff_visit_out(visit) for visit in page.items]
    return private(StaffVisitsOut(items=items, next=next_cursor(page.next)))
