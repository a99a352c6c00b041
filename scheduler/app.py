"""The HTTP service: blueprints, problems and what every answer has in common; nothing else."""

import logging
import time
from uuid import uuid4

from apiflask import APIFlask
from flask import Response, g, request
from flask_cors import CORS
from werkzeug.exceptions import NotFound

from config.logging import request_id
from scheduler.api import (
    acts,
    audit,
    bodies,
    calendars,
    callers,
    clients,
    clinic,
    contact,
    feeds,
    health,
    holds,
    inbound,
    links,
    messages,
    metrics,
    openapi,
    outside_calendars,
    problems,
    schedule,
    slots,
    staff_visits,
    tasks,
    triage,
    visits,
    webhooks,
)
from scheduler.api.json import OrjsonProvider
from scheduler.api.limits import HEADERS, Limits
from scheduler.api.runtime import attach
from scheduler.bootstrap import Runtime
from scheduler.domain.errors import Fault, Invalid
from scheduler.web import assets, failures, join, not_you, rehearsal, reminders, widget
from scheduler.web.book import blueprint as book
from scheduler.web.my import blueprint as my
from scheduler.web.my import doors
from scheduler.web.staff.blueprints import BLUEPRINTS as STAFF_PAGES

log = logging.getLogger(__name__)

NOUNS = (
    clinic,
    triage,
    slots,
    holds,
    visits,
    acts,
    contact,
    calendars,
    feeds,
    links,
    messages,
    inbound,
    staff_visits,
    tasks,
    audit,
    schedule,
    outside_calendars,
    webhooks,
    health,
    metrics,
    openapi,
)
PAGES = (
    assets,
    widget,
    book,
    doors,
    my,
    not_you,
    reminders,
    join,
    rehearsal,
)
LARGEST_BODY = 32 * 1024
ALLOWED_HEADERS = ["Content-Type", "Authorization", "Idempotency-Key", "If-Match", "Accept-Language"]
EXPOSED_HEADERS = ["ETag", "Location", "Retry-After", "Idempotency-Replayed", "X-Request-Id", *HEADERS]


def create_app(run: Runtime) -> APIFlask:
    """The application around one running service."""
    return furnish(bare_app(), run)


def bare_app() -> APIFlask:
    """What is the same around any service: its routes, and how it answers."""
    app = APIFlask(
        "scheduler",
        title="Visit Scheduler",
        version="1",
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # as Flask takes it
        json_errors=False,
    )
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["DESCRIPTION"] = (
        "Books telemedicine and in-person visits, and makes sure that patients hear of them."
    )
    app.config["AUTO_OPERATION_DESCRIPTION"] = True
    app.config["AUTO_OPERATION_ID"] = True
    app.config["AUTO_VALIDATION_ERROR_RESPONSE"] = False
    app.config["SECURITY_SCHEMES"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    app.spec_callback = openapi.complete
    for module in (*NOUNS, *PAGES):
        app.register_blueprint(module.blueprint)
    for pages in STAFF_PAGES:
        app.register_blueprint(pages)
    problems.register(app)
    app.register_error_handler(404, _on_missing)
    app.before_request(_begin)
    app.after_request(_finish)
    return app


def furnish(app: APIFlask, run: Runtime) -> APIFlask:
    """The service behind a bare application, and what its settings ask for."""
    attach(app, run)
    clients.trust(app, run.settings.trusted_proxies)
    Limits(run.settings).init_app(app)
    app.before_request(callers.ask_for_token)
    CORS(
        app,
        origins=list(run.settings.cors_origins),
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        methods=["GET", "POST", "PATCH", "DELETE"],
        send_wildcard=False,
        vary_header=True,
        always_send=False,
        max_age=600,
        allow_private_network=False,
    )
    return app


def _begin() -> None:
    request_id.set(uuid4().hex)
    g.began = time.monotonic()
    if request.url_rule is None:
        return  # there is no such address or method, which is what the caller has to hear
    bodies.check_type()
    if repeated := [name for name, values in request.args.lists() if len(values) > 1]:
        raise Invalid([Fault(f"/{name}", "repeated") for name in repeated])


def _on_missing(error: NotFound) -> Response:
    """Nothing is there: a page for somebody with a browser, a problem for a program."""
    return failures.failure(404) if failures.is_for_a_person() else problems.on_http_error(error)


def _finish(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = request_id.get()
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers.setdefault("Referrer-Policy", "no-referrer")
    # Whoever asked: an answer without CORS headers, kept by a cache, would shut out the clinic's website.
    answer.vary.update(("Origin", "Accept-Language"))
    answer.headers.setdefault(
        "Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
    )
    log.log(
        logging.DEBUG if request.blueprint == "health" else logging.INFO,  # somebody asks every few seconds
        "answered",
        extra={
            "method": request.method,
            "route": str(request.url_rule),  # the pattern: addresses may hold tokens
            "status": answer.status_code,
            "milliseconds": round((time.monotonic() - g.began) * 1000, 1),
        },
    )
    return answer
