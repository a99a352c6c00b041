"""Which language an answer is in."""

from collections.abc import Sequence

from flask import request

from scheduler.api.runtime import runtime

LANGUAGES = ("en", "es")
"""Of the service's own texts; a clinic may write its own in more."""


def language() -> str:
    """What the caller prefers among the languages of the service."""
    return preferred(LANGUAGES)


def default_language() -> str:
    """Of messages to somebody who named none: what the browser asks for, where the clinic writes it."""
    last = runtime().desk.clinics.last
    return preferred(last.clinic.languages if last else LANGUAGES)


def preferred(spoken: Sequence[str]) -> str:
    """The language that the caller prefers, else the first; `es-MX` is Spanish.

    Not Werkzeug's `best_match`, which for `es-MX,en;q=0.5` finds English.
    """
    for tag, quality in request.accept_languages:
        primary = tag.partition("-")[0].lower()
        if quality > 0 and primary in spoken:
            return primary
    return spoken[0]
