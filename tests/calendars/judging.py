"""What all readers say of many objects at once: their faults, and whether they agree on the instants."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import vobject

from scheduler.calendars.contentlines import parse, unfolded
from scheduler.calendars.lint import faults
from tests.calendars.feed_lint import feed_faults
from tests.calendars.independent import READERS, MissingReader, Reader

FILE, FEED = "file", "feed"
"""Kinds of objects beside those that are mailed, which are called by their METHOD."""

Finding = dict[str, Any]
"""`faults`, and `instants`: of each event when it starts and ends, in seconds since 1970."""


class Kept(NamedTuple):
    """An object, what it is to be, and the test that made it first."""

    content: bytes
    kind: str
    test: str


@dataclass
class Verdict:
    """Of all objects of a run; each fault with the tests that made such an object."""

    kinds: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    readers: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, by reader."""

    def lines(self) -> Iterator[str]:
        for fault, tests in sorted(self.faults.items()):
            yield f"{fault}: {len(tests)} objects, the first of {tests[0]}"

    def __str__(self) -> str:
        made = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items()))
        number = self.kinds.total()
        found = f"{len(self.faults)} FAULTS" if self.faults else "no fault, one instant"
        return f"calendar objects: {number} ({made}) read by {', '.join(self.readers)}: {found}"


def judge(objects: list[Kept], folder: Path) -> Verdict:
    """Each reader looks at all objects in one go; one that this machine has not is left out."""
    verdict = Verdict(Counter(each.kind for each in objects))
    contents = [each.content for each in objects]
    with ThreadPoolExecutor() as apart:  # they are programs of their own, and read while we do
        asked = {name: apart.submit(_ask, find, folder / name, contents) for name, find in READERS.items()}
        ours = [by_lint(each) for each in objects]
        _add(verdict, "our lint", objects, ours, ours)
        _add(verdict, "vobject", objects, map(by_vobject, objects), ours)
        for name, answer in asked.items():
            try:
                _add(verdict, name, objects, answer.result(), ours)
            except MissingReader as missing:
                verdict.left_out[name] = str(missing)
    return verdict


def _ask(find: Callable[[Path], Reader], folder: Path, contents: list[bytes]) -> list[Finding]:
    folder.mkdir()
    return find(folder)(contents)


def _add(
    verdict: Verdict, reader: str, objects: list[Kept], found: Iterable[Finding], ours: list[Finding]
) -> None:
    verdict.readers.append(reader)
    for each, seen, own in zip(objects, found, ours, strict=True):
        for fault in {*_all_of(seen, own)}:  # libical says some many times
            verdict.faults[f"{reader}: {fault}"].append(each.test)


def _all_of(seen: Finding, own: Finding) -> Iterator[str]:
    yield from seen["faults"]
    if not seen.get("valid", True) and not seen["faults"]:
        yield "not as RFC 5546 restricts it"
    if seen["instants"] != own["instants"]:
        yield "other instants than our lint reads"


def by_lint(kept: Kept) -> Finding:
    if kept.kind == FEED:
        found = feed_faults(kept.content)
    else:
        found = faults(kept.content, None if kept.kind == FILE else kept.kind)
    try:
        return {"faults": found, "instants": _instants(kept.content)}
    except ValueError as error:
        return {"faults": found or [str(error)], "instants": []}


def _instants(content: bytes) -> list[list[float]]:
    lines = [parse(each) for each in unfolded(content)]
    starts, ends = ([line.value for line in lines if line.name == name] for name in ("DTSTART", "DTEND"))
    return [[_seconds(start), _seconds(end)] for start, end in zip(starts, ends, strict=True)]


def _seconds(value: str) -> float:
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def by_vobject(kept: Kept) -> Finding:
    try:
        events = getattr(vobject.readOne(kept.content.decode()), "vevent_list", [])
        times = [[each.dtstart.value.timestamp(), each.dtend.value.timestamp()] for each in events]
    except Exception as error:  # whatever it stumbles over
        return {"faults": [f"unreadable, {type(error).__name__}"], "instants": []}
    return {"faults": [], "instants": times}
