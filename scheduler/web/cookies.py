"""Cookies that no other host and no script can read or set: `__Host-`, secure, for this site's own pages."""

from datetime import timedelta

from flask import Response, request

PREFIX = "__Host-"


def read(name: str) -> str | None:
    return request.cookies.get(PREFIX + name)


def give(answer: Response, name: str, value: str, lasts: timedelta | None = None) -> None:
    """Until the browser closes where no time is given.

    Lax, so that a link in a mail opens the page; a form of another site does not bring the cookie along.
    """
    answer.set_cookie(
        PREFIX + name, value, max_age=lasts, path="/", secure=True, httponly=True, samesite="Lax"
    )


def take(answer: Response, name: str) -> None:
    answer.delete_cookie(PREFIX + name, path="/", secure=True, httponly=True, samesite="Lax")
