"""A process that reads one calendar and ends: `python -m scheduler.calendars.busy_child START END ZONE`.

The calendar comes on standard input. The answer goes to standard output as JSON: `{"stretches": [[start, end,
uid], …], "complete": true}` or `{"unreadable": code}`. Nothing is said about what stands in the calendar.
"""

import json
import resource
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.calendars.busy import Unreadable, busy
from scheduler.domain.busy import Span

CPU_SECONDS = 25
MEMORY = 1024**3


def answer(content: bytes, span: Span) -> dict[str, object]:
    try:
        found = busy(content, span)
    except Unreadable as error:
        return {"unreadable": str(error)}
    rows = [(each.start.isoformat(), each.end.isoformat(), each.uid) for each in found.stretches]
    return {"stretches": rows, "complete": found.complete}


def main(start: str, end: str, zone: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    span = Span(datetime.fromisoformat(start), datetime.fromisoformat(end), ZoneInfo(zone))
    try:
        said = answer(sys.stdin.buffer.read(), span)
    except (MemoryError, RecursionError):
        said = {"unreadable": "too-many"}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
