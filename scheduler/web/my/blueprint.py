"""The pages of a visit, put together."""

from scheduler.web.my import agreeing, asking, cancelling, contact, converting, moving, seeing, times, where
from scheduler.web.my.holding import enter, held_pages

blueprint = held_pages("my", __name__, url_prefix="/my")
blueprint.before_request(enter)
for part in (seeing, times, moving, asking, converting, cancelling, contact, where, agreeing):
    part.add_to(blueprint)
