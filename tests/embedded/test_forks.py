"""The fork server: parts that run as if each had a Python of its own."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scheduler.embedded.environment import python_environment
from scheduler.embedded.errors import DidNotStart
from scheduler.embedded.forks import CAN_FORK, Fork, Forks
from scheduler.embedded.processes import stop
from scheduler.embedded.stack import IMPORTED
from tests.embedded.conftest import eventually, is_alive
from tests.embedded.test_supervisor import STUBBORN, Screen

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="Linux only")

Start = Callable[..., Fork]


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def forks(tmp_path: Path, screen: Screen) -> Iterator[Forks]:
    """One that has imported `common`, which notes who imported it."""
    (tmp_path / "common.py").write_text("import os\nimporter = os.getpid()")
    forks = Forks(["common"], screen, python_environment({**os.environ, "PYTHONPATH": str(tmp_path)}))
    forks.start()
    yield forks
    forks.stop()


@pytest.fixture
def start(forks: Forks, tmp_path: Path) -> Start:
    """Runs code as a part."""

    def run(code: str, *arguments: str, **env: str) -> Fork:
        name = f"part{len(list(tmp_path.glob('part*')))}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        return forks.spawn([name, *arguments], env)

    return run


def output(fork: Fork) -> str:
    assert fork.stdout
    with fork.stdout:
        return fork.stdout.read().decode()


def test_a_part_has_its_arguments_its_environment_and_nothing_to_read(start: Start) -> None:
    part = start("import os, sys; print(sys.argv[1:], dict(os.environ), sys.stdin.read())", "a", "b", KEY="1")
    assert output(part) == "['a', 'b'] {'KEY': '1'} \n"
    assert part.wait(5) == 0


def test_what_all_of_them_need_is_imported_once(start: Start) -> None:
    first, second = (output(start("import common; print(common.importer)")) for _ in range(2))
    assert first == second


def test_a_part_goes_by_its_name(start: Start) -> None:
    told = output(start("print(open('/proc/self/comm').read())", "urgent"))
    assert told.startswith("part") and " urgent" in told


def test_a_part_is_the_main_program(start: Start) -> None:
    assert output(start("print(__name__)")) == "__main__\n"


@pytest.mark.parametrize(
    ("code", "outcome"), [("pass", 0), ("raise SystemExit(7)", 7), ("import os; os.abort()", -signal.SIGABRT)]
)
def test_how_a_part_ended_is_told(start: Start, code: str, outcome: int) -> None:
    part = start(code)
    assert part.wait(5) == outcome
    assert part.poll() == outcome


def test_a_part_that_fails_says_why(start: Start) -> None:
    part = start("raise LookupError('nowhere')")
    assert "LookupError: nowhere" in output(part)
    assert part.wait(5) == 1


def test_each_of_several_parts_has_its_own_end(start: Start) -> None:
    waiting = start("import time; time.sleep(60)")
    assert start("raise SystemExit(3)").wait(5) == 3
    assert waiting.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.01)
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(5) == -signal.SIGTERM


def test_a_part_holds_nothing_of_the_server_or_of_other_parts(start: Start) -> None:
    others = [start("import time; time.sleep(60)") for _ in range(2)]
    found = output(start("import os; print(*sorted(os.listdir('/proc/self/fd')))")).split()
    assert found[:3] == ["0", "1", "2"]
    assert len(found) == 4, "and the folder that it looks at"
    for each in others:
        stop(each)


def test_a_stop_reaches_the_children_of_a_part(start: Start) -> None:
    part = start(f"""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], stdout=subprocess.PIPE)
        child.stdout.readline()
        print(child.pid, flush=True)
        time.sleep(60)
    """)
    assert part.stdout
    child = int(part.stdout.readline())
    assert stop(part) == -signal.SIGTERM
    assert eventually(lambda: not is_alive(child))


def test_who_loses_the_server_ends_and_the_next_part_has_a_new_one(forks: Forks, start: Start) -> None:
    part = start("import time; time.sleep(60)")
    assert forks._process
    forks._process.kill()
    assert part.wait(5) == -signal.SIGKILL
    assert eventually(lambda: not is_alive(part.pid))
    assert start("pass").wait(5) == 0


def test_a_request_that_cannot_be_made_ends_nobody(start: Start) -> None:
    part = start("import time; time.sleep(60)")
    with pytest.raises(DidNotStart, match="takes no requests"):
        start("pass", KEY="x" * (1 << 20))
    assert part.poll() is None
    stop(part)


def test_the_server_ends_when_nobody_is_left_to_ask(forks: Forks) -> None:
    assert forks._requests
    forks._requests.close()
    assert forks._process
    assert forks._process.wait(5) == 0
    assert forks.poll() == 0


def test_a_server_that_cannot_import_says_so(screen: Screen) -> None:
    forks = Forks(["nothing.of.the.kind"], screen, python_environment(os.environ))
    forks.start()
    with pytest.raises(DidNotStart, match="python"):
        forks.spawn(["part"], {})
    forks.stop()
    assert eventually(lambda: "No module named 'nothing'" in screen.text)


@pytest.mark.whole
def test_what_the_parts_need_starts_no_thread() -> None:
    """A fork would lose it, and whatever it held stayed locked."""
    code = f"""
import importlib, os
for each in {IMPORTED}:
    importlib.import_module(each)
print(len(os.listdir("/proc/self/task")))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "1\n"
