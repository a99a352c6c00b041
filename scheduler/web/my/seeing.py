"""Seeing a visit, saying that one comes, and taking the entry for one's calendar."""

from uuid import UUID

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.domain.visits import Act
from scheduler.services.changes.simple import confirm
from scheduler.services.outbox.invites import invite_file
from scheduler.web.forms import field
from scheduler.web.going import go
from scheduler.web.my.holding import current, forget
from scheduler.web.my.showing import REFUSALS, do, refusal, to_visit, visit_page
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from scheduler.web.speech import address, language
from scheduler.web.texts import words

INSTEAD = {"move": "my.show_times", "cancel": "my.show_cancel"}
"""Where somebody goes on who does not come at that time."""


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>")(show_visit)
    pages.post("/<uuid:id>/coming")(say_coming)
    pages.get("/<uuid:id>/invite.ics")(download_invite)
    pages.post("/<uuid:id>/leave")(leave)


def show_visit(id: UUID) -> Response:
    done = request.args.get("done", "")
    return visit_page(done=done if done in words("en")["my"]["done"] else "")


def say_coming(id: UUID) -> Response:
    """One question, and no answer of it is chosen beforehand."""
    said = field("coming")
    if said in INSTEAD:
        return go(address(INSTEAD[said], id=id))
    if said != "yes":
        return visit_page(errors={"coming": words(language())["my"]["coming"]["missing"]})
    try:
        do(Act.CONFIRM, confirm)
    except REFUSALS as error:
        return refusal(error, Act.CONFIRM, lambda seen: seen.visit.confirmed_at is not None)
    return to_visit(Act.CONFIRM)


def download_invite(id: UUID) -> Response:
    run, who = runtime(), current()
    with run.db.transaction() as session:
        moment = run.desk.clinics.moment(session)
        content = invite_file(session, run.desk, id, who.recipient, who.actor, moment)
    answer = Response(content, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def leave(id: UUID) -> Response:
    """On a computer that others use too, the next one finds nothing."""
    return forget(page("my/left.html"), id)
