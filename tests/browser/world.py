"""What is around the browser: other patients, the mailbox, and what the database says in the end."""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from functools import cached_property
from typing import Any

import requests
from sqlalchemy import Connection, create_engine, text

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

    def embedding(self, host: str = "localhost") -> str:
        """The page of the clinic's website that shows `/book` in a frame."""
        return f"http://{host}:{self.site}/embedded-form.html?api={self.api}"

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
        with self._database() as connection:
            found: int = connection.execute(text("SELECT count(*) FROM visits")).scalar_one()
        return found

    def end_holds(self) -> None:
        """As if ten minutes had passed for everybody who fills in a form."""
        with self._database() as connection:
            connection.execute(text("UPDATE holds SET expires_at = clock_timestamp()"))

    def remind(self) -> None:
        """Whoever booked last, as if it were the day before."""
        last = "(SELECT max(id) FROM messages WHERE kind = 'reminder')"
        with self._database() as connection:
            connection.execute(text(f"UPDATE messages SET next_at = clock_timestamp() WHERE id = {last}"))

    @contextmanager
    def _database(self) -> Iterator[Connection]:
        engine = create_engine(self.postgres.url)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def invites_to(self, address: str) -> list[Invite]:
        """Of the mails that have come to somebody."""
        return [invite for raw in self._mails_to(address) if (invite := read_invite(raw))]

    def letter_to(self, address: str) -> str:
        """What a person reads of the first mail, in plain text."""
        return self.letters_to(address)[0]

    def letters_to(self, address: str) -> list[str]:
        """What a person reads, in plain text."""
        bodies = [message_from_bytes(raw, policy=default) for raw in self._mails_to(address)]
        return [str(part.get_content()) for each in bodies if (part := each.get_body(("plain",)))]

    def link_to(self, address: str, page: str = "v") -> str:
        """The way to the visit, or to another page, out of the newest mail that has one."""
        found = re.findall(rf"https?://\S+/{page}/[\w-]+(?=\s)", "\n".join(self.letters_to(address)))
        return str(found[0])

    def book(self, kind: str, mode: str, slot: Json, address: str, **more: object) -> None:
        """By the API, as another website would."""
        where = {"state": "TX"} if mode == "telemedicine" else {"location": slot["location"]}
        who = {"name": "Rosa Example", "birth_date": "1954-03-27", "email": address, **more}
        asked = {"visit_type": kind, "mode": mode, "start": slot["start"], "patient": who, **where}
        body = {**asked, "practitioner": slot["practitioners"][0], "consents": self.consents(mode)}
        answer = self.http.post(f"{self.api}/v1/visits", json=body, timeout=10)
        assert answer.status_code == 201, answer.text

    def mails(self) -> Iterator[bytes]:
        """All that have come to anybody."""
        return map(self._raw, self._listed())

    def _mails_to(self, address: str) -> Iterator[bytes]:
        for each in self._listed():
            if any(to["Address"] == address for to in each["To"]):
                yield self._raw(each)

    def _listed(self) -> list[Json]:
        listed = self.http.get(f"{self.mailbox}/api/v1/messages", params={"limit": 1_000}, timeout=10).json()
        found: list[Json] = listed["messages"]
        assert len(found) == listed["total"], "more mails than the mailbox lists at once"
        return found

    def _raw(self, listed: Json) -> bytes:
        return self.http.get(f"{self.mailbox}/api/v1/message/{listed['ID']}/raw", timeout=10).content

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
