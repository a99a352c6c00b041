"""Who is calling, by the Authorization header."""

from flask import request

from scheduler.api.runtime import runtime
from scheduler.domain.actors import Actor
from scheduler.domain.errors import Unauthorized
from scheduler.domain.scopes import Scope
from scheduler.services.access import Caller, identify, require

SCHEME = "bearer "
LONGEST = 512


def bearer_token() -> str | None:
    """The token of the Authorization header, if there is one."""
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(SCHEME) or len(header) > LONGEST:
        return None
    return header[len(SCHEME) :].strip()


def caller() -> Caller:
    """Raises Unauthorized where nobody is named, or a token opens nothing."""
    token = bearer_token()
    if not token:
        raise Unauthorized
    db = runtime().db
    with db.transaction() as session:
        return identify(session, token, db.now(session))


def staff(scope: Scope) -> Actor:
    """The actor behind a key with that scope. Raises Unauthorized, Forbidden."""
    return require(caller(), scope)
