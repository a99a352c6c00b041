"""Twilio as it calls us: forms, signed by its own library."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from pydantic import SecretStr
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from tests.api.contract import Contract, watched
from tests.api.people import said
from tests.cast import at, patient, wish
from tests.conftest import serving

TOKEN = "a token of an example account"
URL = f"twilio://AC{'0' * 32}:{TOKEN.replace(' ', '%20')}@/+14095550100"
PUBLIC = "https://visits.example"
PHONE = "+14095550123"


def with_twilio(run: Runtime, contract: Contract) -> FlaskClient:
    """A client of a service whose texts go by Twilio."""
    settings = run.settings.model_copy(update={"sms_url": SecretStr(URL)})
    return watched(serving(replace(run, settings=settings)), contract)


def signature(path: str, form: dict[str, Any], token: str = TOKEN, public: str = PUBLIC) -> str:
    signed: str = RequestValidator(token).compute_signature(f"{public}{path}", form)
    return signed


def post(client: FlaskClient, path: str, form: dict[str, Any], signed: str | None = None) -> TestResponse:
    headers = {"X-Twilio-Signature": signature(path, form) if signed is None else signed}
    return client.post(path, data=form, headers=headers)


def book(client: FlaskClient, number: int = 0, day: int = 8, hour: int = 10, **whose: Any) -> UUID:
    """A visit of a patient who agreed to texts."""
    who = patient(number, **{"phone": PHONE, **whose})
    body = wish(at(day, hour), patient=who, consents=["sms:1"])
    return UUID(said(client.post("/v1/visits", json=body), 201)["id"])
