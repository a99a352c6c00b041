"""Settings of mail that comes in: bounces, complaints, answers of calendars."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, BaseModel, SecretStr

from config.imap_address import parse_imap_address

SIGNED_BY = "whsec_"
SHORTEST = 24
"""Octets."""


def parse_secrets(text: str) -> list[bytes]:
    """`whsec_` and base64 of 24 octets or more, comma-separated: while one is changed, both are good."""
    return [_secret(each.strip()) for each in text.split(",") if each.strip()]


def _secret(written: str) -> bytes:
    try:
        secret = base64.b64decode(written.removeprefix(SIGNED_BY), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not written.startswith(SIGNED_BY) or len(secret) < SHORTEST or len(set(secret)) < SHORTEST // 3:
        raise ValueError(f"not {SIGNED_BY} and base64 of {SHORTEST} random octets or more")
    return secret


def _secrets(value: SecretStr) -> SecretStr:
    parse_secrets(value.get_secret_value())
    return value


def _mailbox(value: SecretStr) -> SecretStr:
    parse_imap_address(value.get_secret_value())
    return value


class MailSettings(BaseModel):
    """How the service hears what became of its mails."""

    inbound_mail_secret: Annotated[SecretStr, AfterValidator(_secrets)] | None = None
    """What POST /v1/inbound/mail is signed with, as Standard Webhooks say; without it there is none."""

    imap_url: Annotated[SecretStr, AfterValidator(_mailbox)] | None = None
    """imaps://user:password@host/FOLDER: a mailbox to be read, see config/imap_address.py; else none is."""

    @property
    def inbound_mail_secrets(self) -> list[bytes]:
        return parse_secrets(self.inbound_mail_secret.get_secret_value()) if self.inbound_mail_secret else []
