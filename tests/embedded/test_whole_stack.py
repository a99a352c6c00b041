"""The whole service as `visits up` and `visits demo` run it, with every process that belongs to it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from scheduler.embedded.sockets import free_port
from tests.embedded.conftest import eventually, is_alive

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(sys.platform != "linux", reason="counts on Linux' death signal"),
]

Script = Callable[[str], subprocess.Popen[str]]

UP = """
import os, pathlib, sys
os.environ.update(VISITS_WEB_WORKERS="1", VISITS_WORKER_PROCESSES="1")
from scheduler.embedded.up import up
sys.exit(up(data=pathlib.Path({data!r}), port={port}, smtp_port={smtp_port}, mailbox_port={mailbox_port}))
"""


def ready(run: subprocess.Popen[str]) -> bool:
    assert run.stdout
    return any("Ctrl-C stops everything" in line for line in run.stdout)


def test_the_demo_books_both_kinds_of_visit_and_reads_their_invites(script: Script) -> None:
    run = script("import sys; from scheduler.embedded.demo import demo; sys.exit(demo())")
    family = psutil.Process(run.pid)
    assert eventually(lambda: len(family.children(recursive=True)) > 10, 30, every=0.3)
    relatives = family.children(recursive=True)
    output, _ = run.communicate(timeout=60)
    assert run.returncode == 0, output
    assert "Tele Example's mail has come" in output
    assert "Paula Example's mail has come" in output
    assert not [each for each in relatives if is_alive(each.pid)]


@pytest.fixture
def up(folder: Path, script: Script) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    ports = {name: free_port() for name in ("port", "smtp_port", "mailbox_port")}
    yield lambda: script(UP.format(data=str(folder / "data"), **ports))


def test_a_killed_up_leaves_nobody_behind_and_the_next_one_goes_on_and_stops_even_half_started(
    up: Callable[[], subprocess.Popen[str]],
) -> None:
    first = up()
    assert ready(first)
    family = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    assert len(family) > 10
    assert eventually(lambda: not any(is_alive(each.pid) for each in family))
    second = up()
    assert second.stdout
    lines = iter(second.stdout)
    assert any("The schema is at" in line for line in lines)
    second.terminate()
    rest = "".join(lines)
    assert second.wait(30) == 0
    assert "clinic: new" not in rest, "the second start applies no clinic file of its own"
