"""Twilio as it calls us: forms, signed by its own library."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import insert, select
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message, Task
from scheduler.domain.messages import ChannelName, MessageKind, Queue
from scheduler.domain.tasks import TaskKind
from scheduler.services.tasks.opening import open_general_task
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


def enter_alert(run: Runtime, **values: object) -> int:
    """An alert to people of the clinic, which is about a task and no visit; its id."""
    with run.db.transaction() as session:
        now = run.db.now(session)
        open_general_task(session, TaskKind.CHANNEL_PAUSED, "email", now)
        row: dict[str, object] = {
            "task_id": session.scalars(select(Task.id)).one(),
            "alert_step": 0,
            "alert_to": 0,
            "sequence": 0,
            "offset_minutes": 0,
            "attempt": 1,
            "handoffs": 1,
            "kind": MessageKind.ALERT,
            "channel": ChannelName.SMS,
            "queue": Queue.URGENT,
            "message_id": "a",
            "due_at": now,
            "expires_at": now + timedelta(hours=1),
            "next_at": now,
            "created_at": now,
            **values,
        }
        return session.execute(insert(Message).values(row).returning(Message.id)).scalar_one()
