"""Who may send a form: only pages of this very site, and with a cookie only those that we made for it.

The booking form has no cookie: the random id of its draft is in its address. Pages that stand on a cookie
put `csrf_token(cookie)` into each of their forms and call `check_csrf(cookie)` before they do anything.
"""

import hmac

from flask import request

from scheduler.api.runtime import runtime
from scheduler.domain.errors import Forbidden

FIELD = "csrf"
READING = ("GET", "HEAD", "OPTIONS")
ELSEWHERE = ("cross-site", "same-site")
"""As browsers name where a request begins (Sec-Fetch-Site)."""


def refuse_other_sites() -> None:
    """Before a form is looked at.

    Our pages say no-referrer, so their Origin may be `null`: then the browser's own word on where the request
    began decides, which no page can forge. Raises Forbidden.
    """
    if request.method in READING:
        return
    origin = request.headers.get("Origin", "null")
    foreign = origin != "null" and origin not in _ours()
    if foreign or request.headers.get("Sec-Fetch-Site") in ELSEWHERE:
        raise Forbidden


def _ours() -> tuple[str, str]:
    return request.host_url.rstrip("/"), runtime().desk.public_url


def csrf_token(cookie: str) -> str:
    """What forms of the holder of this cookie carry; worthless with any other."""
    return runtime().desk.secrets.lookup.hash("csrf", cookie).hex()


def check_csrf(cookie: str) -> None:
    """Raises Forbidden."""
    if not hmac.compare_digest(request.form.get(FIELD, "").encode(), csrf_token(cookie).encode()):
        raise Forbidden
