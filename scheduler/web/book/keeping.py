"""More time for whoever needs it: a button of the pages after the times, which loses nothing typed."""

from collections.abc import Callable

from flask import Response, request

from scheduler.domain.drafts import Step
from scheduler.domain.errors import SlotNotOffered, SlotTaken, TriageRequired
from scheduler.web.book.form import Form, go_to
from scheduler.web.book.times import more_time, times_instead

MORE = "more"


def kept_longer(form: Form, again: Callable[[Form], Response]) -> Response | None:
    """The page once more, with the time kept anew; None where something else was pressed."""
    if request.form.get("act") != MORE:
        return None
    try:
        return again(more_time(form))
    except TriageRequired:
        return go_to(form, Step.SAFETY)
    except SlotTaken as error:
        return times_instead(form, error.alternatives)
    except SlotNotOffered:
        return times_instead(form, ())
