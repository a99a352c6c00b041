"""How often the public may ask: wide limits for each address, a tight one for each contact."""

import time
from collections.abc import Iterator
from math import ceil
from uuid import UUID

from flask import Flask, Response, current_app, request
from flask_limiter import ApplicationLimit, Limiter
from limits import parse

from config.settings import OFF, Settings
from scheduler.api.callers import bearer_token, caller
from scheduler.api.clients import client
from scheduler.api.counters import CarefulStorage
from scheduler.api.runtime import runtime
from scheduler.domain.booking import BookingRequest
from scheduler.domain.errors import RateLimited, Unauthorized, Unavailable
from scheduler.domain.people import fold_email
from scheduler.services.accounts.access import KEY_PREFIX

KEY = "visits.limits"
UNLIMITED = frozenset(
    {
        "health",
        "openapi",
        "openapi_pages",
        "assets",
        "widget",
        "inbound",
    }  # what comes in is signed, and comes in bursts
)
"""Blueprints that nobody has to be kept from; whatever is not named here is limited."""
SIGNED_IN = "desk_"
"""Begins the names of those for people who signed in; others are led to the door, which is limited."""
READING = ("GET", "HEAD")
WRITING = ("POST", "PATCH", "PUT", "DELETE")
HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


class Limits:
    """The limits of one application. Without any, Redis is never asked."""

    def __init__(self, settings: Settings) -> None:
        self._processes = settings.web_workers
        self._contact = settings.limit_contact
        given = settings.limit_reads, settings.limit_writes, settings.limit_contact
        self._limiter = Limiter(
            lambda: client().hex(),
            application_limits=[
                self._by_method("reads", settings.limit_reads, READING),
                self._by_method("writes", settings.limit_writes, WRITING),
            ],
            storage_uri="careful://",
            storage_options={"redis_url": settings.redis_url},
            headers_enabled=False,  # its RateLimit-Reset would be a date
            key_prefix="visits",
            enabled=any(each != OFF for each in given),
        )
        self._limiter.request_filter(_is_free)

    def init_app(self, app: Flask) -> None:
        self._limiter.init_app(app)
        app.extensions[KEY] = self
        app.after_request(self._tell)

    def count(self, contact: str) -> None:
        """A booking for a contact, or a guess (a keyed hash). Raises RateLimited."""
        if self._contact == OFF:
            return
        item, counter = parse(self._in_force(self._contact)), self._limiter.limiter
        if not counter.hit(item, "visits", "contact", contact):
            ends, _ = counter.get_window_stats(item, "visits", "contact", contact)
            raise RateLimited(_seconds_until(ends))

    def _by_method(self, name: str, text: str, methods: tuple[str, ...]) -> ApplicationLimit:
        return ApplicationLimit(
            limit_provider=lambda: "" if text == OFF else self._in_force(text), scope=name, methods=methods
        )

    def _in_force(self, text: str) -> str:
        """While processes cannot count together, each grants its part."""
        storage = self._limiter.storage
        if isinstance(storage, CarefulStorage) and storage.shared:
            return text
        amount, _, unit = text.partition("/")
        return f"{max(1, int(amount) // self._processes)}/{unit}"

    def _tell(self, answer: Response) -> Response:
        limit = self._limiter.current_limit if self._limiter.enabled else None
        if limit is not None:
            reset = _seconds_until(limit.window.reset_time)
            answer.headers.extend(
                zip(HEADERS, map(str, (limit.limit.amount, limit.remaining, reset)), strict=True)
            )
            if limit.breached:
                answer.headers["Retry-After"] = str(reset)
        return answer


def count_contacts(asked: BookingRequest) -> None:
    """Whose mail or phone is given too often has to wait, whatever address it comes from; staff have not.

    Raises RateLimited.
    """
    if not asked.actor.is_staff:
        limits = current_app.extensions[KEY]
        assert isinstance(limits, Limits)
        for contact in sorted(set(_contacts(asked))):
            limits.count(contact)


def count_guess(about: UUID) -> None:
    """Somebody says what only the right person knows of this visit.

    Raises RateLimited where that is tried too often, right or wrong.
    """
    limits = current_app.extensions[KEY]
    assert isinstance(limits, Limits)
    limits.count(runtime().desk.secrets.lookup.hash("guess", about.hex).hex())


def _contacts(asked: BookingRequest) -> Iterator[str]:
    lookup = runtime().desk.secrets.lookup
    for person in filter(None, (asked.patient, asked.booked_by)):
        if person.email:
            yield lookup.hash("email", fold_email(person.email)).hex()
        if person.phone:
            yield lookup.hash("phone", person.phone).hex()


def _is_free() -> bool:
    """Whether nobody counts this request."""
    blueprint = request.blueprint or ""
    return blueprint in UNLIMITED or blueprint.startswith(SIGNED_IN) or _is_staff()


def _is_staff() -> bool:
    if not (bearer_token() or "").startswith(KEY_PREFIX):
        return False
    try:
        return caller().actor.is_staff
    except (Unauthorized, Unavailable):
        return False


def _seconds_until(end: float) -> int:
    return max(1, ceil(end - time.time()))
