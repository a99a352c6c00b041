"""Who is calling, by the Authorization header."""

from flask import current_app, g, request

from scheduler.api.runtime import runtime
from scheduler.domain.actors import PUBLIC, Actor
from scheduler.domain.errors import Unauthorized
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import Caller, identify, require

SCHEME = "bearer "
LONGEST = 512


def bearer_token() -> str | None:
    """The token of the Authorization header, if there is one."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(SCHEME) or len(header) > LONGEST:
        return None
    return header[len(SCHEME) :].strip()


def caller() -> Caller:
    """Who this request is from, looked up once.

    Raises Unauthorized where nobody is named, or a token opens nothing.
    """
    token = bearer_token()
    if not token:
        raise Unauthorized
    if "caller" not in g:
        db = runtime().db
        with db.single() as connection:
            g.caller = identify(connection, token, db.offset)
    found: Caller = g.caller
    return found


def ask_for_token() -> None:
    """Before a request is looked at: where the contract asks for a token, there has to be one.

    Raises Unauthorized.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    guarded = getattr(view, "_spec", {}).get("security")  # as APIFlask keeps what `doc` said
    if guarded and request.method != "OPTIONS" and not bearer_token():
        raise Unauthorized


def booker() -> Actor:
    """Staff by their key; everybody else is the public, one caller together."""
    return require(caller(), Scope.VISITS) if bearer_token() else PUBLIC


def staff(scope: Scope) -> Actor:
    """The actor behind a key with that scope. Raises Unauthorized, Forbidden."""
    return require(caller(), scope)
