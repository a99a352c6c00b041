"""What all pages of a visit know, and how an act on it is carried out, or refused in a human sentence."""

from collections.abc import Callable, Mapping

from flask import Response

from scheduler.api.problems import slug_of, status_of
from scheduler.api.runtime import runtime
from scheduler.domain.clinic import ConsentText
from scheduler.domain.errors import Barred, Conflict, Refused, SchedulerError
from scheduler.domain.visits import Act
from scheduler.messages.moments import moment
from scheduler.services.changes.own_visit import OwnVisit
from scheduler.services.changes.scene import Changed, Order, Scene, carry_out
from scheduler.web.forms import version
from scheduler.web.going import go
from scheduler.web.house import said
from scheduler.web.my.holding import cookie, current, own
from scheduler.web.rendering import page
from scheduler.web.speech import address, language
from scheduler.web.summary import summary_of

REFUSALS = (Barred, Conflict, Refused)
"""What the clinic's rules say no to: the page says why, and gives the phone number."""


def show(
    template: str,
    seen: OwnVisit,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    **values: object,
) -> Response:
    return page(
        f"my/{template}.html",
        422 if errors else status,
        own=seen,
        visit=seen.visit,
        clinic=seen.clinic,
        can=seen.can,
        cookie=cookie(),
        errors=errors or {},
        **{**summary_of(seen.clinic, seen.visit, seen.contact.timezone), **values},
    )


def visit_page(
    status: int = 200, refused: str = "", done: str = "", errors: Mapping[str, str] | None = None
) -> Response:
    """The visit as it is now. `refused` is why not, `done` what was just done, both by their keys."""
    seen = own()
    kind = seen.clinic.visit_type(seen.visit.visit_type)
    answer_by = seen.answer_by and moment(seen.answer_by, seen.clinic.timezone, language())
    return show(
        "visit",
        seen,
        status,
        errors,
        label=said(kind.label, language(), seen.clinic) if kind else seen.visit.label,
        answer_by=answer_by,
        over=seen.visit.end <= seen.moment.now,
        refused=refused,
        done=done,
    )


def refusal(
    error: SchedulerError, done: str = "", is_done: Callable[[OwnVisit], bool] | None = None
) -> Response:
    """The visit as it still is, and why nothing was changed; who pressed twice is told that it is done."""
    if is_done and is_done(own()):
        return to_visit(done)
    return visit_page(status_of(error), refused=slug_of(error))


def to_visit(done: str = "") -> Response:
    """Back to the visit, which says what was done."""
    return go(address("my.show_visit", id=current().visit, done=done or None))


def order(act: Act, reason: str | None = None) -> Order:
    """What the holder orders, on the version that the page showed."""
    who = current()
    return Order(who.visit, act, who.actor, version(), reason, who.recipient, who.generation)


def do(act: Act, perform: Callable[[Scene], None], reason: str | None = None) -> Changed:
    """Raises as `carry_out` does."""
    run = runtime()
    done = carry_out(run.desk, order(act, reason), perform)
    run.doorbell.ring(done.due)
    return done


def spoken_text(text: ConsentText, seen: OwnVisit) -> str:
    return said(text.text, language(), seen.clinic)
