"""What the clinic's website loads to show the booking form in a frame."""

from flask import Blueprint, Response, send_from_directory

from scheduler.web.assets import FOLDER

MINUTES = 5
blueprint = Blueprint("widget", __name__)


@blueprint.get("/widget.js")
def show_widget() -> Response:
    """At an address that websites keep for years, so it is asked for again soon."""
    answer = send_from_directory(FOLDER, "widget.js")
    answer.headers["Cache-Control"] = f"public, max-age={MINUTES * 60}"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
