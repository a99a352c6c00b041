"""The pages of the booking form, put together."""

from scheduler.web.book import about, agree, finish, how, needs, opening, safety, times, where
from scheduler.web.pages import Pages

blueprint = Pages("book", __name__, url_prefix="/book", framed=True)
for part in (opening, safety, how, where, needs, times, about, agree, finish):
    part.add_to(blueprint)
