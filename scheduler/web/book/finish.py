"""Checking the answers, booking, and what comes after."""

from uuid import UUID

import orjson
from flask import Response

from scheduler.api.clients import client
from scheduler.api.limits import count_contacts
from scheduler.api.runtime import runtime
from scheduler.api.schemas.visits import VisitIn
from scheduler.domain.actors import PUBLIC
from scheduler.domain.booking import BookingRequest
from scheduler.domain.clinic import NewPatients
from scheduler.domain.drafts import Step
from scheduler.domain.errors import (
    AlreadyBooked,
    ConsentRequired,
    Emergency,
    GuardianRequired,
    IdempotencyConflict,
    Invalid,
    NotFound,
    NotLicensed,
    SchedulerError,
    SlotNotOffered,
    SlotTaken,
    TriageRequired,
)
from scheduler.services.booking import drafts
from scheduler.services.booking.making import Booked, book
from scheduler.services.ground.idempotency import Repeatable
from scheduler.services.outbox.invites import invite_file
from scheduler.services.visits.reading import view
from scheduler.web.book.about import booker_of, patient_of
from scheduler.web.book.form import Form, ask, elsewhere, go_on, go_to, open_form
from scheduler.web.book.keeping import kept_longer
from scheduler.web.book.review import rows
from scheduler.web.book.times import times_instead
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from scheduler.web.summary import summary_of

ATTESTED = {NewPatients.YES: True, NewPatients.NO: False}
"""The kinds of visit stand under "new here" and "been here before": choosing one says which."""

INSTEAD: dict[type[SchedulerError], Step | str] = {
    TriageRequired: Step.SAFETY,
    Emergency: "emergency",
    NotLicensed: Step.TIMES,
    ConsentRequired: Step.AGREE,
    GuardianRequired: Step.ABOUT,
    Invalid: Step.ABOUT,
}
"""Where somebody goes whom the booking itself refuses: the clinic's rules changed while they typed."""


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/check")(show_check)
    pages.post("/<uuid:id>/check")(book_it)
    pages.get("/<uuid:id>/done")(show_done)
    pages.get("/<uuid:id>/invite.ics")(download_invite)


def show_check(id: UUID) -> Response:
    form = open_form(id)
    return elsewhere(form, Step.CHECK) or _check(form)


def _check(form: Form) -> Response:
    return ask("check", form, Step.CHECK, rows=rows(form))


def book_it(id: UUID) -> Response:
    """Pressed twice, it books once: the form's id is the key."""
    form = open_form(id)
    if first := elsewhere(form, Step.CHECK):
        return first
    if kept := kept_longer(form, _check):
        return kept
    try:
        booked = _book(form)
    except SlotTaken as error:
        return times_instead(form, error.alternatives)
    except SlotNotOffered:
        return times_instead(form, ())
    except AlreadyBooked:
        return ask("already", form, Step.CHECK, status=409)
    except IdempotencyConflict:
        return page("book/twice.html", 409)
    except tuple(INSTEAD) as error:
        return go_to(form, INSTEAD[type(error)])
    return _done(form, booked)


def _done(form: Form, booked: Booked) -> Response:
    run = runtime()
    with run.db.transaction() as session:
        drafts.finish(session, run.desk, form.id, form.draft, booked.visit.id, form.moment.now)
    run.doorbell.ring(booked.due)
    return go_to(form, "done")


def _book(form: Form) -> Booked:
    desk, asked = runtime().desk, request_of(form)
    count_contacts(asked)
    canonical = orjson.dumps(body_of(form), option=orjson.OPT_SORT_KEYS).decode()
    body_hash = desk.secrets.lookup.hash("idempotency", canonical)
    return book(desk, asked, Repeatable(str(PUBLIC), "POST /book", str(form.id), body_hash))


def request_of(form: Form) -> BookingRequest:
    """By the API's own schema: what it refuses is refused here too."""
    body = VisitIn.model_validate(body_of(form))
    language = form.draft.writes or form.clinic.languages[0]
    return body.request(language, PUBLIC, client(), form.result)


def body_of(form: Form) -> dict[str, object]:
    """The form as the API would get it. Once the hold has ended, anybody may give the visit."""
    draft, wish = form.draft, form.draft.wish
    time, kind = draft.time, form.clinic.visit_type(wish.visit_type)
    assert time and draft.about and kind
    still_held = time.until is not None and time.until > form.moment.now
    return {
        "visit_type": wish.visit_type,
        "mode": wish.mode,
        "start": time.start.isoformat(),
        "practitioner": wish.practitioner or (time.practitioner if still_held else None),
        "new_patient": ATTESTED.get(kind.new_patients),
        "location": wish.location,
        "state": wish.state,
        "needs": list(wish.needs),
        "hold": str(time.hold) if time.hold else None,
        "consents": list(draft.consents or ()),
        "patient": patient_of(draft, draft.about),
        "booked_by": booker_of(draft, draft.about) if draft.for_other else None,
    }


def _booked(id: UUID) -> tuple[Form, UUID]:
    """Raises NotFound for a form that booked nothing."""
    form = open_form(id)
    if form.draft.visit is None:
        raise NotFound
    return form, form.draft.visit


def show_done(id: UUID) -> Response:
    form = open_form(id)
    if form.draft.visit is None:
        return go_on(form)
    run = runtime()
    with run.db.transaction() as session:
        visit = view(session, run.desk, form.draft.visit)
    known = summary_of(form.clinic, visit, form.draft.zone)
    return page("book/done.html", 200, form=form, site=form.draft.site, visit=visit, **known)


def download_invite(id: UUID) -> Response:
    form, visit = _booked(id)
    run = runtime()
    with run.db.transaction() as session:
        content = invite_file(session, run.desk, visit, None, PUBLIC, form.moment)
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
