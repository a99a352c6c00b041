import io
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.embedded.errors import DidNotStart
from scheduler.embedded.supervisor import Program, Supervisor
from scheduler.embedded.terminal import Terminal
from tests.embedded.conftest import eventually, is_alive

Script = Callable[[str], subprocess.Popen[str]]

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", textwrap.dedent(code)]


class Screen(Terminal):
    def __init__(self) -> None:
        self.stream = io.StringIO()
        super().__init__(self.stream)

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_the_output_of_a_program_stands_behind_its_name(screen: Screen) -> None:
    part = Program("sweeper", python(SLEEPER), screen, ready=lambda: "up" in screen.text)
    part.start()
    part.stop()
    assert "sweeper  | up\n" in screen.text


def test_a_program_that_ends_while_starting_is_told_with_its_exit_code(screen: Screen) -> None:
    part = Program("api", python("raise SystemExit(3)"), screen, ready=lambda: False)
    with pytest.raises(DidNotStart, match=r"api ended while starting \(exit code 3\)"):
        part.start()
    part.stop()


def test_a_program_that_is_never_ready_is_given_up(screen: Screen) -> None:
    part = Program("api", python(SLEEPER), screen, ready=lambda: False, seconds=0.2)
    with pytest.raises(DidNotStart, match="not ready"):
        part.start()
    part.stop()
    assert part.poll() is not None


def test_a_step_that_fails_is_told_with_its_exit_code(screen: Screen) -> None:
    with pytest.raises(DidNotStart, match=r"migrate failed \(exit code 2\)"):
        Program("migrate", python("print('why'); raise SystemExit(2)"), screen).run()
    assert "migrate  | why" in screen.text


def test_a_program_that_cannot_be_found_is_told(screen: Screen) -> None:
    with pytest.raises(DidNotStart):
        Program("step", ["/nowhere/to/be/found"], screen).run()
    assert "No such file" in screen.text


def test_a_program_that_ignores_sigterm_is_killed_after_its_grace(screen: Screen) -> None:
    part = Program("deaf", python(STUBBORN), screen, ready=lambda: "up" in screen.text, grace=0.2)
    part.start()
    assert part._process
    pid = part._process.pid
    part.stop()
    assert not is_alive(pid)


def test_the_children_of_a_program_end_with_it(screen: Screen) -> None:
    family = f"""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}])
        print("child", child.pid, flush=True)
        time.sleep(60)
    """
    part = Program("family", python(family), screen, ready=lambda: screen.text.count("up") == 1)
    part.start()
    child = int(screen.text.split("child ")[1].split()[0])
    assert is_alive(child)
    part.stop()
    assert eventually(lambda: not is_alive(child))


def test_a_part_that_dies_is_started_again(screen: Screen, tmp_path: Path) -> None:
    once = f"""
        import pathlib, time
        mark = pathlib.Path({str(tmp_path / "mark")!r})
        if not mark.exists():
            mark.touch()
            raise SystemExit(1)
        print("second life", flush=True)
        time.sleep(60)
    """
    supervisor = Supervisor(screen)
    supervisor.start(Program("phoenix", python(once), screen))

    def alive_again() -> bool:
        supervisor.look()
        return "second life" in screen.text

    assert eventually(alive_again)
    assert "phoenix ended (exit code 1); starting it again" in screen.text
    supervisor.stop()


def test_three_deaths_in_a_minute_are_the_end(screen: Screen) -> None:
    supervisor = Supervisor(screen)
    supervisor.start(Program("mayfly", python("raise SystemExit(7)"), screen))
    with pytest.raises(DidNotStart, match=r"mayfly ended \(exit code 7\), 3 times within 60 s"):
        supervisor.watch()
    assert screen.text.count("starting it again") == 2
    supervisor.stop()


def test_deaths_far_apart_are_forgiven(screen: Screen) -> None:
    supervisor = Supervisor(screen, window=0.0)
    supervisor.start(Program("mayfly", python("raise SystemExit(7)"), screen))

    def died_often() -> bool:
        supervisor.look()
        return screen.text.count("starting it again") >= 4

    assert eventually(died_often)
    supervisor.stop()


def test_parts_stop_in_reverse_order(screen: Screen) -> None:
    supervisor = Supervisor(screen)
    for name in ("first", "second", "third"):
        supervisor.start(Program(name, python(SLEEPER), screen))
    supervisor.stop()
    stops = [line.split()[-1] for line in screen.text.splitlines() if "stopping" in line]
    assert stops == ["third", "second", "first"]


RUN = f"""
import sys
from scheduler.embedded.supervisor import Program, run
from scheduler.embedded.terminal import Terminal
terminal = Terminal(sys.stdout)

def story(supervisor):
    for name, code in (("one", {SLEEPER!r}), ("two", CODE)):
        part = Program(name, [sys.executable, "-c", code], terminal, grace=0.3)
        supervisor.start(part)
        print("pid", part._process.pid)
    supervisor.watch()

sys.exit(run(terminal, story))
"""


def pids(run: subprocess.Popen[str], count: int) -> list[int]:
    """Reads until every program has said its id and that it is up."""
    assert run.stdout
    found: list[int] = []
    ups = 0
    while len(found) < count or ups < count:
        line = run.stdout.readline()
        assert line, "the run ended early"
        found += [int(line.split()[1])] if line.startswith("pid") else []
        ups += line.endswith("| up\n")
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_within_bounds(script: Script, how: signal.Signals) -> None:
    run = script(RUN.replace("CODE", repr(STUBBORN)))
    children = pids(run, 2)
    run.send_signal(how)
    assert run.wait(5) == 0
    assert not any(is_alive(child) for child in children)


def test_more_signals_do_not_leave_a_stop_half_done(script: Script) -> None:
    run = script(RUN.replace("CODE", repr(STUBBORN)))
    children = pids(run, 2)
    for _ in range(3):
        run.send_signal(signal.SIGINT)
        eventually(lambda: False, 0.05)
    assert run.wait(5) == 0
    assert not any(is_alive(child) for child in children)


def test_a_part_that_keeps_dying_ends_the_run_with_1(script: Script) -> None:
    run = script(RUN.replace("CODE", repr("raise SystemExit(9)")))
    output, _ = run.communicate(timeout=10)
    assert run.returncode == 1
    assert "two ended (exit code 9), 3 times within 60 s" in output


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_a_killed_supervisor_leaves_nobody_behind(script: Script) -> None:
    run = script(RUN.replace("CODE", repr(STUBBORN)))
    children = pids(run, 2)
    run.kill()
    assert eventually(lambda: not any(is_alive(child) for child in children))
