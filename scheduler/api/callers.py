"""Who is calling."""

from flask import request

from scheduler.domain.errors import Unauthorized

SCHEME = "bearer "


def bearer_token() -> str:
    """The token of the Authorization header.

    Raises Unauthorized where there is none.
    """
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(SCHEME) or len(header) > 512:
        raise Unauthorized
    return header[len(SCHEME) :].strip()
