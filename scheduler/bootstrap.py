"""Puts the parts together: the one place that reads settings and opens connections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.settings import Settings
from config.zones import use_pinned_zones
from scheduler.channels.email import EmailChannel
from scheduler.db.engine import Database
from scheduler.db.secrets import Links, Lookup, Secrets, Vault
from scheduler.domain.messages import ChannelName, Hint
from scheduler.outgoing.http import Outside
from scheduler.services.clinic.current import Clinics
from scheduler.services.desk import Desk
from scheduler.services.outbox.delivering import Channel


class Doorbell(Protocol):
    """Tells workers that messages are due; may be lost, and never waits."""

    def ring(self, hints: Sequence[Hint]) -> None: ...


class SilentDoorbell:
    """Leaves it to the sweeper to find what is due."""

    def ring(self, hints: Sequence[Hint]) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The running service; a test replaces any part of it."""

    settings: Settings
    desk: Desk
    channels: Mapping[ChannelName, Channel]
    doorbell: Doorbell

    @property
    def db(self) -> Database:
        return self.desk.db


def open_database(settings: Settings) -> Database:
    return Database(
        settings.database_url,
        pool=settings.database_pool,
        statement_timeout=settings.statement_timeout,
        lock_timeout=settings.lock_timeout,
        clock_offset=settings.clock_offset,
    )


def open_secrets(settings: Settings) -> Secrets:
    return Secrets(
        vault=Vault(settings.vault_keyring),
        lookup=Lookup(settings.lookup_secret),
        links=Links(settings.link_keyring),
    )


def open_channels(settings: Settings) -> dict[ChannelName, Channel]:
    """What hands messages over, by the name that stands in their rows."""
    return {ChannelName.EMAIL: EmailChannel(settings.smtp_url)}


def bootstrap(settings: Settings, doorbell: Doorbell | None = None) -> Runtime:
    """A service with its own connections. Call it after the fork."""
    use_pinned_zones()
    db = open_database(settings)
    desk = Desk(
        db,
        Clinics(db),
        open_secrets(settings),
        settings.public_url.rstrip("/"),
        Outside(loopback=settings.outgoing_loopback),
    )
    return Runtime(settings, desk, open_channels(settings), doorbell or SilentDoorbell())
