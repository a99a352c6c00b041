"""A calendar becomes stretches of time in a process of its own, which ends in time whatever stands in it."""

import json
import subprocess
import sys
from datetime import datetime

from scheduler.domain.busy import Span, Stretch

WITHIN = 25.0
"""Seconds. With those of fetching it is less than the time limit of a task."""
CHILD = [sys.executable, "-I", "-m", "scheduler.calendars.busy_child"]
BARE = {"PYTHONTZPATH": "", "PATH": "/usr/bin:/bin"}
"""All that the child gets of our environment, which holds secrets."""


class NoCalendar(Exception):
    """The source has nothing that could be used; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def expand(content: bytes, span: Span, within: float = WITHIN) -> tuple[list[Stretch], bool]:
    """The busy time, and whether all events could be read. Raises NoCalendar."""
    asked = [*CHILD, span.start.isoformat(), span.end.isoformat(), span.zone.key]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter, and nothing of the calendar
            asked, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=BARE, timeout=within
        )
    except subprocess.TimeoutExpired:
        raise NoCalendar("too-slow") from None
    if child.returncode:
        raise NoCalendar("too-slow" if child.returncode < 0 else "unreadable")
    said = json.loads(child.stdout)
    if code := said.get("unreadable"):
        raise NoCalendar(code)
    stretches = [
        Stretch(datetime.fromisoformat(start), datetime.fromisoformat(end), uid)
        for start, end, uid in said["stretches"]
    ]
    return stretches, said["complete"]
