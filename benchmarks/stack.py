"""The service as it is measured: real PostgreSQL, Redis and gunicorn in a temporary folder."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Connection, get
from scheduler.embedded.postgres import EmbeddedPostgres
from scheduler.embedded.redis import EmbeddedRedis
from tests.conftest import example_key

CLINIC = Path(__file__).parent / "clinic.toml"
NOBODY = "smtp://127.0.0.1:1"


@dataclass(frozen=True, slots=True)
class Stack:
    environment: Mapping[str, str]
    database_url: str
    port: int


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(environment: Mapping[str, str], *command: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, *command], env={**os.environ, **environment})
    try:
        yield
    finally:
        process.terminate()
        process.wait(70)  # the grace of docker-compose.yml: replacing a child may take half a minute


def wait_for(port: int, path: str) -> None:
    for _ in range(200):
        try:
            connection = Connection(port)
            status, _body = connection.send(get(path))
            connection.close()
            if status == 200:
                return
        except OSError:
            pass  # not there yet
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers on port {port}")


@contextmanager
def served(environment: Mapping[str, str], app: str, path: str) -> Iterator[int]:
    """An application under the service's own gunicorn settings; its port."""
    port = free_port()
    bound = {**environment, "VISITS_BIND": f"127.0.0.1:{port}"}
    with running(bound, "-m", "gunicorn", "-c", "python:config.gunicorn", app):
        wait_for(port, path)
        yield port


@contextmanager
def stack(smtp_url: str = NOBODY) -> Iterator[Stack]:
    """Database, queue and API, with the clinic of the benchmarks in force."""
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="visits-bench-")))
        url = started.enter_context(EmbeddedPostgres(folder / "postgres")).url
        redis = started.enter_context(EmbeddedRedis(folder / "redis"))
        environment = {
            "VISITS_DATABASE_URL": url,
            "VISITS_REDIS_URL": redis.start(),
            "VISITS_SMTP_URL": smtp_url,
            "VISITS_ENCRYPTION_KEYS": f"e1:{example_key('encryption')}",
            "VISITS_LOOKUP_KEY": example_key("lookup"),
            "VISITS_LINK_KEYS": f"l1:{example_key('links')}",
            "VISITS_LOG_LEVEL": "WARNING",
            "VISITS_LIMIT_READS": "off",  # all load comes from one address
            "VISITS_LIMIT_WRITES": "off",
            "VISITS_LIMIT_CONTACT": "off",
            "PYTHONTZPATH": "",
        }
        migrate = [sys.executable, "-m", "scheduler.cli", "migrate", "--clinic", str(CLINIC)]
        subprocess.run(migrate, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
        port = started.enter_context(served(environment, "scheduler.wsgi:app", "/health/live"))
        yield Stack(environment, url, port)
