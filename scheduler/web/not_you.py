"""The "Not you?" of each mail: whoever has the address and is not the patient hears nothing more."""

from flask import Response, request

from scheduler.api.runtime import runtime
from scheduler.services.telling.disowning import check_not_you, disown
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from scheduler.web.speech import language
from scheduler.web.texts import words

blueprint = Pages("not_you", __name__)

SURE = ("person", "other")
"""A box that nobody ticks by submitting what they find, as scanners of mails do."""


@blueprint.get("/not-you/<token>")
def show_not_you(token: str) -> Response:
    """Changes nothing."""
    check_not_you(runtime().desk, token)
    return page("not_you.html", done=False)


@blueprint.post("/not-you/<token>")
def say_not_you(token: str) -> Response:
    name, value = SURE
    if request.form.get(name) != value:
        check_not_you(runtime().desk, token)
        errors = {name: words(language())["not_you"]["choose"]}
        return page("not_you.html", 422, done=False, errors=errors)
    disown(runtime().desk, token)
    return page("not_you.html", done=True)
