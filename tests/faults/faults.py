"""Everything that breaks, by name."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.faults import breaking
from tests.faults.breaking import texts
from tests.faults.signed import CUT as HANG_UP
from tests.faults.signed import SignedServer
from tests.faults.stack import Stack
from tests.faults.wires import Moment
from tests.smtp import CUT


@dataclass(frozen=True)
class Fault:
    name: str
    breaks: Callable[[Stack], Iterator[None]]
    doubles: bool = False
    """Whether something dies or falls silent between a message's last byte and the record of its answer: a
    mail may come a second time then, and a text stay unknown."""
    lasts: float = 5.0
    """Seconds, in the long form."""

    def happening(self, stack: Stack) -> AbstractContextManager[None]:
        return contextmanager(self.breaks)(stack)


def mail_answers(**script: str) -> Callable[[Stack], Iterator[None]]:
    def breaks(stack: Stack) -> Iterator[None]:
        with stack.smtp.playing(**script):
            yield

    return breaks


def mail_refused(stack: Stack) -> Iterator[None]:
    with stack.smtp.refusing():
        yield


def mail_slow(leases: float) -> Callable[[Stack], Iterator[None]]:
    """So many leases pass between a final dot and its answer."""

    def breaks(stack: Stack) -> Iterator[None]:
        with stack.smtp.pausing(leases * stack.lease):
            yield

    return breaks


def texts_answered(status: int, *, takes: bool = False) -> Callable[[Stack], Iterator[None]]:
    return _answered(lambda stack: stack.texts, status, takes)


def hooks_answered(status: int, *, takes: bool = False) -> Callable[[Stack], Iterator[None]]:
    return _answered(lambda stack: stack.program, status, takes)


def _answered(
    by: Callable[[Stack], SignedServer], status: int, takes: bool
) -> Callable[[Stack], Iterator[None]]:
    def breaks(stack: Stack) -> Iterator[None]:
        with by(stack).answering(status, takes=takes):
            yield

    return breaks


def texts_refused(stack: Stack) -> Iterator[None]:
    with stack.texts.refusing():
        yield


def texts_slow(leases: float) -> Callable[[Stack], Iterator[None]]:
    """So many leases pass between a text and its answer."""

    def breaks(stack: Stack) -> Iterator[None]:
        with stack.texts.pausing(leases * stack.lease):
            yield

    return breaks


DEADS = (
    Fault("kill -9 of a worker in the midst of a mail", breaking.child_killed(Moment.DATA)),
    Fault("kill -9 of a worker before the 250", breaking.child_killed(Moment.DOT), doubles=True),
    Fault("kill -9 of a worker after the 250", breaking.worker_killed, doubles=True),
    Fault("worker stopped past its lease in the midst of a mail", breaking.child_frozen(Moment.DATA)),
    Fault("worker stopped past its lease before the 250", breaking.worker_frozen(Moment.DOT), doubles=True),
    Fault("SIGTERM of all workers and sweepers before the 250", breaking.all_asked_to_end),
    Fault("kill -9 of both sweepers", breaking.sweepers_killed),
    Fault("kill -9 of the API before the commit", breaking.api_killed_before_commit, lasts=2),
    Fault("kill -9 of the API after the commit", breaking.api_killed_after_commit, lasts=2),
)
REDIS = (
    Fault("Redis flushed, again and again", breaking.redis_flushed),
    Fault("Redis killed", breaking.redis_killed, lasts=20),
    Fault("Redis hung", breaking.redis_hung, lasts=60),
    Fault("Redis half-open", breaking.redis_half_open, lasts=20),
    Fault("Redis full", breaking.redis_full, lasts=20),
    Fault("every queue message twice", breaking.hints_doubled),
)
POSTGRES = (
    Fault("PostgreSQL restarted", breaking.postgres_restarted),
    Fault("connections to PostgreSQL dropped, again and again", breaking.connections_dropped),
)
SMTP = (
    Fault("mail server refuses connections", mail_refused, doubles=True),
    Fault("mail server answers 421", mail_answers(connect="421 4.3.2 Not now")),
    Fault("mail server answers 451", mail_answers(RCPT="451 4.7.1 Greylisted")),
    Fault("mail server answers 552", mail_answers(RCPT="552 5.2.2 Mailbox full")),
    Fault("mail server answers 552 after DATA", mail_answers(dot="552 5.3.4 Too much mail")),
    Fault("mail server takes mail slowly", mail_slow(breaking.SLOWLY)),
    Fault("mail server answers too late", mail_slow(2 / 3), doubles=True),
    Fault("mail server hangs up in the midst of a mail", mail_answers(body=CUT)),
    Fault("mail server hangs up after DATA and has the mail", mail_answers(dot=CUT), doubles=True),
)
TEXTS = (
    Fault(
        "kill -9 of a worker before the text gateway answers",
        breaking.child_killed(Moment.DOT, texts),
        doubles=True,
    ),
    Fault(
        "worker stopped past its lease before the text gateway answers",
        breaking.child_frozen(Moment.DOT, texts),
        doubles=True,
    ),
    Fault("text gateway refuses connections", texts_refused, doubles=True),
    Fault("text gateway answers 401", texts_answered(401)),
    Fault("text gateway answers 503", texts_answered(503)),
    Fault("text gateway answers 500 and has nothing", texts_answered(500), doubles=True),
    Fault("text gateway takes texts slowly", texts_slow(breaking.SLOWLY)),
    Fault("text gateway answers too late", texts_slow(2 / 3), doubles=True),
    Fault("text gateway hangs up and has the text", texts_answered(HANG_UP, takes=True), doubles=True),
)
HOOKS = (
    Fault(
        "kill -9 of a worker before a program answers", breaking.child_killed(Moment.DOT, breaking.program)
    ),
    Fault("program answers 500", hooks_answered(500)),
    Fault("program hangs up and has heard", hooks_answered(HANG_UP, takes=True)),
)
FORGETFUL = (Fault("mail server hangs up after DATA and has nothing", breaking.mail_forgotten),)
"""By itself: that each hand-over of a mail met with this is what excuses that nobody got it."""
CLOCK = (Fault("one worker's clock two hours ahead", breaking.clock_ahead),)

ALL: Sequence[Fault] = (*DEADS, *REDIS, *POSTGRES, *SMTP, *TEXTS, *HOOKS, *FORGETFUL, *CLOCK)
