"""Errors as pages for people: what happened, what to do, and the phone."""

import logging

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from scheduler.api.problems import RETRY_AFTER, status_of
from scheduler.domain.errors import RateLimited, SchedulerError, Unauthorized, Unavailable
from scheduler.web.rendering import page

log = logging.getLogger(__name__)

KINDS = {
    401: "not_found",
    403: "forbidden",
    404: "not_found",
    405: "not_found",
    413: "too_much",
    415: "forbidden",
    429: "too_often",
    503: "unavailable",
}
"""Under which key the words of a status stand; all others are `internal`."""


def failure(status: int) -> Response:
    """The page for a status. It needs no database."""
    return page("failure.html", status, kind=KINDS.get(status, "internal"))


def register(pages: Blueprint) -> None:
    pages.register_error_handler(SchedulerError, on_scheduler_error)
    pages.register_error_handler(404, on_http_error)  # before the one of the whole service
    pages.register_error_handler(HTTPException, on_http_error)
    pages.register_error_handler(Exception, on_anything_else)


def on_scheduler_error(error: SchedulerError) -> Response:
    """A link that opens nothing is not found: whether it ever opened something is nobody's business."""
    status = 404 if isinstance(error, Unauthorized) else status_of(error)
    answer = failure(status)
    if isinstance(error, Unavailable):
        log.warning("answering 503", exc_info=error)
        answer.headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def on_http_error(error: HTTPException) -> Response:
    return failure(error.code or 500)


def on_anything_else(error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return failure(500)


def is_for_a_person() -> bool:
    """Whether somebody with a browser asks for a page that there is not."""
    for_programs = request.path.startswith(("/v1/", "/health", "/metrics", "/openapi", "/calendars"))
    named = {kind for kind, _ in request.accept_mimetypes}  # `*/*` alone is how programs ask
    return request.url_rule is None and not for_programs and "text/html" in named
