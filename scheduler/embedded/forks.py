"""Parts of the service as children of a fork server; to those who start them they are like a Popen."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

from scheduler.embedded.errors import DidNotStart
from scheduler.embedded.fork_server import RECORD
from scheduler.embedded.processes import Process, spawn, stop
from scheduler.embedded.terminal import Terminal

NAME = "python"
GRACE = 1.0  # seconds in which one that takes no requests has ended
CAN_FORK = sys.platform == "linux"
"""Elsewhere nothing would end the children of a fork server that was killed."""


def this_python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def fresh(command: Sequence[str], env: Mapping[str, str]) -> Process:
    """Runs a module, `[name, argument…]`, in a Python of its own."""
    return spawn(this_python(*command), env=env, output=subprocess.PIPE)


class Fork:
    """A child of the fork server; `stdout` is all that it writes. `DidNotStart` if there is none."""

    def __init__(self, stdout: IO[bytes], status: int) -> None:
        self.stdout: IO[bytes] | None = stdout
        self._status = status
        self._code: int | None = None
        pid = self._record()
        if pid is None:
            raise DidNotStart(NAME, "has died")
        self.pid = pid

    def poll(self) -> int | None:
        return self._end(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._end(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def _end(self, timeout: float | None) -> int | None:
        """The exit code; who dies with the fork server dies by SIGKILL."""
        if self._code is None and select.select([self._status], [], [], timeout)[0]:
            code = self._record()
            self._code = -signal.SIGKILL if code is None else code
            os.close(self._status)
        return self._code

    def _record(self) -> int | None:
        said = os.read(self._status, RECORD.size)
        return int(RECORD.unpack(said)[0]) if said else None


class Forks:
    """The fork server as a part: started first, for the others are its children. It can be asked at once, and
    answers when it has imported `modules`."""

    name = NAME

    def __init__(self, modules: Sequence[str], terminal: Terminal, env: Mapping[str, str]) -> None:
        self._modules = modules
        self._terminal = terminal
        self._env = env
        self._requests: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.stop()
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = this_python("scheduler.embedded.fork_server", *self._modules)
            self._process = spawn(command, env=self._env, stdin=theirs.fileno(), output=subprocess.PIPE)
        assert self._process.stdout
        self._terminal.follow(self.name, self._process.stdout)

    def poll(self) -> int | None:
        return -1 if self._process is None else self._process.poll()

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None
        if self._requests is not None:
            self._requests.close()
            self._requests = None

    def spawn(self, command: Sequence[str], env: Mapping[str, str]) -> Fork:
        """The same as a child that has imported it already."""
        try:
            return self._ask(command, env)
        except DidNotStart:
            if not self._has_died():
                raise
            self.start()  # it died in this moment, nobody has seen it yet
            return self._ask(command, env)

    def _has_died(self) -> bool:
        assert self._process
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE)
        return self.poll() is not None

    def _ask(self, command: Sequence[str], env: Mapping[str, str]) -> Fork:
        output, theirs = os.pipe()
        status, say = os.pipe()
        request = json.dumps({"command": list(command), "env": dict(env)})
        try:
            assert self._requests
            socket.send_fds(self._requests, [request.encode()], [theirs, say])
        except OSError as error:
            os.close(output)
            os.close(status)
            raise DidNotStart(self.name, f"takes no requests ({error.strerror})") from None
        finally:
            os.close(theirs)
            os.close(say)
        return Fork(open(output, "rb"), status)  # noqa: PTH123 - a descriptor, not a path
