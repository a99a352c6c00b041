"""Days at a clinic on which everything breaks, with real processes and real kills.

The seed is printed and can be given: FAULTS_SEED=1 make faults-short
"""

import itertools
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from scheduler.domain.routing import MORNING
from tests.calendars.recording import KEEP, keep_letters
from tests.cast import CENTRAL
from tests.faults.breaking import FAKETIME
from tests.faults.clinic import CLOSES, OPENS, working_day_after
from tests.faults.faults import ALL, CLOCK, DEADS, FORGETFUL, HOOKS, POSTGRES, REDIS, SMTP, TEXTS, Fault
from tests.faults.hearing import hear
from tests.faults.judging import Evidence, Judgement, Row, judge
from tests.faults.patients import Patients
from tests.faults.stack import Stack, running_stack

MINUTES = float(os.environ.get("FAULTS_MINUTES", "0"))
"""How long the long form goes on; without it the short form runs, which takes a minute or so."""
SEED = int(os.environ.get("FAULTS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
LEASE = 9.0 if MINUTES else 8.0
"""Seconds: long for a mail server on the same machine, short for whoever waits for it to pass."""
ONLY = os.environ.get("FAULTS_ONLY", "")
"""Of which faults there are days: those in whose names this is, each by itself."""
PATIENCE = 180.0
"""Seconds for everything to come to its end once all is well: workers may take a minute to find Redis again,
which they look for at ever longer intervals."""
ROWS = """
SELECT id, visit_id::text AS visit, sequence, kind, channel, state, handoffs, message_id,
       EXISTS (
         SELECT FROM tasks JOIN messages AS phoned ON cause = 'message:' || phoned.id
         WHERE tasks.kind = 'call' AND (phoned.id = messages.id OR phoned.channel = 'call')
         AND (phoned.recipient_id, phoned.sequence, phoned.kind, phoned.offset_minutes)
           = (messages.recipient_id, messages.sequence, messages.kind, messages.offset_minutes)
       ) AS called,
       EXISTS (
         SELECT FROM messages AS other
         WHERE other.channel IN ('email', 'sms') AND other.channel <> messages.channel
         AND (other.recipient_id, other.sequence, other.kind, other.offset_minutes)
           = (messages.recipient_id, messages.sequence, messages.kind, messages.offset_minutes)
       ) AS elsewhere,
       (SELECT coalesce(string_agg(concat_ws(' ', verdict, code, detail), '; ' ORDER BY id), '')
        FROM message_attempts WHERE message_id = messages.id) AS tried
FROM messages
WHERE visit_id::text = ANY(:visits) AND channel IN ('email', 'sms') AND due_at <= :now ORDER BY id
"""
"""Somebody is to phone for a message itself, or for the one by phone that went besides it: a day here leaps
over hours, after which what was tried in vain is stuck."""
HOUR = timedelta(hours=1)
NEVER_FORGET = """
INSERT INTO timetable (job, next_run) VALUES ('forget-idempotency-keys', '2100-01-01')
ON CONFLICT (job) DO UPDATE SET next_run = excluded.next_run
"""


def exact(*faults: Fault) -> Sequence[Fault]:
    """Those by which nothing comes twice: a day has no other, or one would excuse what another did."""
    return [each for each in faults if not each.doubles]


HEAD = """
| fault | planned | sent | withdrawn | unknown | lost | duplicates |
|---|---|---|---|---|---|---|"""
TOGETHER: Sequence[Sequence[Fault]] = (
    exact(*DEADS, *POSTGRES),
    exact(*REDIS),
    exact(*SMTP),
    exact(*TEXTS, *HOOKS),
    exact(*FORGETFUL, *CLOCK),
    [each for each in ALL if each.doubles and each not in TEXTS],
    [each for each in TEXTS if each.doubles],
)
"""The days of the short form."""


@dataclass(frozen=True)
class Day:
    """One that is over: what broke, and who was there."""

    faults: Sequence[Fault]
    patients: Patients
    complaints: Sequence[str]
    """What did not come to its end although everything had long been well again."""


class Clinic:
    """One day after another on one stack."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self._stack = stack
        self._chance = random.Random(seed)
        self.days: list[Day] = []
        # A clock that leaps over a weekend would have a key forgotten while its patient waits for an answer.
        stack.rehearsal.ask(NEVER_FORGET)

    def live_through(self, faults: Sequence[Fault], size: int, hold: float | None) -> Day:
        """A day for which so many book before anything breaks; each fault lasts for `hold` seconds."""
        day, first = self._next_day(), 192 * len(self.days)
        patients = Patients(self._stack.address, day, range(first, first + 192), self._chance)
        patients.book(size, calm=True)
        patients.change(size // 8, calm=True)
        for wave, fault in enumerate(faults, 1):
            self._break(fault, patients, _reminding(day, wave / len(faults)), size // 4 // len(faults), hold)
        over = self._all_told(datetime.combine(day, MORNING, CENTRAL))
        left = [] if over else [f"{self._stack.under_way()} messages never came to an end"]
        self.days.append(Day(faults, patients, [*left, *patients.complaints()]))
        return self.days[-1]

    def _all_told(self, morning: datetime) -> bool:
        """Whether everything came to its end; what texts may not say at night they say in the morning."""

        def over() -> bool:
            return not self._stack.under_way()

        self._stack.let_pass(lambda: over() or self._stack.waits_until(morning), PATIENCE)
        if self._stack.waits_until(morning):
            self._stack.rehearsal.forward_to(morning)
        return self._stack.let_pass(over, PATIENCE)

    def tell_the_program(self) -> bool:
        """Whether it comes to hear everything: the last of its hooks may have hours to wait."""
        return self._stack.let_pass(lambda: not self._stack.untold(), PATIENCE, HOUR)

    def judgement(self, day: Day) -> Judgement:
        """By what is known by now: a mail may still have come after its day was over."""
        ids, now = [each.id for each in day.patients.visits], self._stack.rehearsal.now()
        rows = [Row(**row._mapping) for row in self._stack.rehearsal.ask(ROWS, visits=ids, now=now)]
        return judge(
            Evidence(
                visits=day.patients.visits,
                rows=rows,
                receipts=[*self._stack.smtp.receipts, *self._stack.texts.receipts],
                forgotten=list(self._stack.smtp.forgotten),
                stale=self._stack.rehearsal.stale(),
                in_doubt=any(each.doubles for each in day.faults),
            )
        )

    def _break(
        self, fault: Fault, patients: Patients, until: datetime, size: int, hold: float | None
    ) -> None:
        """While it is broken, reminders come due, and people book, move and cancel."""
        size = max(size, 2)
        with ThreadPoolExecutor(1) as business:
            with fault.happening(self._stack):
                booking = business.submit(patients.book, size, calm=False)
                changing = business.submit(patients.change, size, calm=False)
                self._stack.rehearsal.forward_to(until)
                time.sleep(fault.lasts if hold is None else hold)
            self._stack.heal()
            booking.result()
            changing.result()

    def _next_day(self) -> date:
        """Of which no reminder is due yet."""
        today = self._stack.rehearsal.now().astimezone(CENTRAL).date()
        return working_day_after(today + timedelta(days=1))


def _reminding(day: date, part: float) -> datetime:
    """When so much of the reminders of that day has come due."""
    opens, closes = (datetime.combine(day - timedelta(days=1), each, CENTRAL) for each in (OPENS, CLOSES))
    return opens + part * (closes - opens)


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def line(day: Day, found: Judgement) -> str:
    counts = (found.planned, found.sent, found.withdrawn, found.unknown, found.lost, found.doubled)
    return f"| {'; '.join(each.name for each in day.faults)} | {' | '.join(map(str, counts))} |"


def days() -> Iterator[Sequence[Fault]]:
    """Of each fault by itself until the time is over; in the short form of all of them once."""
    alone = [[each] for each in ALL if ONLY in each.name]
    if not MINUTES:
        yield from alone if ONLY else TOGETHER
        return
    ends = time.monotonic() + 60 * MINUTES
    for faults in itertools.cycle(alone):
        if time.monotonic() > ends:
            return
        yield faults


def live(clinic: Clinic) -> None:
    for faults in days():
        day = clinic.live_through(faults, *((80, None) if MINUTES else (24, 0.5)))
        say(line(day, clinic.judgement(day)))


@pytest.mark.faults
@pytest.mark.skipif(not FAKETIME, reason="needs Debian's faketime")
@pytest.mark.timeout(600 + 120 * MINUTES)
def test_whatever_breaks_each_message_arrives_in_order_and_none_comes_twice_but_by_a_death(
    pytestconfig: pytest.Config,
) -> None:
    say(f"\nseed {SEED}")
    with running_stack(LEASE) as stack:
        clinic = Clinic(stack, SEED)
        live(clinic)
        say(HEAD)
        complaints = [] if clinic.tell_the_program() else ["the program never heard everything"]
        for day in clinic.days:
            found = clinic.judgement(day)
            say(line(day, found))
            complaints += [*day.complaints, *found.complaints]
        heard = hear([each for day in clinic.days for each in day.patients.visits], stack.program.receipts)
        say(f"to a program: {heard.planned} planned, {heard.lost} lost, {heard.repeated} repeated")
        complaints += heard.complaints
        keep_letters(pytestconfig.stash[KEEP], (each.content for each in stack.smtp.receipts))
        assert complaints == [], "\n".join(complaints)
        assert stack.texts.unsigned == stack.program.unsigned == 0
