"""Keeps the parts of a stack running in one terminal, and takes all of them down together."""

import signal
import subprocess
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from scheduler.embedded.errors import DidNotStart, EmbeddedError
from scheduler.embedded.processes import Process, describe, spawn, stop, wait_ready
from scheduler.embedded.terminal import Terminal

DEATHS = 3
WINDOW = 60.0  # seconds: three deaths of one part within it are no accident
LOOK = 0.1  # seconds between two looks at the parts
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Part(Protocol):
    """Something that runs; `EmbeddedPostgres` is one as it is."""

    @property
    def name(self) -> str: ...

    def start(self) -> object:
        """Returns when it is ready; raises `EmbeddedError` if it will not be. Again, if it has died."""

    def poll(self) -> int | None:
        """None while it runs, else the exit code."""

    def stop(self) -> None:
        """Ends it within bounded time; does nothing if it does not run."""


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM; no `except Exception` on the way may swallow it."""


Spawn = Callable[[Sequence[str]], Process]
"""Starts a command whose output can be read."""


def piped(command: Sequence[str]) -> Process:
    return spawn(command, output=subprocess.PIPE)


class Program:
    """A part that is a command; its output goes to the terminal."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        terminal: Terminal,
        *,
        spawn: Spawn = piped,
        ready: Callable[[], bool] = lambda: True,
        seconds: float = 30,
        grace: float = 10,
    ) -> None:
        self.name = name
        self._command = command
        self._terminal = terminal
        self._spawn = spawn
        self._ready = ready
        self._seconds = seconds
        self._grace = grace
        self._process: Process | None = None

    def start(self) -> None:
        self.stop()  # a head that died may have left its children behind
        self._process = self._spawn(self._command)
        assert self._process.stdout
        self._terminal.follow(self.name, self._process.stdout)
        wait_ready(self.name, self._process, self._ready, seconds=self._seconds)

    def poll(self) -> int | None:
        return -1 if self._process is None else self._process.poll()

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, grace=self._grace)
            self._process = None

    def run(self) -> None:
        """To its end, as a step before others; an exit code other than 0 is `DidNotStart`."""
        self._process = self._spawn(self._command)
        assert self._process.stdout
        copying = self._terminal.follow(self.name, self._process.stdout)
        try:
            code = self._process.wait()
            copying.join(self._grace)
        finally:
            self.stop()
        if code != 0:
            raise DidNotStart(self.name, f"failed ({describe(code)})")


class Supervisor:
    """`start` parts one after the other, `watch` them, `stop` them in reverse."""

    def __init__(self, terminal: Terminal, *, deaths: int = DEATHS, window: float = WINDOW) -> None:
        self._terminal = terminal
        self._most = deaths
        self._window = window
        self._parts: list[Part] = []
        self._deaths: defaultdict[str, deque[float]] = defaultdict(deque)

    def start(self, part: Part) -> None:
        self._parts.append(part)
        part.start()

    def watch(self) -> None:
        """Starts again what dies; `DidNotStart` when a part dies too often; ends by `StopRequested`."""
        while True:
            self.look()
            time.sleep(LOOK)

    def look(self) -> None:
        for part in self._parts:
            code = part.poll()
            if code is not None:
                self._again(part, f"ended ({describe(code)})")

    def stop(self) -> None:
        while self._parts:
            part = self._parts.pop()
            self._terminal.say(f"stopping {part.name}")
            part.stop()

    def _again(self, part: Part, reason: str) -> None:
        while True:
            self._count(part, reason)
            self._terminal.say(f"{part.name} {reason}; starting it again")
            try:
                part.start()
                return
            except DidNotStart as error:
                reason = str(error).removeprefix(part.name).strip(" .")

    def _count(self, part: Part, reason: str) -> None:
        deaths, now = self._deaths[part.name], time.monotonic()
        deaths.append(now)
        while deaths[0] < now - self._window:
            deaths.popleft()
        if len(deaths) >= self._most:
            raise DidNotStart(part.name, f"{reason}, {len(deaths)} times within {self._window:.0f} s")


class Stopper:
    """Turns the first signal into `StopRequested`, wherever the program is. While the parts are being stopped
    more of them change nothing: stopping is bounded anyway, and half a stop would leave something running."""

    def __init__(self) -> None:
        self._armed = True

    def disarm(self) -> None:
        self._armed = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._armed:
            self.disarm()
            raise StopRequested(signal.Signals(number).name)

    @contextmanager
    def listening(self) -> Iterator[None]:
        before = {each: signal.signal(each, self.on_signal) for each in SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def run(terminal: Terminal, story: Callable[[Supervisor], int]) -> int:
    """Runs `story` with a supervisor of its own; whatever happens in it, nothing keeps running.

    0 when it was asked to stop, 1 when a part failed, else what the story returns."""
    supervisor, stopper = Supervisor(terminal), Stopper()
    with stopper.listening():
        try:
            return story(supervisor)
        except StopRequested as request:
            terminal.say(f"{request}: stopping")
            return 0
        except EmbeddedError as error:
            terminal.say(str(error))
            return 1
        finally:
            stopper.disarm()
            supervisor.stop()
