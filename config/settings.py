"""Every setting of the service: one frozen object, read once at start from the environment.

`VISITS_X` sets x; `VISITS_X_FILE` names a file that holds it (for secrets). All problems are
reported at once.
"""

import errno
import os
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from config.keys import Keyring, parse_key, parse_keyring
from config.mail import MailSettings
from config.redis_address import checked_redis_url
from config.video import VideoSettings

LEASE = 120.0
"""Seconds: twice the time limit of a worker's task."""
OFF = "off"
"""A limit, or a provider, that there is not."""
ROOM_FOR_URL = 35
"""Characters of a text that its link may begin with: see `messages/sms.py`."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    SANDBOX = "sandbox"
    PRODUCTION = "production"


class SettingsFaulty(Exception):
    """The environment does not describe a service that could start; the message names every fault."""


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _psycopg(value: object) -> object:
    """Any PostgreSQL address, as SQLAlchemy wants it for psycopg 3."""
    if not isinstance(value, str):
        return value
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError("not a database address such as postgresql://user@host/visits") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError("only PostgreSQL can hold the visits")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _origin(value: str) -> str:
    """An exact origin: whatever looks like a pattern would be taken for one."""
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", value):
        raise ValueError("not an exact origin such as https://www.clinic.example")
    return value


def _key(value: SecretStr) -> SecretStr:
    parse_key(value.get_secret_value())
    return value


def _keyring(value: SecretStr) -> SecretStr:
    parse_keyring(value.get_secret_value())
    return value


def _is_weak(password: str | None) -> bool:
    """No password at all is a socket or a certificate, and the server's business."""
    return password is not None and (len(password) < 16 or len(set(password)) < 6)


Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_words)]
DatabaseUrl = Annotated[str, BeforeValidator(_psycopg)]
RedisUrl = Annotated[str, AfterValidator(checked_redis_url)]
Limit = Annotated[str, Field(pattern=r"^([1-9][0-9]{0,6}/(second|minute|hour|day)|off)$")]
SecretKey = Annotated[SecretStr, AfterValidator(_key)]
SecretKeyring = Annotated[SecretStr, AfterValidator(_keyring)]


class Settings(VideoSettings, MailSettings, BaseSettings):
    """All of it; units stand with each field."""

    model_config = SettingsConfigDict(env_prefix="VISITS_", frozen=True, extra="ignore")

    environment: Environment = Environment.DEVELOPMENT
    database_url: DatabaseUrl
    database_pool: int = Field(default=8, ge=1, le=100)
    """Connections of one process; processes × pool must stay under the server's max_connections."""
    statement_timeout: int = Field(default=5_000, ge=100)
    """Milliseconds; bounds a request, since gunicorn's own timeout does not bound a gthread worker's."""
    lock_timeout: int = Field(default=4_000, ge=100)
    """Milliseconds."""
    redis_url: RedisUrl = "redis://127.0.0.1:6379/0"
    """redis://, rediss:// or sentinel://, see config/redis_address.py; it carries hints only."""
    smtp_url: str = "smtp://127.0.0.1:1025"
    """smtp://, smtp+starttls:// or smtps://, with user:password@ where the relay asks for it."""
    sms_url: SecretStr = SecretStr("console:")
    """Who takes texts: twilio://, gateway+https://, smtp:// (a mailbox), console: or off."""
    public_url: str = "http://localhost:8000"
    """Where patients reach the service; mailed links begin with it."""
    phone: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$")
    """The clinic's, as +14095550100: for pages of a process that was started while the database was away."""
    cors_origins: Origins = ()
    """Exact origins of the websites whose booking form calls the API."""
    encryption_keys: SecretKeyring
    """`id:base64url of 32 bytes`, comma-separated; the first seals, all of them open."""
    lookup_key: SecretKey
    """base64url of 32 bytes: keyed hashes for finding by number, mail, birth date."""
    link_keys: SecretKeyring
    """As encryption_keys: the links that patients get are derived with the first."""
    trusted_proxies: int = Field(default=0, ge=0, le=8)
    """Reverse proxies before us that add to X-Forwarded-For: so many of its last entries are believed."""
    limit_reads: Limit = "600/minute"
    """Of the public, by address; `off` for none."""
    limit_writes: Limit = "60/minute"
    """Of the public, by address; `off` for none."""
    limit_contact: Limit = "10/hour"
    """Bookings of the public with one mail address or phone number, and birth dates told to the page of one
    visit; `off` for none."""
    holds_at_once: int = Field(default=3, ge=1)
    """How many times one address of the public may hold."""
    holds_share: float = Field(default=0.5, gt=0, le=1)
    """How much of a practitioner's day that no visit takes the public may hold."""
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Who brings it as a bearer token reads /metrics; without one there is no such page."""
    worker_processes: int = Field(default=2, ge=1, le=64)
    lease: float = Field(default=LEASE, ge=1, le=LEASE)
    """Seconds after which a message is taken from whoever holds it and does not move; less for rehearsals."""
    web_workers: int = Field(default=2, ge=1, le=32)
    web_threads: int = Field(default=4, ge=1, le=64)
    outgoing_loopback: bool = False
    """Webhooks and outside calendars may be on this machine, without TLS; refused in production."""
    clock_offset: float = 0.0
    """Seconds added to the database's clock, for rehearsals; refused in production."""
    log_level: str = Field(default="INFO", pattern="^(?i:debug|info|warning|error|critical)$")
    log_format: str = Field(default="json", pattern="^(json|text)$")

    @property
    def vault_keyring(self) -> Keyring:
        return parse_keyring(self.encryption_keys.get_secret_value())

    @property
    def link_keyring(self) -> Keyring:
        return parse_keyring(self.link_keys.get_secret_value())

    @property
    def lookup_secret(self) -> bytes:
        return parse_key(self.lookup_key.get_secret_value())

    @property
    def texts_url(self) -> str:
        """Nobody's texts go to a terminal in production because a setting was forgotten."""
        given = "sms_url" in self.model_fields_set
        return self.sms_url.get_secret_value() if given or not self.production else OFF

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        faults = [
            *self._equal_secrets(),
            *self.video_faults(self.production),
            *(self._unfit_for_production() if self.production else ()),
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _equal_secrets(self) -> Iterator[str]:
        secrets = [*self.vault_keyring.values(), *self.link_keyring.values(), self.lookup_secret]
        if len(set(secrets)) < len(secrets):
            yield "encryption_keys, lookup_key and link_keys must all differ"

    def _unfit_for_production(self) -> Iterator[str]:
        if self.clock_offset:
            yield "clock_offset is for rehearsals and must be 0 in production"
        if self.lease < LEASE:
            yield f"lease is short for rehearsals and must be {LEASE:.0f} in production"
        if self.outgoing_loopback:
            yield "outgoing_loopback is for rehearsals and must not be set in production"
        if not self.public_url.startswith("https://"):
            yield "public_url must begin with https:// in production"
        if "smtp_url" not in self.model_fields_set or not self.smtp_url:
            yield "smtp_url must name the clinic's mail relay in production"
        yield from self._unfit_texts()
        if _is_weak(make_url(self.database_url).password):
            yield "database_url holds a password that is easy to guess; 16 characters or more, please"

    def _unfit_texts(self) -> Iterator[str]:
        url = self.texts_url
        if not url.startswith(("twilio://", "gateway+https://")) and url != OFF:
            yield "sms_url must name a provider of texts in production, or be off"
        if url != OFF and len(self.public_url.rstrip("/")) > ROOM_FOR_URL:
            yield f"public_url is longer than {ROOM_FOR_URL} characters: links would not fit into texts"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, NamedFiles(settings_cls)


class NamedFiles(PydanticBaseSettingsSource):
    """Reads VISITS_X from the file that VISITS_X_FILE names, as container platforms hand over secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"VISITS_{field_name.upper()}_FILE")
        return (_text_of(path) if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise OSError(errno.EILSEQ, "it is not text", path) from None


def load_settings() -> Settings:
    """The settings of this process.

    Raises SettingsFaulty with every fault in one message, without the values.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsFaulty("\n".join(_explain(error))) from None
    except OSError as error:
        raise SettingsFaulty(f"cannot read {error.filename}: {error.strerror}") from None


def _explain(error: ValidationError) -> list[str]:
    return [
        f"VISITS_{'_'.join(map(str, each['loc'])).upper()}: {each['msg'].removeprefix('Value error, ')}"
        if each["loc"]
        else each["msg"].removeprefix("Value error, ")
        for each in error.errors(include_input=False, include_url=False)
    ]
