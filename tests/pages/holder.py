"""Somebody who has the link of a visit and a browser without scripts: opens pages, sends their forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from scheduler.api.bodies import FORM
from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Message, Visit
from tests.pages.staff.desk import plain


@dataclass
class Sent:
    """A form as a browser would send it if somebody only pressed its button."""

    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Forms(HTMLParser):
    """All forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Sent] = []
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Sent(said.get("method", "get"), said.get("action", "")))
        elif tag == "select":
            self._select = said["name"]
        elif tag == "option" and "selected" in said:
            self._note(self._select, said["value"])
        elif tag == "button" and said.get("name"):
            self.found[-1].buttons.append((said["name"], said["value"]))
        elif tag == "input" and (said.get("type") not in ("radio", "checkbox") or "checked" in said):
            self._note(said["name"], said.get("value", "on"))

    def _note(self, name: str, value: str) -> None:
        self.found[-1].fields.setdefault(name, []).append(value)


@dataclass
class Person:
    """`page` is what they see."""

    client: FlaskClient
    visit: dict[str, Any]
    language: str = "en"
    page: TestResponse = field(init=False)

    def arrive(self) -> "Person":
        """By the link of a mail."""
        self.get(f"/v/{self.visit['token']}")
        return self

    def get(self, address: str, **query: Any) -> TestResponse:
        path, _, asked = address.partition("?")
        both = {**dict(parse_qsl(asked)), **query}
        self.page = self.client.get(
            path, query_string=both, headers={"Accept-Language": self.language}, follow_redirects=True
        )
        return self.page

    def go(self, name: str = "", status: int = 200, **query: Any) -> str:
        """To a page of the visit; its words."""
        self.get(f"/my/{self.visit['id']}{f'/{name}' if name else ''}", **query)
        assert self.page.status_code == status, self.page.text
        return self.text

    def send(self, status: int = 200, **typed: Any) -> str:
        """Fill in the page's form for changes, and press its button; the words that follow."""
        form = next(each for each in self.forms if each.method == "post")
        return self.post(form, status, **typed)

    def post(self, form: Sent, status: int = 200, **typed: Any) -> str:
        self.page = self.client.post(
            form.action,
            data={**form.fields, **typed},
            content_type=FORM,
            headers={"Accept-Language": self.language},
            follow_redirects=True,
        )
        assert self.page.status_code == status, self.page.text
        return self.text

    @property
    def forms(self) -> list[Sent]:
        return Forms(self.page.text).found

    @property
    def text(self) -> str:
        """What they read."""
        return plain(self.page.text.partition("<main")[2].partition("</main>")[0])

    @property
    def path(self) -> str:
        """Where they are, without the visit's id."""
        return urlsplit(self.page.request.url).path.removeprefix(f"/my/{self.visit['id']}").strip("/")

    @property
    def slots(self) -> list[str]:
        return [value for form in self.forms for name, value in form.buttons if name == "slot"]

    def choose(self, slot: str) -> str:
        """Press the button of a time; the words of the page that asks once more."""
        form = next(each for each in self.forms if each.buttons)
        fields = {name: values[0] for name, values in form.fields.items()}
        self.get(form.action, **fields, slot=slot)
        assert self.page.status_code == 200, self.page.text
        return self.text


def row(run: Runtime, visit: dict[str, Any]) -> Visit:
    with run.db.transaction() as session:
        return session.scalars(select(Visit).where(Visit.id == visit["id"])).one()


def kinds(run: Runtime, visit: dict[str, Any]) -> list[str]:
    """Of the messages of a visit that are due at once, the oldest first."""
    with run.db.transaction() as session:
        asked = select(Message.kind).where(Message.visit_id == visit["id"], Message.offset_minutes == 0)
        return list(session.scalars(asked.order_by(Message.id)))


def written(run: Runtime) -> list[tuple[str, str]]:
    """All that was written down so far: who did what."""
    with run.db.transaction() as session:
        entries = session.execute(select(AuditEntry.actor, AuditEntry.act).order_by(AuditEntry.id))
        return [(actor, act) for actor, act in entries]
