"""A Python that has imported the service once, and becomes any part of it at once: a fork server.

Seven interpreters that import the same for two seconds each were most of the time that a start took. This
one does it once, while PostgreSQL starts, and forks for each part. It runs no threads: a fork has only one.

    python -m scheduler.embedded.fork_server MODULE…

imports these, and takes requests over its standard input, a socket. A request is JSON, `{"command": [module,
argument…], "env": {…}}`, with two descriptors: where the part's output goes, and a pipe for what becomes of
it, which are two RECORDs: its process id at once, and its exit code when it has ended.
"""

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import struct
import sys
from typing import Any

from scheduler.embedded.leash import be_called, die_with

RECORD = struct.Struct("!i")
REQUEST_BYTES = 1 << 20
STDIN, STDOUT, STDERR = range(3)


class ForkServer:
    """Serves until nobody is left to ask."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._looking = selectors.DefaultSelector()
        self._looking.register(requests, selectors.EVENT_READ)
        self._children: dict[int, tuple[int, int]] = {}
        """By the descriptor that tells of its end: a child's process id, and where to say how it ended."""

    def serve(self) -> list[str] | None:
        """Returns the command in each child, and None when nobody is left to ask."""
        while True:
            for key, _ in self._looking.select():
                if key.fd in self._children:
                    self._bury(key.fd)
                    continue
                request, descriptors, *_ = socket.recv_fds(self._requests, REQUEST_BYTES, 2)
                if not request:
                    return None
                if command := self._fork(json.loads(request), *descriptors):
                    return command

    def _fork(self, request: dict[str, Any], output: int, status: int) -> list[str] | None:
        server = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._close()
            os.close(status)
            become(server, request["env"], output)
            return list(request["command"])
        os.close(output)
        os.write(status, RECORD.pack(pid))
        end = os.pidfd_open(pid)
        self._children[end] = pid, status
        self._looking.register(end, selectors.EVENT_READ)
        return None

    def _bury(self, end: int) -> None:
        pid, status = self._children.pop(end)
        self._looking.unregister(end)
        os.close(end)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        try:
            os.write(status, RECORD.pack(code))
        except BrokenPipeError:
            pass  # who asked for it has lost interest
        finally:
            os.close(status)

    def _close(self) -> None:
        """What a child has no business with."""
        self._looking.close()
        self._requests.close()
        for end, (_, status) in self._children.items():
            os.close(end)
            os.close(status)


def become(server: int, env: dict[str, str], output: int) -> None:
    """At the head of a process group of its own, like every part; see `processes.spawn`."""
    die_with(server, signal.SIGKILL)
    os.setpgid(0, 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, STDIN), (output, STDOUT), (output, STDERR)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)
    os.environ.clear()
    os.environ.update(env)


def main(modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # or the first collection of each child would copy all of it
    command = ForkServer(socket.socket(fileno=os.dup(STDIN))).serve()
    if command is not None:
        sys.argv[:] = command
        be_called(" ".join([command[0].rpartition(".")[2], *command[1:]]))
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
