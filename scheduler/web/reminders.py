"""The link under each reminder: whoever follows it chooses, and a mail program may choose for its reader."""

from flask import Response, request

from scheduler.api.bodies import FORM, accepts
from scheduler.api.runtime import runtime
from scheduler.services.telling.reminding import set_reminders, wants_reminders
from scheduler.web.going import go
from scheduler.web.pages import Pages
from scheduler.web.rendering import page
from scheduler.web.speech import language
from scheduler.web.texts import words

blueprint = Pages("reminders", __name__)

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""RFC 8058: what a mail program posts. The page's own form is another: scanners submit what they find."""
MULTIPART = "multipart/form-data"


@blueprint.get("/unsubscribe/<token>")
def show_reminders(token: str) -> Response:
    """Changes nothing."""
    return _page(token, {})


@blueprint.post("/unsubscribe/<token>")
@accepts(FORM, MULTIPART)
def choose_reminders(token: str) -> Response:
    """One click of a mail program, or a choice on the page."""
    name, value = ONE_CLICK
    if request.form.get(name) == value:
        set_reminders(runtime().desk, token, wanted=False)
        return Response(status=204)
    choice = request.form.get("reminders")
    if choice not in ("on", "off"):
        return _page(token, {"reminders": words(language())["reminders"]["choose"]})
    set_reminders(runtime().desk, token, wanted=choice == "on")
    return go(request.path)


def _page(token: str, errors: dict[str, str]) -> Response:
    run = runtime()
    with run.db.transaction() as session:
        wanted = wants_reminders(session, token, run.db.offset)
    return page("reminders.html", 422 if errors else 200, wanted=wanted, errors=errors)
