"""Everybody who may call the API, with every token that there is, and what belongs to whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Recipient, Visit
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key, revoke_key
from scheduler.services.people.recipients import BOOKED_BY, JOIN, MANAGE, NOT_YOU, PATIENT
from tests.cast import at, patient

HELPER = {
    "name": "Parent Example",
    "relationship": "parent",
    "email": "parent@patients.example",
    "receives": "also",
}

NOBODY = "nobody"
HOLDERS = ("patient", "helper")
"""Who holds links to a visit."""
METRICS_TOKEN = "a-token-of-the-tests-to-read-figures"
STAFF = tuple(f"staff: {scope}" for scope in Scope)
"""Keys with a single scope each."""
ALL_SCOPES = "staff: all"
ADDRESSEE = "whoever got the mail"
"""With the token of its "Not you?"."""
SCRAPER = "the metrics token"
DEAD = (
    "garbage",
    "a garbled key",
    "a join link",
    "a link before the contact changed",
    "a link long after the visit",
    "a revoked key",
    "an expired key",
)
"""Tokens that open nothing, or nothing any more."""
PRINCIPALS = (NOBODY, *HOLDERS, *STAFF, ALL_SCOPES, *DEAD, ADDRESSEE, SCRAPER)


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit that somebody booked for a patient; `tokens` by the role of whoever holds them."""

    id: str
    start: datetime
    tokens: Mapping[str, str]


@dataclass
class World:
    """A service in which visits of strangers lie next to each other."""

    run: Runtime
    client: FlaskClient
    tokens: dict[str, str] = field(init=False)
    """Of everybody whose token has nothing to do with one visit."""
    mine: Booked = field(init=False)
    """The visit of whoever holds links, where a request is about none."""
    seats: Iterator[tuple[str, str]] = field(init=False)
    """Whom and when nobody has yet: an hour apart, so that a visit can be moved a bit."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        asked = "visit_type=follow-up&mode=telemedicine&from=2026-12-02&to=2027-01-31"
        found = self.client.get(f"/v1/slots?{asked}").get_json()["slots"]
        hours = [slot for slot in found if datetime.fromisoformat(slot["start"]).minute == 0]
        self.seats = ((slot["start"], who) for slot in hours for who in slot["practitioners"])
        self.tokens = {"garbage": "nothing", "a garbled key": "vk_nothing", SCRAPER: METRICS_TOKEN}
        with self.run.db.transaction() as session:
            now = self.run.db.now(session)
            for scope in Scope:
                self.tokens[f"staff: {scope}"] = create_key(session, scope, frozenset({scope}), now)
            self.tokens[ALL_SCOPES] = create_key(session, "all", frozenset(Scope), now)
            self.tokens["a revoked key"] = create_key(session, "revoked", frozenset(Scope), now)
            revoke_key(session, "revoked", now)
            hour = timedelta(hours=1)
            self.tokens["an expired key"] = create_key(session, "old", frozenset(Scope), now - 2 * hour, hour)
        self.mine = self.booked()
        self.tokens["a join link"] = self.mine.tokens[JOIN]
        changed, over = self.booked(), self.booked()
        self.tokens["a link before the contact changed"] = changed.tokens["patient"]
        self.tokens["a link long after the visit"] = over.tokens["patient"]
        ago = over.start - timedelta(days=60)
        with self.run.db.transaction() as session:
            theirs = update(Recipient).where(Recipient.visit_id == UUID(changed.id))
            session.execute(theirs.values(link_generation=1))
            mine = update(Visit).where(Visit.id == UUID(over.id))
            session.execute(mine.values(starts_at=ago, ends_at=ago + timedelta(minutes=30)))

    def headers(self, principal: str, visit: Booked) -> dict[str, str]:
        """What a principal sends; patient and helper are those of that visit, if it is one."""
        if principal == NOBODY:
            return {}
        tokens = {**self.tokens, **(visit.tokens or self.mine.tokens)}
        return {"Authorization": f"Bearer {tokens[principal]}"}

    def wish(self, visit_type: str = "follow-up") -> dict[str, Any]:
        """What somebody may book who was never here, at a time that nobody has."""
        start, practitioner = next(self.seats)
        return {
            "visit_type": visit_type,
            "mode": "telemedicine",
            "state": "TX",
            "start": start,
            "practitioner": practitioner,
            "patient": patient(next(self.numbers)),
            "booked_by": HELPER,
        }

    def booked(self, visit_type: str = "follow-up", after: tuple[str, ...] = ()) -> Booked:
        """A new visit; `after` is what staff have done to it."""
        body = self.wish(visit_type)
        answer = self.client.post("/v1/visits", json=body)
        assert answer.status_code == 201, answer.text
        id = answer.get_json()["id"]
        visit = Booked(id, datetime.fromisoformat(body["start"]), self._tokens(UUID(id)))
        for act in after:
            path, headers = f"/v1/visits/{id}/{act}", self.headers(ALL_SCOPES, visit)
            answer = self.client.post(path, json={}, headers=headers)
            assert answer.status_code == 200, answer.text
        return visit

    def nothing(self) -> Booked:
        """A visit that there is not."""
        return Booked(str(uuid4()), at(2, 10), {})

    def _tokens(self, visit: UUID) -> dict[str, str]:
        token = self.run.desk.token
        with self.run.db.transaction() as session:
            recipients = session.scalars(select(Recipient).where(Recipient.visit_id == visit)).all()
        roles = {PATIENT: "patient", BOOKED_BY: "helper"}
        tokens = {}
        for each in recipients:
            made = (each.link_key, visit, each.id)
            tokens[roles[each.role]] = token(*made, MANAGE, each.link_generation)
            if each.role == PATIENT:
                tokens[JOIN], tokens[ADDRESSEE] = (token(*made, kind, 0) for kind in (JOIN, NOT_YOU))
        return tokens

    def everything(self) -> dict[str, tuple[Any, ...]]:
        """Of each table that a refused call must leave as it was, something that tells any other content."""
        tables = (
            "visits",
            "claims",
            "holds",
            "messages",
            "visit_events",
            "links",
            "recipients",
            "tasks",
            "time_off",
            "extra_hours",
            "outside_calendars",
            "calendar_feeds",
            "webhook_endpoints",
            "api_keys",
        )
        content = "count(*), sum(hashtextextended({0}::text, 0))"
        queries = (f"SELECT '{each}', {content.format(each)} FROM {each}" for each in tables)
        with self.run.db.single() as connection:
            return {name: (*rest,) for name, *rest in connection.execute(text(" UNION ALL ".join(queries)))}
