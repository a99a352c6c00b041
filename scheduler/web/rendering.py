"""Templates: what all of them know, and what every page's answer says about itself."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from flask import Response, current_app, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from config.settings import Environment as Kind
from scheduler.api.runtime import runtime
from scheduler.web import guards, speech
from scheduler.web.assets import asset, look
from scheduler.web.house import house
from scheduler.web.texts import words

TEMPLATES = Path(__file__).parent / "templates"
NOBODY = ("'none'",)
LANGUAGE_NAMES = {"en": "English", "es": "Español"}


@cache
def templates() -> Environment:
    """Apart from those of Flask: a word that is missing fails here instead of leaving a gap."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["fill"] = fill
    made.globals.update(
        asset=asset,
        look=look,
        address=speech.address,
        here=speech.here,
        chosen_language=speech.chosen,
        csrf_token=guards.csrf_token,
        language_names=LANGUAGE_NAMES,
    )
    return made


def fill(text: str, /, **values: object) -> Markup:
    """A text of ours with values in its gaps: `Step {now} of {all}`. Values are data, never markup."""
    return Markup(text).format(**values)  # noqa: S704 - our own words


def page(template: str, status: int = 200, **values: object) -> Response:
    """A page as an answer that nobody on the way keeps.

    Templates know: `t` (the words of the language), `language`, `house` (the clinic), `errors` (texts by the
    id of their field, for the summary on top), and what is given.
    """
    language = speech.language()
    known: Mapping[str, object] = {
        "t": words(language),
        "language": language,
        "languages": speech.spoken(),
        "house": house(language),
        "sandbox": runtime().settings.environment is Kind.SANDBOX,
        "errors": {},
    }
    body = templates().get_template(template).render({**known, **values})
    answer = Response(body, status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Language"] = language
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = policy()
    return answer


def policy(*elsewhere: str) -> str:
    """Everything from here, nothing in the page itself, no base, no form that leads `elsewhere`."""
    own = "; ".join(f"{each}-src 'self'" for each in ("style", "script", "img", "connect"))
    frames = " ".join(_framed_by())
    forms = " ".join(("'self'", *elsewhere))
    return f"default-src 'none'; {own}; base-uri 'none'; form-action {forms}; frame-ancestors {frames}"


def _framed_by() -> Sequence[str]:
    """Which websites may show the page in a frame: those of the clinic the booking form, nobody the rest."""
    pages = current_app.blueprints.get(request.blueprint or "")
    return (getattr(pages, "framed", False) and runtime().settings.cors_origins) or NOBODY
