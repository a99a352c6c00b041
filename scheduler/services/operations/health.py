"""Whether the service can book, and whether everything behind it is in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from redis import RedisError
from sqlalchemy import Connection, func, select

from scheduler.db import schema
from scheduler.db.models import ChannelPause, ClinicProblem, Heartbeat, Message
from scheduler.db.redis import redis_client
from scheduler.domain.errors import Unavailable
from scheduler.domain.messages import ChannelName, MessageState, Queue
from scheduler.services.audit.verifying import unsealed
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound.mailbox import Silence, silence
from scheduler.services.outbox.sweeping import SWEEP

SWEEP_LATE = timedelta(seconds=30)
CLOCK_OFF = timedelta(seconds=30)
MESSAGES_LATE = timedelta(minutes=2)
"""Well above the 15 s after which a lost hint is given again and the 40 s of a slow mail server."""
MAILBOX_SILENT = timedelta(minutes=30)
"""Two tries of a mailbox that fails and fails."""
REDIS_PATIENCE = 0.2
"""Seconds."""

OK = "ok"

NEEDED = {
    "sweep": ("database", "schema", SWEEP),
    "work": ("database", "schema", "redis", "messages"),
}
"""What has to be in order for a process to count as doing its work, by the name of its command."""


@dataclass(frozen=True, slots=True)
class Health:
    """`checks` says `ok` or what is wrong, for each part."""

    checks: Mapping[str, str]

    @property
    def can_book(self) -> bool:
        return self.checks["database"] == OK and self.checks.get("schema") == OK and "clinic" in self.checks

    @property
    def status(self) -> Literal["ready", "degraded", "unavailable"]:
        if not self.can_book:
            return "unavailable"
        return "ready" if set(self.checks.values()) == {OK} else "degraded"

    def faults(self, names: Iterable[str]) -> dict[str, str]:
        """What is wrong among these checks; one that could not be made is wrong."""
        found = {name: self.checks.get(name, "could not be looked at") for name in names}
        return {name: said for name, said in found.items() if said != OK}


def check(desk: Desk, redis_url: str) -> Health:
    """Look at every part; never raises."""
    checks = {"redis": redis_answers(redis_url)}
    try:
        with desk.db.single() as connection:
            checks["database"] = OK
            checks["schema"] = _schema(connection)
            if checks["schema"] == OK:
                checks |= _of_the_database(connection, desk)
    except Unavailable:
        checks.setdefault("database", "does not answer")
    return Health(checks)


def _schema(connection: Connection) -> str:
    present, needed = schema.present(connection), schema.needed()
    return OK if present == needed else f"has {present}, needs {needed}: run `visits migrate`"


def _of_the_database(connection: Connection, desk: Desk) -> dict[str, str]:
    now = desk.db.now(connection)
    checks = {
        SWEEP: _sweep(connection, now - desk.db.offset),
        "clock": _clock(now - desk.db.offset),
        "messages": _messages(connection, now),
        "audit": next(unsealed(connection, now), OK),
    }
    if desk.mailbox is not None:
        checks["mailbox"] = _mailbox(silence(connection, desk.mailbox, now))
    try:
        desk.clinics.moment(connection)
        checks["clinic"] = _clinic(connection)
    except Unavailable:
        checks["no_clinic"] = "no clinic file was applied: run `visits clinic apply FILE`"
    return checks


def _sweep(connection: Connection, now: datetime) -> str:
    beat = connection.execute(select(Heartbeat.at).where(Heartbeat.part == SWEEP)).scalar_one_or_none()
    if beat is None or now - beat > SWEEP_LATE:
        return f"last seen {beat.isoformat() if beat else 'never'}: is `visits sweep` running?"
    return OK


def _clock(now: datetime) -> str:
    off = abs(datetime.now(UTC) - now)
    return f"this host is {off.total_seconds():.0f} s off the database" if off > CLOCK_OFF else OK


def _mailbox(found: Silence | None) -> str:
    if found is None or found.lasts <= MAILBOX_SILENT:
        return OK
    why = found.code or "is `visits work` running?"
    return f"not read for {found.lasts.total_seconds() / 60:.0f} minutes: {why}"


def _clinic(connection: Connection) -> str:
    refused = connection.execute(select(func.count()).select_from(ClinicProblem)).scalar_one()
    return "the last clinic file was refused: `visits clinic check` it" if refused else OK


def _messages(connection: Connection, now: datetime) -> str:
    """Whether somebody takes what is due; a paused channel has its own reason, without names."""
    paused = paused_channels(connection)
    if (late := late_message(connection, now)) != OK:
        return late
    return f"{', '.join(paused)}: paused, the provider refuses us: see the log" if paused else OK


def paused_channels(connection: Connection) -> list[str]:
    return list(connection.scalars(select(ChannelPause.channel).order_by(ChannelPause.channel)))


def late_message(connection: Connection, now: datetime) -> str:
    """Of a channel that is not paused."""
    oldest: datetime | None = connection.execute(
        select(func.min(Message.next_at)).where(
            Message.state == MessageState.PENDING,
            Message.next_at <= now - MESSAGES_LATE,
            Message.expires_at > now,
            Message.channel.not_in(select(ChannelPause.channel)),
            Message.queue.in_([*Queue]),  # which the index begins with
            Message.channel.in_([*ChannelName]),
        )
    ).scalar_one()
    return f"one is due since {oldest.isoformat()}: is `visits work` running?" if oldest else OK


def redis_answers(url: str) -> str:
    """Ask Redis for a sign of life, briefly and once."""
    client = redis_client(url, REDIS_PATIENCE)
    try:
        client.ping()
    except RedisError as error:
        return f"does not answer ({type(error).__name__}): messages go out by the sweeper"
    else:
        return OK
    finally:
        client.close()
