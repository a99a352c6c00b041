"""Lines of many programs in one terminal, each behind the name of the one that wrote it."""

import contextlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TextIO

COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92")
OWN = "visits"


class Terminal:
    """Whole lines only, so that programs do not write into each other's; coloured where a person looks."""

    def __init__(self, stream: TextIO, width: int = 8) -> None:
        self._stream = stream
        self._width = width
        self._coloured = stream.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, str] = {}
        self._lock = threading.Lock()

    def say(self, text: str, name: str = OWN) -> None:
        with self._lock:
            for line in text.splitlines() or [""]:
                self._write(f"{self._prefix(name)} {line}\n")

    def follow(self, name: str, output: IO[bytes]) -> threading.Thread:
        """Copies a program's output until it ends; the thread dies with us."""
        thread = threading.Thread(target=self._copy, args=(name, output), daemon=True)
        thread.start()
        return thread

    def _copy(self, name: str, output: IO[bytes]) -> None:
        with output:
            for line in _lines(output):
                self.say(line, name)

    def _prefix(self, name: str) -> str:
        padded = f"{name:<{self._width}} |"
        if not self._coloured:
            return padded
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\x1b[{colour}m{padded}\x1b[0m"

    def _write(self, line: str) -> None:
        """A reader that went away (`visits up | head`) must not stop the programs, their pipes would fill."""
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError:
            _into_nothing(self._stream)


def _into_nothing(stream: TextIO) -> None:
    """From here on, and for what Python still flushes at its end."""
    with contextlib.suppress(OSError), Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), stream.fileno())


def _lines(output: Iterable[bytes]) -> Iterable[str]:
    return (line.decode("utf-8", "replace").rstrip("\r\n") for line in output)
