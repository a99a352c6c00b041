"""Every error as application/problem+json. Here alone stands which HTTP status a family of errors has."""

import logging
import re

import orjson
from apiflask import HTTPError
from flask import Flask, Response
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, HTTPException

from config.logging import request_id
from scheduler.api.languages import language
from scheduler.api.particulars import described, particulars
from scheduler.api.runtime import runtime
from scheduler.api.texts import texts
from scheduler.domain import errors
from scheduler.domain.errors import Fault, Invalid, SchedulerError, Unavailable

log = logging.getLogger(__name__)

STATUS: dict[type[SchedulerError], int] = {
    errors.NotFound: 404,
    errors.Stale: 412,
    errors.Conflict: 409,
    errors.Refused: 422,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.Barred: 403,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
    SchedulerError: 500,
}

HTTP_SLUGS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "payload-too-large",
    415: "unsupported-media-type",
    422: "validation",
    429: "rate-limited",
}

RETRY_AFTER = 30
"""Seconds that a client waits before it asks again after 503."""

CODES = {
    "missing": "required",
    "extra_forbidden": "unknown-field",
    "string_too_short": "too-short",
    "string_too_long": "too-long",
    "too_short": "too-short",
    "too_long": "too-long",
    "string_pattern_mismatch": "not-a-choice",
    "enum": "not-a-choice",
    "literal_error": "not-a-choice",
    "less_than_equal": "out-of-range",
    "greater_than_equal": "out-of-range",
}
"""Pydantic's error types as our codes; own validators raise with our codes already."""


def slug_of(error: SchedulerError) -> str:
    """SlotTaken → slot-taken; Invalid is called `validation`."""
    if isinstance(error, Invalid):
        return "validation"
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def status_of(error: SchedulerError) -> int:
    return next(status for family, status in STATUS.items() if isinstance(error, family))


def problem(slug: str, status: int, **more: object) -> Response:
    """A problem in the caller's language, with the clinic's phone for somebody who is stuck."""
    text = texts(language())["problems"][slug]
    run = runtime()
    last = run.desk.clinics.last
    phone = last.clinic.phone if last else run.settings.phone
    body = {
        "type": f"/problems/{slug}",
        "title": text["title"],
        "status": status,
        "detail": text["detail"],
        "instance": request_id.get(),
        **({"phone": phone} if phone else {}),
        **more,
    }
    answer = Response(orjson.dumps(body), status, content_type="application/problem+json")
    answer.headers["Content-Language"] = language()
    if status == STATUS[Unavailable]:
        answer.headers["Retry-After"] = str(RETRY_AFTER)
    return answer


def on_scheduler_error(error: SchedulerError) -> Response:
    if isinstance(error, Unavailable):
        log.warning("answering 503", exc_info=error)
    answer = problem(slug_of(error), status_of(error), **particulars(error))
    if isinstance(error, errors.Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def on_apiflask_error(error: HTTPError) -> Response:
    """What APIFlask refuses: above all bodies and queries that do not fit their schema."""
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        return problem("validation", 422, errors=described(faults_of(cause)))
    return problem(HTTP_SLUGS.get(error.status_code, "internal"), error.status_code)


def on_http_error(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse. A body that is not JSON is a fault of the input like others."""
    if isinstance(error, BadRequest):
        return problem("validation", 422, errors=described([Fault("", "malformed")]))
    answer = problem(HTTP_SLUGS.get(error.code or 500, "internal"), error.code or 500)
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def on_anything_else(error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return problem("internal", 500)


def faults_of(error: ValidationError) -> list[Fault]:
    """What pydantic found, in our codes."""
    return [fault_of(each) for each in error.errors()]


def fault_of(error: ErrorDetails) -> Fault:
    """A rule over several fields names the one to mend in its context."""
    pointer = "".join(f"/{_escape(str(part))}" for part in error["loc"])
    return Fault(pointer + error.get("ctx", {}).get("pointer", ""), _code(error["type"]))


def _code(kind: str) -> str:
    if kind in CODES:
        return CODES[kind]
    if kind in texts("en")["faults"]:
        return kind
    if kind.startswith("date_"):
        return "not-a-date"
    if kind.startswith(("datetime_", "timezone_")):
        return "not-an-instant"
    return "wrong-type"


def _escape(part: str) -> str:
    """One reference token of a JSON pointer, RFC 6901; unknown field names are cut short."""
    return part[:64].replace("~", "~0").replace("/", "~1")


def register(app: Flask) -> None:
    app.register_error_handler(SchedulerError, on_scheduler_error)
    app.register_error_handler(HTTPError, on_apiflask_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_anything_else)
