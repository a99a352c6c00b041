"""Processes that are killed, stopped and started again, and a wire that goes dead."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from config.settings import Settings
from scheduler.embedded.processes import spawn, stop
from tests.processes import ROOT, environment

GRACE = 45.0
"""Seconds that it has from SIGTERM to SIGKILL, as a sweeper has in `docker-compose.yml`."""


class Part:
    """One process of the service, with its children."""

    def __init__(self, settings: Settings, log: Path, *command: str) -> None:
        self._environment = environment(settings)
        self._log = log
        self._command = [sys.executable, "-m", *command]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, more: Mapping[str, str] | None = None) -> None:
        """Unless it runs; `more` stands in its environment."""
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as output:
                given = {**self._environment, **(more or {})}
                self._process = spawn(self._command, env=given, cwd=ROOT, output=output)

    def kill(self) -> None:
        """With -9, and all its children."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def ask_to_end(self) -> None:
        """As Compose does: its main process, which knows how to end its children."""
        self.signal(signal.SIGTERM)

    def stop(self) -> None:
        """As an operator does: what is being handed over is finished, and it has the time to."""
        assert self._process
        code = stop(self._process, signal.SIGTERM, grace=GRACE)
        assert code != -signal.SIGKILL, "asked to end, it went on"

    def signal(self, number: signal.Signals) -> None:
        """To its main process, if that is there."""
        assert self._process
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def has_children(self) -> bool:
        """As a worker has, once it is ready."""
        return bool(psutil.Process(self.pid).children())

    @property
    def pid(self) -> int:
        """Of its main process, and of the group of all."""
        assert self._process
        return self._process.pid


def process_behind(port: int) -> int | None:
    """Whose end of a connection that port is; None where the process is gone already."""
    here = (each for each in psutil.net_connections("tcp4") if each.laddr and each.laddr.port == port)
    return next((each.pid for each in here if each.pid and each.pid != os.getpid()), None)


class Wire:
    """Passes on what is said to a port; `cut` makes it half-open. A context manager."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._dead: set[socket.socket] = set()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """What was connected hears nothing more, not even that it is over; who connects now is served."""
        self._dead |= set(self._open)

    def close(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here = self._listener.accept()[0]
                with suppress(ConnectionError):
                    self._join(here, socket.create_connection(("127.0.0.1", self._to)))
                    continue
                here.close()

    def _join(self, here: socket.socket, there: socket.socket) -> None:
        self._open += [here, there]
        for one, other in ((here, there), (there, here)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while said := one.recv(65_536):
                if one in self._dead:
                    return
                other.sendall(said)
            if one not in self._dead:
                other.shutdown(socket.SHUT_RDWR)
