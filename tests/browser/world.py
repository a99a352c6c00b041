"""What is around the browser: other patients, the mailbox, and what the database says in the end."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import requests
from sqlalchemy import create_engine, text

from scheduler.embedded.demo_mail import Invite, read_invite
from scheduler.embedded.postgres import EmbeddedPostgres

Json = dict[str, Any]

MAIL_SECONDS = 15.0


@dataclass
class World:
    api: str
    mailbox: str
    site: int
    """The website's port: the service allows it by the name of localhost alone."""
    postgres: EmbeddedPostgres

    @cached_property
    def http(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        return session

    def page(self, host: str = "localhost") -> str:
        return f"http://{host}:{self.site}/booking-form.html?api={self.api}"

    def slots(self, kind: str, mode: str) -> list[Json]:
        today = datetime.now(UTC).date()
        asked = {"visit_type": kind, "mode": mode, "from": f"{today}", "to": f"{today + timedelta(days=21)}"}
        slots: list[Json] = self.http.get(f"{self.api}/v1/slots", params=asked, timeout=10).json()["slots"]
        return slots

    def consents(self, mode: str) -> list[str]:
        """All that a visit of that mode asks for."""
        texts: list[Json] = self.http.get(f"{self.api}/v1/clinic", timeout=10).json()["consents"]
        return [f"{each['kind']}:{each['version']}" for each in texts if mode in each["modes"]]

    def somebody_else_takes(self, kind: str, mode: str, start: str) -> None:
        """With everybody who could give this visit, so that the time is gone."""
        slot = next(each for each in self.slots(kind, mode) if _same(each["start"], start))
        for who in slot["practitioners"]:
            answer = self.http.post(
                f"{self.api}/v1/visits",
                json={
                    "visit_type": kind,
                    "mode": mode,
                    "state": "TX",
                    "start": start,
                    "practitioner": who,
                    "consents": self.consents(mode),
                    "patient": {"name": "Quick Example", "birth_date": "1990-01-01", "email": a_mail()},
                },
                timeout=10,
            )
            assert answer.status_code == 201, answer.text

    def visits(self) -> int:
        """How many there are."""
        engine = create_engine(self.postgres.url)
        with engine.connect() as connection:
            found: int = connection.execute(text("SELECT count(*) FROM visits")).scalar_one()
        engine.dispose()
        return found

    def invites_to(self, address: str) -> list[Invite]:
        """Of the mails that have come to somebody."""
        found = []
        listed = self.http.get(f"{self.mailbox}/api/v1/messages", params={"limit": 1_000}, timeout=10).json()
        for each in listed["messages"]:
            if any(to["Address"] == address for to in each["To"]):
                raw = self.http.get(f"{self.mailbox}/api/v1/message/{each['ID']}/raw", timeout=10).content
                found += [invite for invite in [read_invite(raw)] if invite]
        return found

    def invite_to(self, address: str) -> Invite:
        """The only one, once it has come."""
        assert eventually(lambda: bool(self.invites_to(address)), MAIL_SECONDS), f"no mail to {address}"
        (invite,) = self.invites_to(address)
        return invite


def a_mail() -> str:
    return f"patient-{uuid.uuid4().hex[:12]}@example.org"


def _same(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)


def eventually(check: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.05)
    return check()
