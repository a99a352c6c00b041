"""Figures for whoever watches the service: of all that waits, and of nobody in particular."""

import socket
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message
from scheduler.domain.messages import ErrandHint, Hint, MessageKind, Queue
from scheduler.services.outbox.sweeping import beat
from scheduler.services.tasks.opening import open_task
from tests.api.conftest import Serve
from tests.api.people import booked
from tests.cast import NOW, at
from workers.doorbell import Publisher

TOKEN = "example-of-a-metrics-token"
HOUR = timedelta(hours=1)
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched_service(run: Runtime, serve: Serve) -> FlaskClient:
    return serve(metrics_token=TOKEN)


def scraped(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Values by name and labels, these in the order of their names: channel, kind, state."""
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return {
        (sample.name, *(said for _, said in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_what_waits_is_counted_with_its_age(watched_service: FlaskClient, run: Runtime) -> None:
    booked(watched_service)
    with run.db.transaction() as session:
        open_task(session, "call", None, "one", at(2, 9), NOW)
        open_task(session, "call", None, "two", at(2, 9), NOW)
        beat(session, run.db.now(session) - run.db.offset)
    seen = scraped(watched_service)
    assert seen["visits_open_tasks", "call"] == 2
    assert 0 < seen["visits_oldest_open_task_seconds", "call"] < 120
    assert seen["visits_messages", "email", "confirmed", "pending"] == 1
    assert seen["visits_messages", "email", "reminder", "pending"] == 2
    assert 0 < seen["visits_oldest_due_message_seconds",] < 120
    assert 0 <= seen["visits_last_sweep_seconds",] < 120


RETRIED = {"last_error": "451 4.3.0", "attempt": 9}


def test_a_message_waits_since_it_was_due_however_often_it_was_tried(
    watched_service: FlaskClient, run: Runtime
) -> None:
    booked(watched_service)
    with run.db.transaction() as session:
        now = run.db.now(session)
        told = update(Message).where(Message.kind == MessageKind.CONFIRMED)
        tried = {"due_at": now - 5 * HOUR, "next_at": now + HOUR / 2}
        session.execute(told.values(**tried, **RETRIED))
    assert abs(scraped(watched_service)["visits_oldest_due_message_seconds",] - 5 * 3600) < 60


def test_a_hook_that_is_tried_for_days_is_no_message_that_waits(
    watched_service: FlaskClient, run: Runtime
) -> None:
    booked(watched_service)
    with run.db.transaction() as session:
        then = run.db.now(session) - 5 * HOUR
        session.execute(update(Message).values(queue=Queue.HOOKS, due_at=then, next_at=then, **RETRIED))
    assert scraped(watched_service)["visits_oldest_due_message_seconds",] == 0


def test_where_nothing_waits_and_nobody_sweeps_the_figures_say_so(watched_service: FlaskClient) -> None:
    assert scraped(watched_service) == {("visits_oldest_due_message_seconds",): 0, ("visits_redis_up",): 0}


def test_hints_that_no_worker_takes_are_counted_by_queue(serve: Serve, redis: str) -> None:
    Redis.from_url(redis).flushall()
    publisher = Publisher(redis)
    publisher.publish(Hint(1, Queue.URGENT))
    publisher.publish(Hint(2, Queue.URGENT))
    publisher.publish(ErrandHint("fetch", "row"))
    seen = scraped(serve(metrics_token=TOKEN, redis_url=redis))
    assert seen["visits_redis_up",] == 1
    lengths = {name[1]: value for name, value in seen.items() if name[0] == "visits_queue_hints"}
    assert lengths == {"urgent": 2, "bulk": 0, "hooks": 0, "calendar": 1}


def test_a_redis_that_hangs_holds_no_figure_back(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        seen = scraped(serve(metrics_token=TOKEN, redis_url=f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"))
    assert seen["visits_redis_up",] == 0
    assert ("visits_queue_hints", "urgent") not in seen


def test_nobody_in_particular_is_in_the_figures(watched_service: FlaskClient) -> None:
    visit = booked(watched_service, patient={"name": "Canary Example", "birth_date": "1960-02-29",
                                             "email": "canary@patients.example"})  # fmt: skip
    text = watched_service.get("/metrics", headers=BEARER).text.casefold()
    assert not any(word in text for word in ("canary", visit["id"], visit["reference"].casefold()))


def test_the_figures_are_for_whoever_has_the_token_and_nowhere_without_one(
    watched_service: FlaskClient, client: FlaskClient
) -> None:
    assert watched_service.get("/metrics").status_code == 401
    assert watched_service.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert client.get("/metrics", headers=BEARER).status_code == 404
