"""Somebody at the front desk, with a browser that has no scripts."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, StaffAccount, Visit
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.keeping import create_account
from scheduler.services.accounts.sessions import open_session
from scheduler.web.guards import csrf_token
from tests.conftest import serving

COOKIE = "__Host-staff"
EVERYTHING = frozenset(Scope)


def signed_in(run: Runtime, name: str, scopes: frozenset[Scope], language: str = "en") -> str:
    """The token of a session of a new account, whose password is its own."""
    with run.db.transaction() as session:
        now = run.db.now(session)
        create_account(session, name, scopes, language, now)
        session.execute(update(StaffAccount).values(password_is_ours=False))
        account = session.scalars(select(StaffAccount.id).where(StaffAccount.name == name)).one()
        return open_session(session, account, now)


class Desk:
    """Reads pages and sends their forms."""

    def __init__(
        self, run: Runtime, scopes: frozenset[Scope] = EVERYTHING, name: str = "pat", language: str = "en"
    ) -> None:
        self.run = run
        self.token = signed_in(run, name, scopes, language)
        self.client = serving(run).test_client()
        self.client.set_cookie(COOKIE, self.token)

    def get(self, path: str = "", status: int = 200, **query: Any) -> str:
        """The words of a page."""
        answer = self.client.get(f"/staff{path}", query_string=query)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, status: int = 303, **fields: Any) -> TestResponse:
        """Send a form with the token that every form of ours has."""
        with self.client.application.app_context():
            csrf = csrf_token(self.token)
        answer = self.client.post(f"/staff{path}", data={"csrf": csrf, **fields})
        assert answer.status_code == status, answer.text
        return answer

    def act(self, visit: UUID, name: str, status: int = 303, **fields: Any) -> TestResponse:
        return self.post(f"/visits/{visit}/{name}", status, **{"version": self.version(visit), **fields})

    def version(self, visit: UUID) -> int:
        return self.row(visit).version

    def row(self, visit: UUID) -> Visit:
        with self.run.db.transaction() as session:
            return session.scalars(select(Visit).where(Visit.id == visit)).one()

    def audited(self) -> list[str]:
        """What this person did and looked at, in order."""
        with self.run.db.transaction() as session:
            acts = select(AuditEntry.act).where(AuditEntry.actor == "staff:pat").order_by(AuditEntry.id)
            return list(session.scalars(acts))


def leads_to(answer: TestResponse) -> tuple[str, dict[str, Any]]:
    """Where an answer sends the browser: path and query."""
    parts = urlsplit(answer.headers["Location"])
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def buttons(page: str, name: str) -> list[str]:
    """The values of all buttons of that name."""
    return [unescape(each) for each in re.findall(rf'<button[^>]* name="{name}" value="([^"]*)"', page)]


def plain(page: str) -> str:
    """What a reader sees: without markup and doubled spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
