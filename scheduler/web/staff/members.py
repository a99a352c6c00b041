"""Who is signed in, and what they may: asked before every page of the front desk."""

from typing import NoReturn

from flask import Response, abort, g, request, url_for

from scheduler.api.runtime import runtime
from scheduler.domain.actors import Actor
from scheduler.domain.errors import Unauthorized
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.sessions import Member, identify
from scheduler.web import cookies, guards, speech
from scheduler.web.going import go
from scheduler.web.pages import Pages
from scheduler.web.rendering import page

COOKIE = "staff"
PASSWORD_PAGES = frozenset({"desk_doors.show_password", "desk_doors.set_password", "desk_doors.leave"})
"""All that is open to somebody whose password was made for them."""


def staff_pages(name: str, import_name: str, url_prefix: str = "/staff") -> Pages:
    """A blueprint of pages for those who are signed in; their forms carry the token of their cookie."""
    pages = Pages(name, import_name, url_prefix=url_prefix)
    pages.before_request(_enter)
    return pages


def _enter() -> Response | None:
    token = cookies.read(COOKIE)
    member = _identified(token) if token else None
    if token is None or member is None:
        return go(url_for("door.show_sign_in", next=_way_back()))
    if request.method not in guards.READING:
        guards.check_csrf(token)
    g.member, g.cookie = member, token
    speech.speak(member.language)
    if member.password_is_ours and request.endpoint not in PASSWORD_PAGES:
        return go(url_for("desk_doors.show_password"))
    return None


def _identified(token: str) -> Member | None:
    try:
        return identify(runtime().db, token)
    except Unauthorized:
        return None


def _way_back() -> str | None:
    """Where somebody wanted to go who has to sign in first; a form that was sent is not sent again."""
    return request.full_path.rstrip("?") if request.method in guards.READING else None


def member() -> Member:
    found: Member = g.member
    return found


def cookie() -> str:
    found: str = g.cookie
    return found


def may(scope: Scope) -> bool:
    return scope in member().scopes


def require(scope: Scope) -> Actor:
    """The actor of whoever is signed in, if their account has the scope; else a page that says so."""
    if not may(scope):
        _refuse()
    return member().actor


def _refuse() -> NoReturn:
    abort(without_scope())


def without_scope() -> Response:
    return page("staff/without_scope.html", 403, staff=member(), cookie=cookie(), active="")
