"""A visit whose confirmation was mailed, and the mails that come back."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import InboundMail, InviteAnswer, Message, Task, Visit, VisitEvent
from scheduler.domain.messages import MessageState
from scheduler.services.inbound.receiving import receive
from tests.cast import at, wish
from tests.outbox.conftest import change, rows


@dataclass
class Booked:
    """A visit of pat0@patients.example."""

    run: Runtime
    client: FlaskClient
    id: UUID
    token: str

    @property
    def row(self) -> Visit:
        with self.run.db.transaction() as session:
            return session.get_one(Visit, self.id)

    @property
    def uid(self) -> str:
        return str(self.row.uid)

    @property
    def mailed(self) -> Message:
        """The confirmation."""
        return rows(self.run, self.id)[0]

    @property
    def tasks(self) -> list[str]:
        with self.run.db.transaction() as session:
            return list(session.scalars(select(Task.kind).where(Task.done_at.is_(None)).order_by(Task.id)))

    @property
    def answers(self) -> list[tuple[int, str, str]]:
        kept = select(InviteAnswer.sequence, InviteAnswer.stamp, InviteAnswer.partstat)
        with self.run.db.transaction() as session:
            return [(*each,) for each in session.execute(kept)]

    @property
    def acts(self) -> list[str]:
        with self.run.db.transaction() as session:
            return list(session.scalars(select(VisitEvent.act).order_by(VisitEvent.id)))

    @property
    def outcomes(self) -> list[str]:
        with self.run.db.transaction() as session:
            return list(session.scalars(select(InboundMail.outcome).order_by(InboundMail.id)))

    def get(self, raw: bytes) -> str:
        """What becomes of a mail."""
        return receive(self.run.desk, raw).outcome

    def act(self, name: str, **body: Any) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.post(f"/v1/visits/{self.id}/{name}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text


def booked(run: Runtime, client: FlaskClient, **more: Any) -> Booked:
    answer = client.post("/v1/visits", json=wish(**{"start": at(3, 10), **more}))
    assert answer.status_code == 201, answer.text
    made = Booked(run, client, UUID(answer.get_json()["id"]), answer.get_json()["token"])
    change(run, made.mailed.id, state=MessageState.SENT, handoffs=1)
    return made


@pytest.fixture
def visit(run: Runtime, client: FlaskClient) -> Booked:
    return booked(run, client)
