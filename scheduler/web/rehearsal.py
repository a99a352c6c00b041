"""Where a rehearsal's video would open: a page that says so, in place of a vendor."""

from flask import Response, abort, request

from config.video import VideoVendor
from scheduler.api.runtime import runtime
from scheduler.video.vendor import Role
from scheduler.web.pages import Pages
from scheduler.web.rendering import page

blueprint = Pages("rehearsal", __name__)


@blueprint.get("/rehearsal-room/<name>")
def show_room(name: str) -> Response:
    """Any room: none is kept anywhere."""
    if runtime().settings.video is not VideoVendor.REHEARSAL:
        abort(404)
    return page("join/rehearsal.html", host=request.args.get("as") == Role.HOST)
