"""Puts the parts together: the one place that reads settings and opens connections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from config.imap_address import parse_imap_address
from config.settings import Settings
from config.video import VideoVendor
from config.zones import use_pinned_zones
from scheduler.channels.email import EmailChannel
from scheduler.channels.inbound.imap import ImapMailbox
from scheduler.channels.sms.providers import SmsChannel, sms_channel, twilio_account
from scheduler.channels.webhook import WebhookChannel
from scheduler.db.engine import Database
from scheduler.db.secrets import Links, Lookup, Secrets, Vault
from scheduler.domain.messages import ChannelName, Hint
from scheduler.outgoing.http import Outside
from scheduler.services.clinic.current import Clinics
from scheduler.services.feeds.written import Written
from scheduler.services.ground.desk import Desk
from scheduler.services.outbox.calls import CallList
from scheduler.services.outbox.delivering import Channel
from scheduler.services.outbox.fence import HANDING_OVER
from scheduler.video.jitsi import Jitsi
from scheduler.video.rehearsal import Rehearsal
from scheduler.video.static import StaticRooms
from scheduler.video.vendor import Vendor
from scheduler.video.zoom import Zoom
from scheduler.video.zoom_tokens import AccessTokens


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
    written: Written = field(default_factory=Written)
    """Events of feeds."""

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


def open_outside(settings: Settings) -> Outside:
    return Outside(loopback=settings.outgoing_loopback)


def open_mail(settings: Settings) -> EmailChannel:
    return EmailChannel(settings.smtp_url, deadline=settings.lease * HANDING_OVER)


def open_texts(settings: Settings) -> SmsChannel:
    """A provider has half of what a mail server has: it is asked by one request."""
    deadline = settings.lease * HANDING_OVER / 2
    return sms_channel(settings.texts_url, settings.public_url.rstrip("/"), deadline)


def open_channels(settings: Settings, db: Database) -> dict[ChannelName, Channel]:
    """What hands messages over, by the name that stands in their rows."""
    return {
        ChannelName.EMAIL: open_mail(settings),
        ChannelName.SMS: open_texts(settings),
        ChannelName.CALL: CallList(db),
        ChannelName.WEBHOOK: WebhookChannel(open_outside(settings)),
    }


def open_mailbox(settings: Settings) -> ImapMailbox | None:
    """Where answers and bounces come to; None where they come another way."""
    url = settings.imap_url
    return ImapMailbox(parse_imap_address(url.get_secret_value())) if url else None


def open_video(settings: Settings) -> Vendor | None:
    """The clinic's video vendor; None where it has none."""
    opened = {
        VideoVendor.REHEARSAL: _rehearsal,
        VideoVendor.STATIC: lambda _: StaticRooms(),
        VideoVendor.JITSI: _jitsi,
        VideoVendor.ZOOM: _zoom,
    }.get(settings.video)
    return opened(settings) if opened else None


def _rehearsal(settings: Settings) -> Vendor:
    return Rehearsal(settings.public_url)


def _jitsi(settings: Settings) -> Vendor:
    assert settings.jitsi_url and settings.jitsi_app_id and settings.jitsi_secret
    secret = settings.jitsi_secret.get_secret_value()
    return Jitsi(settings.jitsi_url, settings.jitsi_app_id, secret, settings.jitsi_audience)


def _zoom(settings: Settings) -> Vendor:
    account, client, secret = settings.zoom_account_id, settings.zoom_client_id, settings.zoom_client_secret
    assert account and client and secret
    tokens = AccessTokens(settings.zoom_url, account, client, secret.get_secret_value())
    return Zoom(settings.zoom_api_url, tokens)


def bootstrap(settings: Settings, doorbell: Doorbell | None = None, db: Database | None = None) -> Runtime:
    """A service with its own connections, where it is given none. Call it after the fork."""
    use_pinned_zones()
    db = db or open_database(settings)
    desk = Desk(
        db,
        Clinics(db),
        open_secrets(settings),
        settings.public_url.rstrip("/"),
        open_outside(settings),
        open_video(settings),
        mailbox=open_mailbox(settings),
        reads_texts=twilio_account(settings.texts_url) is not None,
    )
    return Runtime(settings, desk, open_channels(settings, db), doorbell or SilentDoorbell())
