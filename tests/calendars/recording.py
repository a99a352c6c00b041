"""Every calendar object that any test makes with our writers is read by everybody at the end of the run.

A plugin of pytest: the writers are wrapped, each distinct object goes to a folder that all of pytest-xdist's
workers share, and whoever started the run judges them. What tests break on purpose they break afterwards.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec

import pytest

from scheduler.calendars.feed import feed
from scheduler.calendars.invite import InviteFacts, Method, as_file, invite
from tests.calendars.judging import FEED, FILE, Kept, Verdict, judge

Keep = Callable[[bytes, str], None]
P = ParamSpec("P")

KEEP = pytest.StashKey[Keep]()
FOLDER = pytest.StashKey[Path]()
VERDICT = pytest.StashKey[Verdict]()
OURS = ("scheduler", "workers", "tests")
SURE = "tests/calendars/test_invite.py"
"""Tests of which each makes objects: where one passed and none was kept, the wrapping has come off."""


def keeper(folder: Path) -> Keep:
    """Keeps an object once, by what it is and the test that runs."""
    known = set[str]()

    def keep(content: bytes, kind: str) -> None:
        digest = hashlib.sha256(kind.encode() + content).hexdigest()
        if digest in known:
            return
        known.add(digest)
        test = os.environ.get("PYTEST_CURRENT_TEST", "no test").partition(" (")[0]
        with suppress(FileExistsError), (folder / digest).open("xb") as file:
            file.write(json.dumps([kind, test]).encode() + b"\n" + content)

    return keep


def kept(folder: Path) -> list[Kept]:
    return [_read(path) for path in sorted(folder.iterdir())]


def _read(path: Path) -> Kept:
    head, _, content = path.read_bytes().partition(b"\n")
    kind, test = json.loads(head)
    return Kept(content, kind, test)


def record(keep: Keep) -> None:
    """From now on all that our writers make is kept."""

    def mailed(facts: InviteFacts, method: Method = Method.REQUEST) -> str | None:
        """Nobody's object is on its way to become a file, and is kept as that."""
        return method if facts.attendee is not None else None

    def taken(content: bytes, method: Method) -> str:
        return FILE

    def subscribed(label: str, events: Iterable[bytes]) -> str:
        return FEED

    _wrap(invite, mailed, keep)
    _wrap(as_file, taken, keep)
    _wrap(feed, subscribed, keep)


def _wrap(write: Callable[P, bytes], kind: Callable[P, str | None], keep: Keep) -> None:
    @wraps(write)
    def written(*args: P.args, **kwargs: P.kwargs) -> bytes:
        content = write(*args, **kwargs)
        if name := kind(*args, **kwargs):
            keep(content, name)
        return content

    _put_wherever_it_is(write, written)


def _put_wherever_it_is(old: object, new: object) -> None:
    """Under every name by which a module has taken it."""
    for module in [each for name, each in sys.modules.items() if name.partition(".")[0] in OURS]:
        for name, value in [*vars(module).items()]:
            if value is old:
                setattr(module, name, new)


def keep_letters(keep: Keep, letters: Iterable[bytes]) -> None:
    """Of a service that runs in processes of its own: what its mails carry."""
    for letter in letters:
        for part in message_from_bytes(letter, policy=default).walk():
            if part.get_content_type() == "text/calendar":
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                keep(content, str(part.get_param("method")))


# ------------------------------------------------------------------------------------------- pytest's hooks


def pytest_configure(config: pytest.Config) -> None:
    if isinstance(started := getattr(config, "workerinput", None), dict):
        config.stash[FOLDER] = Path(started["calendar_objects"])
    else:
        folder = TemporaryDirectory(prefix="visits-calendar-objects-")
        config.add_cleanup(folder.cleanup)
        config.stash[FOLDER] = Path(folder.name)
    config.stash[KEEP] = keeper(config.stash[FOLDER])
    record(config.stash[KEEP])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Of pytest-xdist, for each of its workers."""
    node.workerinput["calendar_objects"] = str(node.config.stash[FOLDER])


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput"):
        return
    objects = kept(config.stash[FOLDER])
    if not objects and not _expected(config):
        return
    with TemporaryDirectory(prefix="visits-readers-") as folder:
        verdict = config.stash[VERDICT] = judge(objects, Path(folder))
    if not objects:
        verdict.faults["nothing was kept, and tests of invites have passed"].append(SURE)
    strict = os.environ.get("VISITS_TESTS_NOTHING_LEFT_OUT")
    if verdict.faults or (strict and verdict.left_out):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _expected(config: pytest.Config) -> bool:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    passed = reporter.stats.get("passed", []) if isinstance(reporter, pytest.TerminalReporter) else []
    return any(report.nodeid.startswith(SURE) for report in passed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    verdict = config.stash.get(VERDICT, None)
    if verdict is None:
        return
    for reader, why in verdict.left_out.items():
        terminalreporter.write_sep("!", f"{reader} was LEFT OUT over all calendar objects: {why}", red=True)
    for line in verdict.lines():
        terminalreporter.write_line(f"CALENDAR FAULT {line}", red=True)
    terminalreporter.write_line(str(verdict), red=bool(verdict.faults), green=not verdict.faults)
