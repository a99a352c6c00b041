"""`visits demo`: books two visits on a stack of its own and follows them into the patients' mailboxes."""

import os
import sys
import tempfile
import time
from pathlib import Path

from scheduler.embedded.demo_story import Missing, tell
from scheduler.embedded.environment import Ports
from scheduler.embedded.errors import EmbeddedError
from scheduler.embedded.processes import tail
from scheduler.embedded.sockets import free_port
from scheduler.embedded.stack import Stack
from scheduler.embedded.supervisor import Supervisor, run
from scheduler.embedded.terminal import Terminal


def demo() -> int:
    """0 when both visits were booked and both invites say what the API said; else 1, and what is missing."""
    console = Terminal(sys.stdout)
    with tempfile.TemporaryDirectory(prefix="visits-demo-") as folder:
        Path(folder).chmod(0o711)  # as root, another user runs PostgreSQL
        log = Path(folder) / "stack.log"
        with log.open("w") as stream:
            told = _in_own_stack(Path(folder) / "data", console, Terminal(stream))
        if not told:
            console.say(f"The stack's last lines:\n{tail(log, 30)}")
    return 0 if told else 1


def _in_own_stack(data: Path, console: Terminal, quiet: Terminal) -> bool:
    """What the services write goes to a file, so that the story can be read."""
    stack = Stack(data, Ports(free_port(), free_port(), free_port()), quiet, caller=_own_environment())
    told = False

    def story(supervisor: Supervisor) -> int:
        nonlocal told
        told = _tell(stack, supervisor, console)
        return 0

    try:
        run(quiet, story)
    finally:
        stack.release()
    if not told:
        console.say("The demo did not reach its end.")
    return told


def _tell(stack: Stack, supervisor: Supervisor, console: Terminal) -> bool:
    begin = time.monotonic()
    try:
        stack.claim()
        stack.start(supervisor)
        console.say(f"A stack of our own is ready ({time.monotonic() - begin:.1f} s).", "demo")
        assert stack.mailbox
        tell(stack.api, stack.mailbox, lambda text: console.say(text, "demo"))
    except (EmbeddedError, Missing) as error:
        console.say(str(error), "demo")
        return False
    console.say(f"All of it took {time.monotonic() - begin:.1f} s.", "demo")
    return True


def _own_environment() -> dict[str, str]:
    """Without the caller's settings: their database must not meet example patients. One process of each
    kind is enough for two visits, and sooner ready."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("VISITS_")}
    return {**others, "VISITS_WEB_WORKERS": "1", "VISITS_WORKER_PROCESSES": "1"}
