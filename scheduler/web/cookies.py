"""Cookies that no other host and no script can read or set: `__Host-`, secure, for this site's own pages."""

from datetime import timedelta

from flask import Response, request

from scheduler.api.runtime import runtime

PREFIX = "__Host-"


def _secure() -> bool:
    """False on a developer's machine alone: production refuses to start without https, and not every browser
    takes a secure cookie over http, not even from localhost."""
    return runtime().desk.public_url.startswith("https://")


def _called(name: str) -> str:
    return PREFIX + name if _secure() else name


def read(name: str) -> str | None:
    return request.cookies.get(_called(name))


def give(answer: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
    """Until the browser closes where no time is given.

    Lax, so that a link in a mail opens the page; a form of another site does not bring the cookie along.
    """
    answer.set_cookie(
        _called(name), value, max_age=lasts, path="/", secure=_secure(), httponly=True, samesite="Lax"
    )


def take(answer: Response, name: str) -> None:
    answer.delete_cookie(_called(name), path="/", secure=_secure(), httponly=True, samesite="Lax")
