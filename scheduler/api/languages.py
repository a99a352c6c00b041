"""Which language an answer is in."""

from flask import request

LANGUAGES = ("en", "es")
"""Of the service's own texts; a clinic may write its own in more."""


def language() -> str:
    """What the caller prefers among the languages of the service."""
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
