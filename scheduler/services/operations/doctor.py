"""What is wrong with the service, in words, each with the way out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from scheduler.channels.outcome import Outcome
from scheduler.db.models import ChannelPause, ClinicProblem, Message, WebhookEndpoint
from scheduler.domain.errors import Unavailable
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.services.ground.desk import Desk
from scheduler.services.operations.health import OK, Health, check, late_message
from scheduler.services.operations.hints import drops_by
from scheduler.services.operations.keys_fit import misfits
from scheduler.services.operations.measuring import waiting
from scheduler.services.outbox.hooks import GONE

LOST = (MessageState.FAILED, MessageState.UNKNOWN, MessageState.EXPIRED)
"""A bounce is somebody's address, and a task."""
LATELY = timedelta(hours=24)
RETRIED_LONG = timedelta(minutes=15)
"""Well above what a mail server that makes strangers wait asks for."""
GREETING = 10.0
"""Seconds for the mail server: some wait on purpose before they greet."""

SAYS_MORE = frozenset({"messages", "clinic"})
"""Checks of `health` in whose place more is said here."""

WAYS_OUT = {
    "database": "start PostgreSQL; look at its log and at its disk; VISITS_DATABASE_URL has to name it",
    "schema": "`visits migrate`, of the release that is running",
    "redis": "start Redis; VISITS_REDIS_URL has to name it. Nothing is lost, and bookings go on",
    "evictions": "set its maxmemory-policy to noeviction",
    "sweep": "start `visits sweep`; if it runs, its log says why it does not sweep",
    "due messages": "start `visits work`, or more of it; its log says what it waits for",
    "retried messages": "the answer says what the provider wants, or what is away; each is tried on",
    "channels": "mend what the provider says; a probe goes out each minute and ends the pause by itself",
    "failed messages": "/staff, Messages: the code says why; correct the contact and send again, or call",
    "failed hooks": "`GET /v1/webhooks/deliveries` has the answers; then `POST /v1/webhooks/replay`",
    "endpoints": "`PATCH /v1/webhooks/ID` with `enabled`, then `POST /v1/webhooks/replay`; or `DELETE` it",
    "clock": "set this host's clock by NTP",
    "no_clinic": "`visits clinic apply FILE`",
    "clinic": "mend the file (`visits clinic check FILE`) and apply it; the one before stays in force",
    "audit": "start `visits sweep`, which seals it; then `visits audit verify`",
    "mail server": "check VISITS_SMTP_URL, its password, and whether this host may reach that port",
    "mailbox": "check VISITS_IMAP_URL, its password and folder, and whether this host may reach that port",
    "keys": "put the key back from where the secrets are kept; beside other keys nothing is lost",
}


@dataclass(frozen=True, slots=True)
class Finding:
    part: str
    said: str
    """`ok`, or what is wrong."""

    @property
    def well(self) -> bool:
        return self.said == OK

    @property
    def way_out(self) -> str:
        return WAYS_OUT[self.part]


def examine(desk: Desk, redis_url: str, greet: Callable[[float], Outcome | None]) -> list[Finding]:
    """Look at every part; never raises. `greet` speaks with the mail server for so many seconds."""
    health = check(desk, redis_url)
    return [
        *(Finding(part, said) for part, said in health.checks.items() if part not in SAYS_MORE),
        *_said(health, desk),
        *_evictions(redis_url),
        Finding("mail server", _mail(greet(GREETING))),
    ]


def _evictions(redis_url: str) -> Iterator[Finding]:
    if policy := drops_by(redis_url):
        yield Finding(
            "evictions", f"a full Redis drops hints without a word: its maxmemory-policy is {policy}"
        )


def _said(health: Health, desk: Desk) -> Iterator[Finding]:
    if "messages" not in health.checks:
        return
    try:
        with desk.db.single() as connection:
            yield from _of_the_database(connection, desk)
            if "clinic" in health.checks:
                yield from _several("clinic", connection.scalars(select(ClinicProblem.faults)))
    except Unavailable:
        yield Finding("database", "went away while it was looked at")


def _of_the_database(connection: Connection, desk: Desk) -> Iterator[Finding]:
    now = desk.db.now(connection)
    yield Finding("due messages", late_message(connection, now))
    yield from _several("retried messages", _retried(connection, now))
    yield from _several("channels", _paused(connection))
    yield from _several("failed messages", _failed_messages(connection, now))
    yield from _several("failed hooks", _failed_hooks(connection, now))
    yield from _several("endpoints", _gone(connection))
    yield from _several("keys", misfits(connection, desk.secrets))


def _several(part: str, faults: Iterable[str]) -> Iterator[Finding]:
    found = [Finding(part, fault) for fault in faults]
    yield from found or [Finding(part, OK)]


def _retried(connection: Connection, now: datetime) -> Iterator[str]:
    """Of channels that are not paused, which say more themselves."""
    long = Message.last_error.is_not(None), Message.due_at <= now - RETRIED_LONG
    answer = func.array_agg(aggregate_order_by(Message.last_error, Message.due_at))[1]
    found = (
        select(Message.channel, func.count(), func.min(Message.due_at), answer)
        .where(*waiting(now), *long, Message.channel.not_in(select(ChannelPause.channel)))
        .group_by(Message.channel)
    )
    for channel, count, since, said in connection.execute(found):
        minutes = (now - since).total_seconds() / 60
        yield f"{count} by {channel}: one for {minutes:.0f} minutes, the last answer is {said}"


def _paused(connection: Connection) -> Iterator[str]:
    for pause in connection.execute(select(ChannelPause.channel, ChannelPause.since, ChannelPause.reason)):
        yield f"{pause.channel}: since {pause.since.isoformat(timespec='minutes')}: {pause.reason}"


def _failed_messages(connection: Connection, now: datetime) -> Iterator[str]:
    columns = Message.state, Message.kind, Message.channel
    counts = select(*columns, func.count()).where(*_lately(now), Message.kind != MessageKind.WEBHOOK)
    for state, kind, channel, count in connection.execute(counts.group_by(*columns)):
        yield f"{count} {state} of kind {kind} by {channel} in the last 24 hours"


def _failed_hooks(connection: Connection, now: datetime) -> Iterator[str]:
    counts = select(Message.state, func.count()).where(*_lately(now), Message.kind == MessageKind.WEBHOOK)
    for state, count in connection.execute(counts.group_by(Message.state)):
        yield f"{count} {state} in the last 24 hours"


def _lately(now: datetime) -> Sequence[ColumnElement[bool]]:
    return Message.state.in_(LOST), Message.finished_at > now - LATELY


def _gone(connection: Connection) -> Iterator[str]:
    gone = WebhookEndpoint.disabled_reason == GONE, WebhookEndpoint.removed_at.is_(None)
    for id, label in connection.execute(select(WebhookEndpoint.id, WebhookEndpoint.label).where(*gone)):
        yield f"{id} ({label}): answered 410, and hears nothing since"


def _mail(refusal: Outcome | None) -> str:
    return f"{refusal.code} {refusal.detail}".strip() if refusal else OK
