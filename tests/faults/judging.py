"""The judgement over a day of faults, by three witnesses: what patients were answered, what the mail server
accepted, and what the database says."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from scheduler.domain.messages import WITH_ENTRY, MessageState
from tests.faults.patients import KnownVisit
from tests.faults.postmaster import Receipt

MOST_COPIES = 2


@dataclass(frozen=True)
class Row:
    """A message as the database has it in the end."""

    id: int
    visit: str
    sequence: int
    kind: str
    state: str
    handoffs: int
    message_id: str


@dataclass(frozen=True)
class Evidence:
    """All that is known of the visits of one day; `receipts` in the order in which they came."""

    visits: Sequence[KnownVisit]
    rows: Sequence[Row]
    receipts: Sequence[Receipt]
    stale: Collection[int]
    """Messages that passed the fence after something newer was committed."""
    may_double: bool
    """Whether something died, or fell silent, between a final dot and the record of its answer."""


@dataclass(frozen=True)
class Judgement:
    planned: int
    sent: int
    withdrawn: int
    lost: int
    doubled: int
    complaints: Sequence[str]
    """Whatever must not be, in words."""


def judge(found: Evidence) -> Judgement:
    ids = {row.message_id for row in found.rows}
    copies = Counter(each.message_id for each in found.receipts if each.message_id in ids)
    lost = [*_lost(found, copies), *_untold(found, copies)]
    return Judgement(
        planned=len(found.rows),
        sent=len(copies),
        withdrawn=sum(_withdrawn(row) and row.message_id not in copies for row in found.rows),
        lost=len(lost),
        doubled=sum(each - 1 for each in copies.values()),
        complaints=[*lost, *_stale(found), *_out_of_order(found), *_wrong_copies(found, copies)],
    )


def _withdrawn(row: Row) -> bool:
    return row.state == MessageState.SUPERSEDED


def _lost(found: Evidence, copies: Counter[str]) -> Iterator[str]:
    for row in found.rows:
        if not _withdrawn(row) and row.message_id not in copies:
            yield f"{row.kind} {row.id} is {row.state}, and nobody got it"


def _untold(found: Evidence, copies: Counter[str]) -> Iterator[str]:
    """By what patients know alone: a row that was never planned, or wrongly withdrawn, is lost as well."""
    told = {(row.visit, row.kind, row.sequence) for row in found.rows if row.message_id in copies}
    for visit in found.visits:
        if (visit.id, visit.last_news, visit.sequence) not in told:
            yield f"nobody was told that visit {visit.id} is {visit.last_news}"
        if visit.calm and not visit.cancelled and (visit.id, "reminder", visit.sequence) not in told:
            yield f"nobody was reminded of visit {visit.id}"


def _stale(found: Evidence) -> Iterator[str]:
    for row in found.rows:
        if row.id in found.stale:
            yield f"{row.kind} {row.id} was handed over although something newer was committed"


def _out_of_order(found: Evidence) -> Iterator[str]:
    entries = {row.message_id: row for row in found.rows if row.kind in WITH_ENTRY}
    latest: dict[str, int] = defaultdict(int)
    for receipt in found.receipts:
        row = entries.get(receipt.message_id)
        if row is None:
            continue
        if row.sequence < latest[row.visit]:
            yield f"{row.kind} {row.id} came after a newer one of its visit"
        latest[row.visit] = max(latest[row.visit], row.sequence)


def _wrong_copies(found: Evidence, copies: Counter[str]) -> Iterator[str]:
    contents: dict[str, set[bytes]] = defaultdict(set)
    for receipt in found.receipts:
        contents[receipt.message_id].add(receipt.content)
    for row in found.rows:
        count = copies[row.message_id]
        if count > 1 and not found.may_double:
            yield f"{row.kind} {row.id} came twice, and nothing had died"
        if count > min(row.handoffs, MOST_COPIES):
            yield f"{row.kind} {row.id} came {count} times in {row.handoffs} hand-overs"
        if len(contents[row.message_id]) > 1:
            yield f"the copies of {row.kind} {row.id} differ"
