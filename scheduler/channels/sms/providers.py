"""Which channel goes with which setting."""

from typing import Protocol

from scheduler.channels.outcome import Fence, Outcome
from scheduler.channels.sms.endpoint import CONSOLE, Gateway, TwilioAccount, provider
from scheduler.channels.sms.gateway import GatewayChannel
from scheduler.channels.sms.rehearsal import ConsoleChannel, MailboxChannel, NoProvider
from scheduler.channels.sms.text import Text
from scheduler.channels.sms.twilio import TwilioChannel

TWILIO_STATUS = "/v1/inbound/twilio/status"
"""Where Twilio reports what became of a text."""


class SmsChannel(Protocol):
    def deliver(self, text: Text, fence: Fence, /) -> Outcome: ...


def twilio_account(url: str) -> TwilioAccount | None:
    """Whose reports and texts come in; None where another provider, or none, takes texts."""
    to = provider(url)
    return to if isinstance(to, TwilioAccount) else None


def sms_channel(url: str, public_url: str, deadline: float) -> SmsChannel:
    """`deadline` in seconds a call. Raises ValueError without the URL: there may be a password in it."""
    to = provider(url)
    if isinstance(to, TwilioAccount):
        return TwilioChannel(to, f"{public_url}{TWILIO_STATUS}", deadline=deadline)
    if isinstance(to, Gateway):
        return GatewayChannel(to, deadline=deadline)
    if isinstance(to, str):
        return ConsoleChannel() if to == CONSOLE else NoProvider()
    return MailboxChannel(to)
