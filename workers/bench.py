"""Where one process does what hints say, with connections of its own."""

import os
import socket

from scheduler.bootstrap import Runtime
from scheduler.domain.messages import Hint
from scheduler.services.outbox.breakers import REST, Breakers
from scheduler.services.outbox.delivering import PostRoom, deliver
from workers.errands import run_errand
from workers.queues import AnyHint


class Bench:
    """Of a worker's child, or of the sweeper while Redis is away. Make it after the fork."""

    def __init__(self, run: Runtime) -> None:
        self._run = run
        name = f"{socket.gethostname()}:{os.getpid()}"
        lease = run.settings.lease
        self._room = PostRoom(run.desk, run.channels, name, lease, Breakers(lease * REST))

    def do(self, hint: AnyHint) -> None:
        """Safe to call twice, at once and from anywhere: the rows decide."""
        if isinstance(hint, Hint):
            self.deliver(hint.message)
        else:
            run_errand(self._run, hint)

    def deliver(self, message: int) -> None:
        deliver(self._room, message)
