"""Redis behind TLS, and behind Sentinels that name another master when one is gone."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from limits import parse
from limits.strategies import FixedWindowRateLimiter
from redis import Redis

from scheduler.api.counters import CarefulStorage
from scheduler.db.redis import redis_client
from scheduler.domain.messages import Hint, Queue
from scheduler.embedded.processes import spawn, stop
from scheduler.embedded.redis import EmbeddedRedis, find_program
from scheduler.embedded.sockets import free_port
from scheduler.services.operations.health import OK, redis_answers
from tests.doors import Door
from tests.processes import eventually
from tests.smtp import server_tls, throw_away_certificate
from workers.doorbell import Publisher
from workers.queues import PATIENT, celery_app

HINT = Hint(7, Queue.URGENT)
PASSWORD = "of-everybody-here"
MINUTE = parse("10/minute")


def takes_hints(url: str) -> bool:
    """Whether all who use Redis get through: publisher, worker, health check, limits."""
    Publisher(url).publish(HINT)
    with celery_app(url, PATIENT).connection_for_read() as worker:
        taken = worker.SimpleQueue(Queue.URGENT).get(timeout=5)
        taken.ack()
    counters = CarefulStorage(redis_url=url)

    def counted() -> bool:  # a busy machine may take longer over a handshake than a request would wait
        FixedWindowRateLimiter(counters).hit(MINUTE, "somebody")
        return counters.shared and redis_answers(url) == OK

    return eventually(counted)


# ----------------------------------------------------------------------------------------------------- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return throw_away_certificate(tmp_path)


@pytest.fixture
def encrypted(tmp_path: Path, certificate: Path) -> Iterator[str]:
    """The address of a Redis that speaks TLS, and nothing of whom to trust."""
    with EmbeddedRedis(tmp_path / "redis") as server:
        login, _, port = server.url.removeprefix("redis://").removesuffix("/0").rpartition("@127.0.0.1:")
        with Door(int(port), tls=server_tls(certificate)) as door:
            yield f"rediss://{login}@127.0.0.1:{door.port}/0"


def test_with_tls_everybody_gets_through_who_trusts_its_authority(encrypted: str, certificate: Path) -> None:
    assert takes_hints(f"{encrypted}?ssl_ca_certs={certificate}")


def test_a_certificate_that_nobody_vouches_for_is_refused_by_all(encrypted: str) -> None:
    with pytest.raises(Exception, match=r"(?i)certificate verify failed"):
        Publisher(encrypted).publish(HINT)
    with pytest.raises(Exception, match=r"(?i)certificate verify failed"):
        celery_app(encrypted, PATIENT).connection_for_read().default_channel.client.ping()
    assert redis_answers(encrypted) != OK
    counters = CarefulStorage(redis_url=encrypted)
    FixedWindowRateLimiter(counters).hit(MINUTE, "somebody")
    assert not counters.shared


# ----------------------------------------------------------------------------------------------- Sentinels


@contextmanager
def running_redis(folder: Path, *lines: str, sentinel: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir()
    configuration = folder / "redis.conf"
    configuration.write_text("\n".join([*lines, "bind 127.0.0.1", f'dir "{folder}"']))
    command = [find_program(), str(configuration), *(["--sentinel"] if sentinel else [])]
    with (folder / "log").open("wb") as log:
        process = spawn(command, output=log)
    try:
        yield process
    finally:
        stop(process, grace=2)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[dict[int, subprocess.Popen[bytes]]]:
    """A master and its copy, by their ports."""
    master, copy = free_port(), free_port()
    secret = (f"requirepass {PASSWORD}", f"masterauth {PASSWORD}", 'save ""', "repl-diskless-sync-delay 0")
    with (
        running_redis(tmp_path / "one", f"port {master}", *secret) as one,
        running_redis(tmp_path / "two", f"port {copy}", f"replicaof 127.0.0.1 {master}", *secret) as two,
    ):
        yield {master: one, copy: two}


@pytest.fixture
def watched(tmp_path: Path, servers: dict[int, subprocess.Popen[bytes]]) -> Iterator[str]:
    """The address of the two behind a Sentinel; another Sentinel that is named first is away."""
    port = free_port()
    lines = (
        f"port {port}",
        f"sentinel monitor visits 127.0.0.1 {next(iter(servers))} 1",
        f"sentinel auth-pass visits {PASSWORD}",
        "sentinel down-after-milliseconds visits 500",
        "sentinel failover-timeout visits 3000",
    )
    with running_redis(tmp_path / "sentinel", *lines, sentinel=True):
        watcher = Redis(port=port)
        assert eventually(lambda: sees_a_copy(watcher), 20)
        yield f"sentinel://:{PASSWORD}@127.0.0.1:1,127.0.0.1:{port}/visits/0"
        watcher.close()


def sees_a_copy(watcher: Redis) -> bool:
    try:
        return any(each["master-link-status"] == "ok" for each in watcher.sentinel_slaves("visits"))
    except Exception:
        return False


def test_sentinels_say_who_the_master_is_and_who_is_after_it(
    watched: str, servers: dict[int, subprocess.Popen[bytes]]
) -> None:
    assert takes_hints(watched)
    publisher, client = Publisher(watched), redis_client(watched, 1)
    publisher.publish(HINT)

    def master() -> int:
        _, port = client.connection_pool.get_master_address()  # type: ignore[attr-defined]
        return int(port)

    before = master()
    servers[before].kill()

    def publishes() -> bool:
        try:
            publisher.publish(HINT)
        except Exception:
            return False
        return master() != before

    assert eventually(publishes, 20), "whoever held a connection to the old master finds the new one"
    assert takes_hints(watched)
    client.close()
