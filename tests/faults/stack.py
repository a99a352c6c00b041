"""The whole service in processes of its own, as `docker-compose.yml` has it: two workers, two sweepers."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from redis import Redis
from sqlalchemy import make_url

from config.settings import Settings
from scheduler.bootstrap import bootstrap
from scheduler.domain.actors import SYSTEM
from scheduler.embedded.postgres import EmbeddedPostgres
from scheduler.embedded.processes import tail
from scheduler.embedded.redis import EmbeddedRedis
from scheduler.embedded.sockets import free_port
from scheduler.services.hooks.keeping import add_endpoint
from tests.conftest import settings_for
from tests.faults.clinic import CLINIC
from tests.faults.parts import Part, Wire
from tests.faults.postmaster import Postmaster
from tests.faults.rehearsal import Rehearsal
from tests.faults.signed import SignedServer
from tests.processes import database, eventually

SERVER = {"fsync": "off", "track_commit_timestamp": "on", "max_connections": "150"}
"""A process may die here, the machine does not: so nothing needs to reach the disk. But each commit has to
be there after `kill -9`, so `synchronous_commit` stays as it is."""
DUE = """
SELECT count(*) FROM messages
WHERE state IN ('pending', 'claimed', 'handoff') AND due_at <= :now AND visit_id IS NOT NULL
"""
NIGHT = """
SELECT FROM messages
WHERE state = 'pending' AND channel = 'sms' AND kind <> 'reminder' AND next_at >= :morning LIMIT 1
"""
UNTOLD = """
SELECT count(*) FROM messages WHERE channel = 'webhook' AND state IN ('pending', 'claimed', 'handoff')
"""
MINUTE = timedelta(minutes=1)


@dataclass
class Stack:
    """Everything that can break. `lease` is in seconds."""

    settings: Settings
    postgres: EmbeddedPostgres
    redis: EmbeddedRedis
    wire: Wire
    """Between the service and Redis."""
    smtp: Postmaster
    texts: SignedServer
    program: SignedServer
    """Hears of each visit."""
    rehearsal: Rehearsal
    address: str
    api: Part
    workers: list[Part]
    sweepers: list[Part]

    @property
    def lease(self) -> float:
        return self.settings.lease

    @property
    def parts(self) -> list[Part]:
        return [self.api, *self.workers, *self.sweepers]

    @property
    def broker(self) -> Redis:
        """Redis itself, past the wire."""
        return Redis.from_url(self.redis.url)

    def heal(self) -> None:
        """Whatever died runs again, and the API answers."""
        self.redis.start()
        self.postgres.start()
        for part in self.parts:
            part.start()
        assert eventually(self._answers, 90), "the API does not come back"

    def let_pass(self, check: Callable[[], bool], seconds: float, step: timedelta = MINUTE) -> bool:
        """Whether it becomes true in time; a minute passes every half second, so that retries come soon."""
        deadline = time.monotonic() + seconds
        while not (true := check()) and time.monotonic() < deadline:
            self.rehearsal.forward(step)
            time.sleep(0.5)
        return true

    def under_way(self) -> int:
        """How many messages are due, and neither sent nor given up."""
        count: int = self.rehearsal.ask(DUE, now=self.rehearsal.now())[0][0]
        return count

    def untold(self) -> int:
        """How much of what happened the program is still to be told."""
        count: int = self.rehearsal.ask(UNTOLD)[0][0]
        return count

    def waits_until(self, morning: datetime) -> bool:
        """Whether news wait for the morning, because texts come to nobody at night."""
        return bool(self.rehearsal.ask(NIGHT, morning=morning))

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/health/live", timeout=2).ok
        except requests.RequestException:
            return False


@contextmanager
def running_stack(lease: float) -> Iterator[Stack]:
    """All of it, answering; what the processes say stands in a folder that is shown where a test fails."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory(prefix="visits-faults-")))
        folder.chmod(0o711)  # as root, another user runs PostgreSQL
        postgres = opened.enter_context(EmbeddedPostgres(folder / "postgres", SERVER))
        redis = opened.enter_context(EmbeddedRedis(folder / "redis"))
        url = opened.enter_context(database(postgres.url, "rehearsal", CLINIC))
        smtp = opened.enter_context(Postmaster())
        texts = opened.enter_context(SignedServer(lambda said: str(said["to"])))
        program = opened.enter_context(SignedServer(lambda said: str(said["data"]["id"])))
        wire = Wire(make_url(redis.url).port or 0)
        opened.callback(wire.close)
        settings = settings_for(
            url,
            redis_url=redis.url.replace(f":{make_url(redis.url).port}/", f":{wire.port}/"),
            smtp_url=smtp.url(),
            sms_url=f"gateway+http://{texts.secret}@{texts.host}/texts",
            outgoing_loopback=True,
            lease=lease,
            web_workers=1,
            database_pool=4,
            log_format="text",
        )
        rehearsal = Rehearsal(url, settings.clock_offset)
        opened.callback(rehearsal.close)
        program.secret = _introduce(settings, f"http://{program.host}/visits")
        stack = _with_processes(settings, postgres, redis, wire, smtp, texts, program, rehearsal, folder)
        for part in stack.parts:
            opened.callback(part.kill)
        try:
            stack.heal()
            yield stack
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                print(f"--- {log.name}\n{tail(log, 40)}")  # noqa: T201  shown where the test fails
            raise


def _introduce(settings: Settings, url: str) -> str:
    """To the program there the service will tell of each visit, signed with this secret."""
    run = bootstrap(settings)
    try:
        secret = add_endpoint(run.desk, "A program", url, None, SYSTEM).secret
    finally:
        run.db.dispose()
    assert secret
    return secret


def _with_processes(
    settings: Settings,
    postgres: EmbeddedPostgres,
    redis: EmbeddedRedis,
    wire: Wire,
    smtp: Postmaster,
    texts: SignedServer,
    program: SignedServer,
    rehearsal: Rehearsal,
    folder: Path,
) -> Stack:
    def part(name: str, *command: str) -> Part:
        return Part(settings, folder / f"{name}.log", *command)

    address = f"127.0.0.1:{free_port()}"
    served = ("gunicorn", "-c", "python:config.gunicorn", "--bind", address, "scheduler.wsgi:app")
    return Stack(
        settings=settings,
        postgres=postgres,
        redis=redis,
        wire=wire,
        smtp=smtp,
        texts=texts,
        program=program,
        rehearsal=rehearsal,
        address=f"http://{address}",
        api=part("api", *served),
        workers=[part(f"worker-{number}", "scheduler.cli", "work") for number in (1, 2)],
        sweepers=[part(f"sweeper-{number}", "scheduler.cli", "sweep") for number in (1, 2)],
    )


def kill_redis(stack: Stack) -> None:
    os.kill(redis_pid(stack), signal.SIGKILL)
    assert eventually(lambda: stack.redis.poll() is not None)


def redis_pid(stack: Stack) -> int:
    return int(stack.broker.info("server")["process_id"])


def postgres_pid(stack: Stack) -> int:
    return int((stack.postgres.folder / "cluster" / "postmaster.pid").read_text().split()[0])
