"""The real thing: API, `visits work` and `visits sweep` as processes, real Redis, real mail server."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests
from redis import Redis

from config.settings import Settings
from scheduler.domain.messages import Queue
from scheduler.embedded.redis import EmbeddedRedis
from tests.cast import at, wish
from tests.channels.inbound.letters import nested
from tests.conftest import settings_for
from tests.dovecot import MISSING, PASSWORD, Dovecot, dovecot, installed
from tests.processes import api, database, eventually, running
from tests.smtp import ScriptedServer
from workers.queues import DELIVER, celery_app

pytestmark = pytest.mark.whole
WORK, SWEEP = ("scheduler.cli", "work"), ("scheduler.cli", "sweep")
PATIENCE = 25
"""Seconds: a worker needs some to start on a busy machine."""


@dataclass
class House:
    """Everything but worker and sweeper."""

    settings: Settings
    address: str
    smtp: ScriptedServer
    folder: Path

    def __post_init__(self) -> None:
        self._numbers = count()

    def book(self) -> str:
        """Somebody new books; their address."""
        number = next(self._numbers)
        body = wish(at(2 + number // 16, 9 + number % 16 // 2, 30 * (number % 2)), number)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(f"{self.address}/v1/visits", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        return f"pat{number}@patients.example"

    def mails_to(self, address: str) -> int:
        return sum(f"To: {address}\r\n".encode() in each for each in self.smtp.messages)

    def is_told(self, address: str, seconds: float = PATIENCE) -> bool:
        return eventually(lambda: self.mails_to(address) > 0, seconds)


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Dovecot | None]:
    """With a mail that nobody has looked at; none, where this machine has no Dovecot."""
    if not installed():
        yield None
        return
    with TemporaryDirectory(prefix="visits-dovecot-") as folder, dovecot(Path(folder)) as server:
        server.deliver("clinic", nested(1_000))
        yield server


@pytest.fixture(scope="module")
def house(
    postgres: str, mailbox: Dovecot | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("whole-way")
    with ExitStack() as stack:
        url = stack.enter_context(database(postgres, "whole_way"))
        redis = stack.enter_context(EmbeddedRedis(folder / "redis"))
        smtp = stack.enter_context(ScriptedServer())
        settings = settings_for(
            url,
            redis_url=redis.url,
            smtp_url=smtp.url(),
            imap_url=mailbox and f"imaps://clinic:{PASSWORD}@127.0.0.1:{mailbox.tls}/INBOX",
            web_workers=1,
            worker_processes=1,
        )
        yield House(settings, stack.enter_context(api(settings, folder)), smtp, folder)


@pytest.fixture(scope="module")
def forgotten(house: House) -> str:
    """Whom Redis knew to be due a mail, before it was flushed."""
    patient = house.book()
    broker = Redis.from_url(house.settings.redis_url)
    assert eventually(lambda: broker.llen(Queue.URGENT) == 1)
    broker.flushall()
    return patient


@pytest.fixture(scope="module")
def worker(house: House, mailbox: Dovecot | None, forgotten: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker, and a sweeper beside it, which were not there before Redis forgot."""
    with pytest.MonkeyPatch.context() as patch:
        if mailbox:
            patch.setenv("SSL_CERT_FILE", str(mailbox.certificate))
        with (
            running(house.settings, house.folder, *SWEEP),
            running(house.settings, house.folder, *WORK) as worker,
        ):
            yield worker


@pytest.mark.usefixtures("worker")
def test_what_a_flushed_redis_forgot_is_found_by_the_sweeper(house: House, forgotten: str) -> None:
    assert house.is_told(forgotten)
    assert house.mails_to(forgotten) == 1


@pytest.mark.dovecot
@pytest.mark.usefixtures("worker")
def test_the_mailbox_that_the_settings_name_is_read_by_a_worker(mailbox: Dovecot | None) -> None:
    if mailbox is None:
        pytest.skip(MISSING)
    assert eventually(lambda: mailbox.flags("clinic") == [["\\Flagged"]], 2 * PATIENCE)


def test_a_booking_is_told_at_once_even_after_a_worker_was_killed(
    house: House, worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert house.is_told(house.book())

    began = time.monotonic()
    patient = house.book()
    assert house.is_told(patient)
    assert time.monotonic() - began < 5

    evil = tmp_path / "evil"
    send_pickle(house.settings.redis_url, evil)
    assert house.is_told(house.book()), "a message that is refused stops nobody"
    assert not evil.exists()

    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    orphan = house.book()
    with running(house.settings, house.folder, *WORK):
        assert house.is_told(orphan)
        assert {house.mails_to(each) for each in (patient, orphan)} == {1}


class Evil:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.mkdir, (str(self._path), 0o700)


def send_pickle(redis_url: str, path: Path) -> None:
    """What somebody could do who can write to Redis."""
    app = celery_app(redis_url)
    app.send_task(DELIVER, (Evil(path),), queue=Queue.URGENT, serializer="pickle")
