"""Whose visit it is: the link of a mail is exchanged for a cookie, and every page asks the cookie.

One cookie for each visit, so that the visits of a family can be open side by side.
"""

from uuid import UUID

from flask import Response, g, request

from scheduler.api.runtime import runtime
from scheduler.domain.errors import NotFound, Unauthorized
from scheduler.services.changes.own_visit import OwnVisit, see_own
from scheduler.services.people.links import Holder, holder
from scheduler.services.people.recipients import MANAGE
from scheduler.web import cookies, guards, speech
from scheduler.web.pages import Pages
from scheduler.web.rendering import page


def held_pages(name: str, import_name: str, url_prefix: str | None = None) -> Pages:
    """Pages that say of a link that opens nothing what to do about it, whatever became of it."""
    pages = Pages(name, import_name, url_prefix=url_prefix)
    pages.register_error_handler(NotFound, _unknown)
    pages.register_error_handler(Unauthorized, _unknown)
    return pages


def _unknown(error: NotFound | Unauthorized) -> Response:
    return page("my/unknown.html", 404)


def enter() -> None:
    """Before a page of a visit. Raises NotFound, Forbidden."""
    visit: UUID = (request.view_args or {})["id"]
    token = cookies.read(_cookie(visit))
    found = look_up(token) if token else None
    if token is None or found is None or found.visit != visit:
        raise NotFound
    if request.method not in guards.READING:
        guards.check_csrf(token)
    g.visit_holder, g.visit_cookie = found, token
    speech.speak(found.language)


def look_up(token: str) -> Holder | None:
    """Whose manage link it is, as long as it opens its visit."""
    run = runtime()
    with run.db.single() as connection:
        return holder(connection, token, MANAGE, run.db.offset)


def hand_over(answer: Response, visit: UUID, token: str) -> Response:
    """From now on the browser may open the visit, until it is closed."""
    cookies.give(answer, _cookie(visit), token)
    return answer


def forget(answer: Response, visit: UUID) -> Response:
    """The browser opens the visit no more; its link still does."""
    cookies.take(answer, _cookie(visit))
    return answer


def _cookie(visit: UUID) -> str:
    return f"visit-{visit.hex}"


def current() -> Holder:
    found: Holder = g.visit_holder
    return found


def cookie() -> str:
    found: str = g.visit_cookie
    return found


def own() -> OwnVisit:
    run = runtime()
    with run.db.transaction() as session:
        return see_own(session, run.desk, current())
