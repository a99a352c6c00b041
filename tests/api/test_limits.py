"""How often the public may ask, with Redis, without it, and while it hangs."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from scheduler.api import counters
from scheduler.api.clients import network
from scheduler.api.counters import PATIENCE, SILENCE
from scheduler.bootstrap import Runtime
from scheduler.domain.scopes import Scope
from scheduler.embedded.redis import EmbeddedRedis
from scheduler.services.accounts.access import create_key
from tests.api.conftest import Serve
from tests.cast import at, patient, wish

ORIGIN = {"Origin": "https://clinic.example"}
WIDE = {"limit_reads": "100000/minute", "limit_writes": "100000/minute", "limit_contact": "1000/hour"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis") / "redis") as started:
        yield started


@pytest.fixture
def redis(server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """An empty Redis that answers, whatever a test before did to it; on a busy machine it may take its
    time."""
    monkeypatch.setattr(counters, "PATIENCE", 20 * PATIENCE)
    server.start()
    client = Redis.from_url(server.url, decode_responses=True)
    client.flushall()
    yield client
    client.close()


def read(client: FlaskClient, **more: Any) -> TestResponse:
    return client.get("/v1/clinic", **more)


def test_every_answer_says_how_much_is_left(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="3/minute", limit_writes="2/minute")
    first, second = read(client, headers=ORIGIN), read(client)
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("3", "2")
    assert second.headers["RateLimit-Remaining"] == "1"
    assert 0 < int(first.headers["RateLimit-Reset"]) <= 60, "seconds, not a date"
    exposed = first.headers["Access-Control-Expose-Headers"]
    assert all(name in exposed for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"))
    assert "Retry-After" not in first.headers


def test_who_asks_too_often_is_told_when_to_come_back(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="3/minute")
    answers = [read(client, headers=ORIGIN) for _ in range(5)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    refused = answers[-1]
    assert refused.get_json()["type"] == "/problems/rate-limited"
    assert refused.mimetype == "application/problem+json"
    assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert refused.headers["X-Request-Id"]


def test_the_limit_ends_with_its_time(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="1/second")
    while read(client).status_code == 200:
        pass
    time.sleep(1.1)
    assert read(client).status_code == 200


def test_reading_and_writing_are_counted_apart(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="2/minute", limit_writes="1/minute")
    assert client.post("/v1/visits", json={}).status_code == 422
    assert client.post("/v1/holds", json={}).status_code == 429
    assert client.delete("/v1/holds/00000000-0000-4000-8000-000000000000").status_code == 429
    assert [read(client).status_code for _ in range(3)] == [200, 200, 429]


def test_all_processes_count_together(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    processes = [serve(redis_url=server.url, limit_reads="4/minute") for _ in range(2)]
    statuses = [read(processes[number % 2]).status_code for number in range(6)]
    assert statuses == [200, 200, 200, 200, 429, 429]


def test_everybody_is_counted_for_themselves(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="1/minute")
    for number in range(5):
        here = {"REMOTE_ADDR": f"192.0.2.{number}"}
        assert read(client, environ_base=here).status_code == 200
        assert read(client, environ_base=here).status_code == 429


def test_no_address_is_kept_in_redis(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, **WIDE)
    read(client, environ_base={"REMOTE_ADDR": "192.0.2.77"})
    client.post("/v1/visits", json=wish(at(3, 10)), environ_base={"REMOTE_ADDR": "192.0.2.77"})
    keys = list(redis.scan_iter())
    assert len(keys) == 3, "reads, writes, and one contact"
    assert not [key for key in keys if "192.0.2.77" in key or "patients.example" in key]
    assert all(redis.ttl(key) > 0 for key in keys)


def test_a_forged_header_makes_nobody_somebody_else(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="2/minute")
    forged = [
        {"X-Forwarded-For": "192.0.2.1"},
        {"X-Forwarded-For": "192.0.2.2, 192.0.2.3"},
        {"Forwarded": "for=192.0.2.4", "X-Real-IP": "192.0.2.4", "True-Client-IP": "192.0.2.4"},
        {"X-Forwarded-For": ""},
    ]
    assert [read(client, headers=each).status_code for each in forged] == [200, 200, 429, 429]


def test_behind_a_trusted_proxy_its_word_counts_and_no_more_than_that(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="1/minute", trusted_proxies=1)
    assert read(client, headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200
    assert read(client, headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 200
    assert read(client, headers={"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}).status_code == 429, "forged"
    assert client.get("/health/ready").get_json()["checks"].get("proxies") is None


def test_a_forwarded_request_without_trusted_proxies_is_told_to_operators(
    clinic: object, serve: Serve
) -> None:
    client = serve()
    assert "proxies" not in client.get("/health/ready").get_json()["checks"]
    read(client, headers={"X-Forwarded-For": "192.0.2.1"})
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.get_json()["status"]) == (200, "degraded")
    assert "VISITS_TRUSTED_PROXIES" in ready.get_json()["checks"]["proxies"]


def test_health_contract_and_explanations_are_not_counted(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="1/minute")
    for _ in range(3):
        for address in ("/health/live", "/health/ready", "/docs", "/openapi.json", "/problems/slot-taken"):
            answer = client.get(address)
            assert answer.status_code == 200
            assert "RateLimit-Limit" not in answer.headers
    assert read(client).status_code == 200


def test_a_browser_may_always_ask_whether_it_may_ask(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="1/minute", limit_writes="1/minute")
    asked = {**ORIGIN, "Access-Control-Request-Method": "POST"}
    assert {client.options("/v1/visits", headers=asked).status_code for _ in range(5)} == {200}


def test_staff_are_not_counted_and_only_they(
    run: Runtime, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    with run.db.transaction() as session:
        key = create_key(session, "desk", frozenset(Scope), run.db.now(session))
    client = serve(redis_url=server.url, limit_reads="2/minute", limit_contact="1/hour")
    staff = {"Authorization": f"Bearer {key}"}
    assert {read(client, headers=staff).status_code for _ in range(5)} == {200}
    for hour in (9, 10, 11):
        booked = client.post("/v1/visits", json=wish(at(3, hour), 1), headers=staff)
        assert booked.status_code == 201, booked.text
    forged = {"Authorization": f"Bearer {key[:-1]}x"}
    assert [read(client, headers=forged).status_code for _ in range(3)] == [200, 200, 429]


def test_one_contact_is_booked_for_so_often_whoever_asks(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, **{**WIDE, "limit_contact": "2/hour"})
    statuses = []
    for number, hour in enumerate((9, 10, 11)):
        who = patient(
            number, email="Same.Address@patients.example" if number else "same.address@Patients.example"
        )
        here = {"REMOTE_ADDR": f"192.0.2.{number}"}
        statuses.append(client.post("/v1/visits", json=wish(at(3, hour), patient=who), environ_base=here))
    assert [each.status_code for each in statuses] == [201, 201, 429]
    refused = statuses[-1]
    assert refused.get_json()["type"] == "/problems/rate-limited"
    assert 3_500 < int(refused.headers["Retry-After"]) <= 3_601
    by_phone = patient(7, email=None, phone="+14095550123")
    booked = [client.post("/v1/visits", json=wish(at(4, hour), patient=by_phone)) for hour in (9, 10, 11)]
    assert [each.status_code for each in booked] == [201, 201, 429]


def test_without_limits_nobody_asks_redis(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    answer = read(serve(redis_url=server.url))
    assert "RateLimit-Limit" not in answer.headers
    assert list(redis.scan_iter()) == []


def milliseconds(client: FlaskClient, times: int) -> list[float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        assert read(client).status_code == 200
        took.append((time.perf_counter() - began) * 1000)
    return took


def test_without_redis_each_process_grants_its_part(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="6/minute", limit_writes="1/minute", web_workers=2)
    assert read(client).headers["RateLimit-Limit"] == "6"
    server.stop()
    read(client)  # the one that finds out
    statuses = [read(client).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    booked = client.post("/v1/visits", json=wish(at(3, 10)))
    assert (booked.status_code, booked.headers["RateLimit-Limit"]) == (201, "1")


def test_a_redis_that_was_lost_is_used_again(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, **WIDE)
    read(client)
    server.stop()
    for _ in range(3):
        assert read(client).status_code == 200
    server.start()
    until = time.monotonic() + 10
    while not list(Redis.from_url(server.url).scan_iter()) and time.monotonic() < until:
        time.sleep(0.1)
        read(client)
    assert list(Redis.from_url(server.url).scan_iter())


def test_a_redis_that_is_emptied_loses_counts_and_nothing_else(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis
) -> None:
    client = serve(redis_url=server.url, limit_reads="1/minute")
    assert [read(client).status_code for _ in range(2)] == [200, 429]
    redis.flushall()
    redis.script_flush()
    assert read(client).status_code == 200


def test_a_redis_that_hangs_delays_one_request_and_no_other(
    clinic: object, serve: Serve, redis: Redis, server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a service without limits, so that a busy machine slows both."""
    monkeypatch.setattr(counters, "PATIENCE", PATIENCE)
    client, unlimited = serve(redis_url=server.url, **WIDE), serve()
    milliseconds(client, 20)
    process = int(redis.info("server")["process_id"])
    os.kill(process, signal.SIGSTOP)
    try:
        milliseconds(client, 1)  # the one that finds out
        later: list[float] = []
        usual: list[float] = []
        until = time.monotonic() + SILENCE * 2.5  # while it is looked at in the background
        while time.monotonic() < until:
            later += milliseconds(client, 5)
            usual += milliseconds(unlimited, 5)
        assert median(later) < 2 * median(usual) + 5
        assert sum(each >= PATIENCE * 1_000 for each in later) <= len(later) // 50, "none of them waited"
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_name_that_nobody_resolves_delays_one_request_and_no_other(
    clinic: object, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped container's name is gone, and the resolver takes ten seconds to say so."""
    real = socket.getaddrinfo

    def resolver(host: Any, *more: Any, **named: Any) -> Any:
        if host == "redis.example":
            time.sleep(3)
            raise socket.gaierror
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    client = serve(redis_url="redis://redis.example:6379/0", **WIDE)
    first, *later = milliseconds(client, 10)
    assert first < 1_500
    assert median(later) < PATIENCE * 1_000


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "nowhere"),
        ("unix:", "nowhere"),
    ],
)
def test_a_caller_is_an_address_or_a_household(address: str, counted_as: str) -> None:
    assert network(address) == counted_as
