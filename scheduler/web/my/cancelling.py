"""Cancelling: the reason is the choice, so that nothing is cancelled by a page that only was opened."""

from uuid import UUID

from flask import Response

from scheduler.domain.visits import Act, PatientsReason, VisitStatus
from scheduler.services.changes.simple import advance
from scheduler.web.forms import field
from scheduler.web.my.holding import own
from scheduler.web.my.showing import REFUSALS, do, refusal, show, to_visit, visit_page
from scheduler.web.pages import Pages
from scheduler.web.speech import language
from scheduler.web.texts import words


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/cancel")(show_cancel)
    pages.post("/<uuid:id>/cancel")(cancel)


def show_cancel(id: UUID) -> Response:
    return _cancel({})


def _cancel(errors: dict[str, str]) -> Response:
    seen = own()
    if Act.CANCEL not in seen.can:
        return visit_page(409, refused="illegal-transition")
    return show("cancel", seen, errors=errors, reasons=list(PatientsReason))


def cancel(id: UUID) -> Response:
    reason = field("reason")
    if reason not in (*PatientsReason,):
        return _cancel({"reason": words(language())["my"]["cancel"]["missing"]})
    try:
        do(Act.CANCEL, advance, reason)
    except REFUSALS as error:
        return refusal(error, Act.CANCEL, lambda seen: seen.visit.status == VisitStatus.CANCELLED)
    return to_visit(Act.CANCEL)
