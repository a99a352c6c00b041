"""The service as processes of its own, with the settings of a test as their environment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from pydantic import SecretStr

from config.settings import Settings
from scheduler.embedded.processes import spawn, stop, tail
from scheduler.embedded.sockets import free_port
from scheduler.services.clinic.apply import apply
from tests.conftest import CLINIC
from tests.databases import database_with_tables, opened

ROOT = Path(__file__).parent.parent


def environment(settings: Settings) -> dict[str, str]:
    """Settings as a process reads them."""
    ours = {f"VISITS_{name.upper()}": _spelled(value) for name, value in settings if value is not None}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITS_")}
    return {**inherited, **ours, "PYTHONPATH": str(ROOT), "PYTHONTZPATH": "", "PYTHONUNBUFFERED": "1"}


def _spelled(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@contextmanager
def database(server: str, name: str, clinic: str = "") -> Iterator[str]:
    """The address of a database of one's own on that server, with all tables and a clinic: the tests' own,
    where no other is given."""
    with database_with_tables(server, name) as url:
        with opened(url) as db, db.transaction() as session:
            apply(session, clinic or CLINIC.read_text("utf-8"), db.now(session), production=False)
        yield url


@contextmanager
def running(
    settings: Settings, folder: Path, *command: str, grace: float = 10
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m …` as a process that ends with the test; what it says is in a file below `folder`."""
    log = folder / f"{command[-1].strip('/').replace(':', '-')}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = spawn([sys.executable, "-m", *command], env=environment(settings), cwd=ROOT, output=output)
    try:
        yield process
    except BaseException:
        print(tail(log, 40))  # noqa: T201  shown where the test fails
        raise
    finally:
        stop(process, signal.SIGTERM, grace)


@contextmanager
def api(settings: Settings, folder: Path) -> Iterator[str]:
    """The address of the API behind gunicorn."""
    address = f"127.0.0.1:{free_port()}"
    served = ("gunicorn", "-c", "python:config.gunicorn", "--bind", address, "scheduler.wsgi:app")
    with running(settings, folder, *served) as process:
        assert eventually(lambda: process.poll() is not None or _lives(address), 60)
        assert process.poll() is None, "the API did not start"
        yield f"http://{address}"


def _lives(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/health/live", timeout=2).ok
    except requests.RequestException:
        return False


def eventually(check: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether `check` becomes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.05)
    return check()
