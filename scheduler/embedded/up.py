"""`visits up`: the whole service in one terminal, on a machine that has nothing but Python."""

import sys
from pathlib import Path

from scheduler.embedded.environment import Ports
from scheduler.embedded.errors import EmbeddedError
from scheduler.embedded.stack import Stack, answers
from scheduler.embedded.supervisor import Supervisor, run
from scheduler.embedded.terminal import Terminal


def up(*, data: Path, port: int, smtp_port: int, mailbox_port: int, clinic: Path | None = None) -> int:
    """Runs until Ctrl-C or SIGTERM (0), or until a part fails for good (1); the data stays."""
    terminal = Terminal(sys.stdout)
    stack = Stack(data, Ports(port, smtp_port, mailbox_port), terminal, clinic=clinic)
    try:
        stack.claim()
    except EmbeddedError as error:
        terminal.say(str(error))
        return 1

    def story(supervisor: Supervisor) -> int:
        stack.start(supervisor)
        terminal.say(_addresses(stack, data))
        supervisor.watch()
        return 0

    try:
        return run(terminal, story)
    finally:
        stack.release()


def _addresses(stack: Stack, data: Path) -> str:
    """As a person types them: localhost is what the mails' links and the browser's rules know."""
    form = f"{stack.api}/book"
    lines = [
        ("Booking API, to read and to try", f"{stack.api}/docs"),
        *([("Booking form", form)] if answers(form) else []),
        ("Front desk, signed in as `desk`", f"{stack.api}/staff"),
        *([("Mailbox: every mail ends here", stack.mailbox)] if stack.mailbox else []),
    ]
    width = max(len(label) for label, _ in lines)
    table = [f"  {label:<{width}}  {address.replace('127.0.0.1', 'localhost')}" for label, address in lines]
    return "\n".join(
        ["", "Ready.", *table, f"  The data is in {data.absolute()}; Ctrl-C stops everything.", ""]
    )
