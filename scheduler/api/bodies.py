"""What kind of body an endpoint takes: JSON, unless it says otherwise."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.exceptions import UnsupportedMediaType

View = TypeVar("View", bound=Callable[..., Any])

FORM = "application/x-www-form-urlencoded"
WITH_BODY = ("POST", "PATCH", "PUT")


def accepts(*types: str) -> Callable[[View], View]:
    """Marks a view whose body is of one of these types, such as `FORM`, instead of JSON."""

    def mark(view: View) -> View:
        view.__dict__["accepted_types"] = types
        return view

    return mark


def check_type() -> None:
    """Before a request is looked at. Raises UnsupportedMediaType."""
    if request.method not in WITH_BODY:
        return
    view = current_app.view_functions.get(request.endpoint or "")
    accepted = getattr(view, "accepted_types", None)
    if not (request.mimetype in accepted if accepted else request.is_json):
        raise UnsupportedMediaType
