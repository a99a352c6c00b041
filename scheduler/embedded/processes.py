"""Starts programs so that none of them outlives us, and stops them within bounded time."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from scheduler.embedded import leash
from scheduler.embedded.errors import DidNotStart

Stream = int | IO[bytes] | None
STEP = 0.02  # seconds between two looks at a starting or stopping server


class Process(Protocol):
    """What we need of one that runs: a `Popen`, or a child of the fork server."""

    pid: int
    stdout: IO[bytes] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: tuple[int, int] | None = None,
    output: Stream = None,
    stdin: Stream = subprocess.DEVNULL,
    death: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Starts `command` at the head of a process group of its own, so that Ctrl-C reaches only us and a stop
    reaches its children too. `death` is what it gets when we die; the kernel sends it when the *thread* that
    called this ends, so call it from one that stays."""
    who = f"{user[0]}:{user[1]}" if user else "-"
    leashed = [sys.executable, "-I", "-S", leash.__file__, str(int(death)), str(os.getpid()), who]
    return subprocess.Popen(
        [*leashed, *map(str, command)],
        env=None if env is None else dict(env),
        cwd=cwd,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        process_group=0,
    )


def stop(process: Process, how: signal.Signals = signal.SIGTERM, grace: float = 10) -> int:
    """Asks the head of the group, which knows how to end its children (Celery's would drop their work at a
    SIGTERM of their own), waits, then kills what is left of the group; returns the exit code."""
    if process.poll() is None:
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    _kill_group(process.pid)
    return process.wait()


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter: macOS, of a group of zombies
        os.killpg(group, signal.SIGKILL)


def wait_ready(
    name: str,
    process: Process,
    ready: Callable[[], bool],
    *,
    seconds: float,
    log: Callable[[], str] = str,
) -> None:
    """Returns when `ready` says so; a process that ends before, or takes longer, is `DidNotStart`."""
    deadline = time.monotonic() + seconds
    while not ready():
        code = process.poll()
        if code is not None:
            raise DidNotStart(name, f"ended while starting ({describe(code)})", log())
        if time.monotonic() > deadline:
            raise DidNotStart(name, f"was not ready after {seconds:.0f} s", log())
        time.sleep(STEP)


def describe(code: int) -> str:
    """An exit code in words: `exit code 3`, or the name of the signal that ended it."""
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def tail(path: Path, lines: int = 15) -> str:
    """The end of a log, for an error text."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
