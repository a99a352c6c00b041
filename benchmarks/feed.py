"""A feed of ten thousand visits: at first, again, unchanged, changed; alone: `python -m benchmarks.feed`."""

import http.client
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import insert, select, text

from benchmarks.stack import Stack, stack
from config.settings import Settings
from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.models import Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.clinic import Mode
from scheduler.domain.feeds import Detail, FeedWish
from scheduler.domain.wishes import Wish
from scheduler.services.booking.making import book
from scheduler.services.feeds.keeping import create_feed
from scheduler.services.slots.free import find_slots
from tests.services.asking import request

MANY = 10_000
AGAIN = 40
CHANGE = text(
    """
    UPDATE visits SET version = version + 1, sequence = sequence + 1, ends_at = ends_at + interval '1 second'
    WHERE id = (SELECT id FROM visits ORDER BY random() LIMIT 1)
    """
)


def main() -> None:
    with stack() as run:
        print("| what | figure |\n|---|---|")
        feeds(run)


def feeds(run: Stack) -> None:
    service = bootstrap(_settings(run))
    _fill(service)
    for detail in Detail:
        _, address = create_feed(service.desk, FeedWish("Clinic", detail), SYSTEM)
        _measure(
            service,
            run.port,
            f"feed of {MANY:,} visits, {detail}",
            address.removeprefix(service.desk.public_url),
        )
    service.db.dispose()


def _settings(run: Stack) -> Settings:
    given = {name.removeprefix("VISITS_").lower(): value for name, value in run.environment.items()}
    return Settings.model_validate(given)


def _fill(service: Runtime) -> None:
    """Copies of one visit, an hour apart: what they take of anybody's time matters to no feed."""
    desk, today = service.desk, date.today()  # noqa: DTZ011 - any days do
    wish = Wish("follow-up", Mode.TELEMEDICINE, "one", None, "TX")
    # Late enough for those who booked for another figure to have left something.
    first, *_ = find_slots(desk, wish, today + timedelta(21), today + timedelta(28)).slots
    visit = book(desk, request(first.start, practitioner="one")).visit.id
    with service.db.transaction() as session:
        row = session.execute(select(Visit.table()).where(Visit.id == visit)).mappings().one()
        session.execute(insert(Visit), list(_copies(service, dict(row))))
        session.execute(text("ANALYZE visits"))


def _copies(service: Runtime, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number in range(1, MANY):
        id, later = uuid4(), timedelta(hours=number)
        yield {
            **row,
            "id": id,
            "uid": uuid4(),
            "reference": service.desk.secrets.vault.seal("visits.reference", id, "K7QM-2XWP"),
            "reference_hash": id.bytes,
            "starts_at": row["starts_at"] + later,
            "ends_at": row["ends_at"] + later,
        }


def _measure(service: Runtime, port: int, what: str, path: str) -> None:
    """Over one connection, so that one worker answers all of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    first = _ask(connection, path)
    print(f"| {what}, {first.bytes / 1e6:.1f} MB: first build | {first.took:,.0f} ms |")
    again = [_ask(connection, path).took for _ in range(AGAIN)]
    print(f"| the same once more | {_figures(again)} |")
    unchanged = [_ask(connection, path, first.tag, 304).took for _ in range(AGAIN)]
    print(f"| the same, nothing changed (304) | {_figures(unchanged)} |")
    changed = [_ask_after_a_change(service, connection, path, first.tag) for _ in range(AGAIN)]
    print(f"| the same, one visit changed | {_figures(changed)} |")
    connection.close()


class Answer(NamedTuple):
    took: float
    """Milliseconds."""
    tag: str
    bytes: int


def _ask(connection: http.client.HTTPConnection, path: str, tag: str = "", status: int = 200) -> Answer:
    began = time.monotonic()
    connection.request("GET", path, headers={"If-None-Match": tag} if tag else {})
    answer = connection.getresponse()
    body = answer.read()
    took = (time.monotonic() - began) * 1000
    assert answer.status == status, (answer.status, body[:200])
    return Answer(took, answer.headers["ETag"], len(body))


def _ask_after_a_change(
    service: Runtime, connection: http.client.HTTPConnection, path: str, tag: str
) -> float:
    with service.db.transaction() as session:
        session.execute(CHANGE)
    return _ask(connection, path, tag).took


def _figures(times: Sequence[float]) -> str:
    return f"p50 {statistics.median(times):.0f} ms, p95 {statistics.quantiles(times, n=20)[18]:.0f} ms"


if __name__ == "__main__":
    main()
