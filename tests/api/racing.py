"""Many who call at one moment, and what must be true of the database once all of them have their answers."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, NamedTuple

import requests
from sqlalchemy import text

from scheduler.bootstrap import open_database
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from tests.conftest import settings_for

Answer = tuple[int, dict[str, Any]]


class Call(NamedTuple):
    """What one of many clients asks for."""

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = MappingProxyType({})


def together(address: str, calls: Sequence[Call]) -> list[Answer]:
    """The answers to requests that start at one moment, in the order of the calls."""
    ready = threading.Barrier(len(calls))

    def ask(call: Call) -> Answer:
        with requests.Session() as session:
            session.trust_env = False
            ready.wait()
            answer = session.post(address + call.path, json=call.body, headers=call.headers, timeout=30)
            return answer.status_code, answer.json()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(ask, calls))


def kinds(answers: Sequence[Answer]) -> Counter[str]:
    """How many got what; a visit is known by its status, a refusal by its type."""
    return Counter(str(body.get("type") or body.get("status", "made")) for _, body in answers)


def staff_of(url: str) -> dict[str, str]:
    """Headers of somebody at the front desk."""
    db = open_database(settings_for(url))
    with db.transaction() as session:
        key = create_key(session, "front-desk", frozenset(Scope), db.now(session))
    db.dispose()
    return {"Authorization": f"Bearer {key}"}


OVERLAPPING = """
    SELECT a.visit_id, b.visit_id FROM claims a JOIN claims b
    ON a.id < b.id AND a.resource_id = b.resource_id AND a.during && b.during
    """

ENDED = "('cancelled', 'entered-in-error')"
"""Statuses whose visits take no time."""

INCONSISTENT = {
    "overlapping claims": OVERLAPPING,
    "a claim of a visit that takes no time": f"""
        SELECT v.id FROM visits v JOIN claims c ON c.visit_id = v.id WHERE v.status IN {ENDED}
        """,
    "a visit whose claims are not exactly its practitioner, its room and its patient": f"""
        SELECT v.id FROM visits v JOIN patients p ON p.id = v.patient_id
        LEFT JOIN claims c ON c.visit_id = v.id
        WHERE v.status NOT IN {ENDED} GROUP BY v.id, p.resource_id
        HAVING array_agg(c.resource_id ORDER BY c.resource_id) IS DISTINCT FROM (
            SELECT array_agg(r ORDER BY r)
            FROM unnest(ARRAY[v.practitioner_id, v.room_id, p.resource_id]) AS u (r) WHERE r IS NOT NULL
        )
        """,
    "a claim for another time than the visit's": """
        SELECT v.id FROM visits v JOIN claims c ON c.visit_id = v.id
        WHERE NOT c.during @> tstzrange(v.starts_at, v.ends_at)
        """,
    "a change that was not written down": """
        SELECT v.id FROM visits v JOIN visit_events e ON e.visit_id = v.id
        GROUP BY v.id HAVING count(*) <> v.version
        """,
    "a history that leads elsewhere": """
        SELECT v.id FROM visits v JOIN LATERAL (
            SELECT to_status, sequence FROM visit_events WHERE visit_id = v.id ORDER BY id DESC LIMIT 1
        ) e ON (e.to_status, e.sequence) IS DISTINCT FROM (v.status, v.sequence)
        """,
    "a SEQUENCE that went down": """
        SELECT visit_id FROM (
            SELECT visit_id, sequence - lag(sequence) OVER (PARTITION BY visit_id ORDER BY id) AS step
            FROM visit_events
        ) e WHERE step NOT IN (0, 1)
        """,
    "a message of what is past that would still be sent": """
        SELECT v.id FROM visits v JOIN messages m ON m.visit_id = v.id
        WHERE m.state = 'pending' AND m.sequence <> v.sequence
        """,
    "news that are told twice, or not at all": """
        SELECT v.id FROM visits v LEFT JOIN messages m
        ON m.visit_id = v.id AND m.sequence = v.sequence AND m.kind NOT IN ('reminder', 'join')
        GROUP BY v.id HAVING count(m.id) <> 1
        """,
    "a reminder of a visit that does not take place": """
        SELECT v.id FROM visits v JOIN messages m ON m.visit_id = v.id
        WHERE m.state = 'pending' AND m.kind IN ('reminder', 'join') AND v.status IN ('pending', 'cancelled')
        """,
}


def assert_consistent(url: str) -> None:
    """Nothing overlaps, and visits, claims, history and messages agree with each other."""
    db = open_database(settings_for(url))
    with db.single() as connection:
        found = {what: connection.execute(text(query)).all() for what, query in INCONSISTENT.items()}
    db.dispose()
    assert {what: rows for what, rows in found.items() if rows} == {}
