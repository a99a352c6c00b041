"""Coming in and going out: the one page of the front desk that is open to everybody."""

import re
import secrets

from flask import Response, request, url_for

from scheduler.api.clients import client
from scheduler.api.runtime import runtime
from scheduler.domain.errors import Invalid, RateLimited, Unauthorized
from scheduler.services.accounts import keeping, sessions
from scheduler.web import cookies, guards, speech
from scheduler.web.forms import errors_of, field
from scheduler.web.going import go
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from scheduler.web.staff.members import COOKIE, cookie, member, staff_pages
from scheduler.web.staff.showing import show

DOOR = "staff-door"
"""The cookie of somebody who is about to sign in: only a page of ours can send the form."""
WAY = re.compile(r"/staff(/[\w.-]+)*(\?[\w=&.%:+-]*)?", re.ASCII)
"""Where a sign-in may lead on to."""

outside = Pages("door", __name__, url_prefix="/staff")
blueprint = staff_pages("desk_doors", __name__)


@outside.get("/sign-in", endpoint="show_sign_in")
def show_sign_in() -> Response:
    return _door()


@outside.post("/sign-in")
def sign_in() -> Response:
    door = cookies.read(DOOR)
    guards.check_csrf(door or secrets.token_hex())
    run = runtime()
    try:
        token = sessions.sign_in(run.desk, field("name"), request.form.get("password", ""), client())
    except Unauthorized:
        return _door(401, wrong=True)
    except RateLimited as limited:
        return _door(429, minutes=-(-limited.retry_after // 60))
    _end(cookies.read(COOKIE))
    answer = go(_way(field("next")))
    cookies.give(answer, COOKIE, token)
    cookies.take(answer, DOOR)
    return answer


@blueprint.post("/sign-out", endpoint="leave")
def leave() -> Response:
    _end(cookie())
    answer = go(url_for("door.show_sign_in"))
    cookies.take(answer, COOKIE)
    return answer


@blueprint.get("/password")
def show_password() -> Response:
    return show("password.html", active="account")


@blueprint.post("/password")
def set_password() -> Response:
    old, new, run = request.form.get("old", ""), request.form.get("password", ""), runtime()
    try:
        with run.db.transaction() as session:
            keeping.change_password(session, member(), old, new, run.db.now(session))
    except Invalid as invalid:
        return show("password.html", 422, active="account", errors=errors_of(invalid))
    return go(url_for("desk_start.show_start", done="password"))


@blueprint.post("/language")
def set_language() -> Response:
    wanted = field("language")
    if wanted in speech.spoken():
        with runtime().db.transaction() as session:
            keeping.change_language(session, member(), wanted)
    return go(url_for("desk_start.show_start"))


def _door(status: int = 200, wrong: bool = False, minutes: int = 0) -> Response:
    door = cookies.read(DOOR) or secrets.token_urlsafe()
    asked = request.values.get("next", "")
    answer = page(
        "staff/sign_in.html",
        status,
        cookie=door,
        name=field("name"),
        next=_way(asked) if asked else "",
        wrong=wrong,
        minutes=minutes,
    )
    cookies.give(answer, DOOR, door)
    return answer


def _way(asked: str) -> str:
    return asked if WAY.fullmatch(asked) else url_for("desk_start.show_start")


def _end(token: str | None) -> None:
    """Whoever signs in leaves the session that this browser had before."""
    if token is not None:
        run = runtime()
        with run.db.transaction() as session:
            sessions.sign_out(session, token, run.db.now(session))
