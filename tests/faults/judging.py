"""The judgement over a day of faults, by three witnesses: what patients were answered, what the mail server
accepted, and what the database says."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scheduler.domain.messages import NEWS, WITH_ENTRY, MessageState
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
    called: bool = False
    """Whether somebody is to say it by phone."""
    tried: str = ""
    """What came of each attempt, as workers noted it: for whoever asks why, not for the judgement."""

    def __str__(self) -> str:
        return f"{self.kind} {self.id} [{self.tried}]"


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
    forgotten: Sequence[Receipt] = ()
    """Of mails at whose final dot the server hung up, and had nothing."""

    @cached_property
    def copies(self) -> Counter[str]:
        return Counter(each.message_id for each in self.receipts)

    @cached_property
    def unknown(self) -> set[str]:
        """Messages that nobody got because the server hung up as often as they may be handed over.

        To their sender they may have arrived: so the policy ends them, and neither sent nor lost they are.
        """
        lapses = Counter(each.message_id for each in self.forgotten)
        return {
            row.message_id
            for row in self.rows
            if row.state == MessageState.UNKNOWN and lapses[row.message_id] == row.handoffs == MOST_COPIES
        }


@dataclass(frozen=True)
class Judgement:
    planned: int
    sent: int
    withdrawn: int
    unknown: int
    lost: int
    doubled: int
    complaints: Sequence[str]
    """Whatever must not be, in words."""


def judge(found: Evidence) -> Judgement:
    copies = [found.copies[row.message_id] for row in found.rows]
    withdrawn = _withdrawn(found)
    lost = [*_lost(found, withdrawn), *_untold(found)]
    return Judgement(
        planned=len(found.rows),
        sent=sum(map(bool, copies)),
        withdrawn=len(withdrawn),
        unknown=len(found.unknown),
        lost=len(lost),
        doubled=sum(each - 1 for each in copies if each),
        complaints=[
            *lost,
            *_uncalled(found),
            *_stale(found),
            *_out_of_order(found),
            *_wrong_copies(found),
        ],
    )


def _withdrawn(found: Evidence) -> set[str]:
    """What rightly never left: since then the visit was moved or cancelled, as its patient knows."""
    last = {visit.id: visit.sequence for visit in found.visits}
    return {
        row.message_id
        for row in found.rows
        if row.state == MessageState.SUPERSEDED and row.sequence < last[row.visit]
    } - found.copies.keys()


def _lost(found: Evidence, withdrawn: Collection[str]) -> Iterator[str]:
    accounted = found.copies.keys() | found.unknown | set(withdrawn)
    for row in found.rows:
        if row.message_id not in accounted:
            yield f"{row} is {row.state}, and nobody got it"


def _untold(found: Evidence) -> Iterator[str]:
    """By what patients know alone: a row that was never planned is lost as well."""
    rows = {row.message_id: row for row in found.rows}
    unknown = (each for each in found.forgotten if each.message_id in found.unknown)
    told = {
        (row.visit, each.recipient, row.kind, row.sequence)
        for each in (*found.receipts, *unknown)
        if (row := rows.get(each.message_id))
    }
    for visit, address, kind in _expected(found.visits):
        if (visit.id, address, kind, visit.sequence) not in told:
            yield f"{address} never got {kind} of visit {visit.id}"


def _expected(visits: Sequence[KnownVisit]) -> Iterator[tuple[KnownVisit, str, str]]:
    """Who has to hear what, at the last SEQUENCE of a visit."""
    for visit in visits:
        for address in visit.told:
            yield visit, address, visit.last_news
            if visit.calm and not visit.cancelled:
                yield visit, address, "reminder"


def _uncalled(found: Evidence) -> Iterator[str]:
    for row in found.rows:
        if row.message_id in found.unknown and row.kind in NEWS and not row.called:
            yield f"{row} is unknown, and nobody is to phone"


def _stale(found: Evidence) -> Iterator[str]:
    for row in found.rows:
        if row.id in found.stale:
            yield f"{row} was handed over although something newer was committed"


def _out_of_order(found: Evidence) -> Iterator[str]:
    entries = {row.message_id: row for row in found.rows if row.kind in WITH_ENTRY}
    latest: dict[tuple[str, str], int] = defaultdict(int)
    for receipt in found.receipts:
        row = entries.get(receipt.message_id)
        if row is None:
            continue
        story = row.visit, receipt.recipient
        if row.sequence < latest[story]:
            yield f"{row} came to {receipt.recipient} after a newer one of its visit"
        latest[story] = max(latest[story], row.sequence)


def _wrong_copies(found: Evidence) -> Iterator[str]:
    contents: dict[str, set[bytes]] = defaultdict(set)
    for receipt in (*found.receipts, *found.forgotten):
        contents[receipt.message_id].add(receipt.content)
    for row in found.rows:
        count = found.copies[row.message_id]
        if count > 1 and not found.may_double:
            yield f"{row} came twice, and nothing had died"
        if count > min(row.handoffs, MOST_COPIES):
            yield f"{row} came {count} times in {row.handoffs} hand-overs"
        if len(contents[row.message_id]) > 1:
            yield f"the copies of {row} differ"
