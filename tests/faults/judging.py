"""The judgement over a day of faults, by three witnesses: what patients were answered, what the mail server
and the text gateway accepted, and what the database says."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from scheduler.domain.messages import NEWS, WITH_ENTRY, ChannelName, MessageState
from tests.faults.patients import KnownVisit, Person
from tests.faults.wires import Receipt

MOST_COPIES = {ChannelName.EMAIL: 2, ChannelName.SMS: 1}


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
    channel: str = ChannelName.EMAIL
    called: bool = False
    """Whether somebody is to say it by phone."""
    elsewhere: bool = False
    """Whether the same goes to the same person by the other channel."""
    tried: str = ""
    """What came of each attempt, as workers noted it: for whoever asks why, not for the judgement."""

    def __str__(self) -> str:
        return f"{self.channel} {self.kind} {self.id} [{self.tried}]"

    @property
    def is_text(self) -> bool:
        return self.channel == ChannelName.SMS

    @property
    def most_copies(self) -> int:
        return MOST_COPIES[ChannelName(self.channel)]


@dataclass(frozen=True)
class Evidence:
    """All that is known of the visits of one day; `receipts` in the order in which they came."""

    visits: Sequence[KnownVisit]
    rows: Sequence[Row]
    receipts: Sequence[Receipt]
    stale: Collection[int]
    """Messages that passed the fence after something newer was committed."""
    in_doubt: bool
    """Whether something died, or fell silent, between a message's last byte and the record of its answer: a
    mail may have come twice then, and of a text nobody may know whether it came."""
    forgotten: Sequence[Receipt] = ()
    """Of mails at whose final dot the server hung up, and had nothing."""

    @cached_property
    def copies(self) -> Counter[str]:
        return Counter(each.message_id for each in self.receipts)

    @cached_property
    def unknown(self) -> set[str]:
        """Messages that nobody got: mails because the server hung up as often as they may be handed over,
        texts because something died over the one time that they may.

        To their sender they may have arrived: so the policy ends them, and neither sent nor lost they are.
        """
        lapses = Counter(each.message_id for each in self.forgotten)

        def met_with_it(row: Row) -> bool:
            given_up = lapses[row.message_id] == row.handoffs == row.most_copies
            return self.in_doubt and row.handoffs > 0 if row.is_text else given_up

        ended = (row for row in self.rows if row.state == MessageState.UNKNOWN and met_with_it(row))
        return {row.message_id for row in ended} - self.copies.keys()


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
            *_in_doubt_without_cause(found),
            *_reminded_twice(found),
            *_stale(found),
            *_out_of_order(found),
            *_wrong_copies(found),
        ],
    )


def _withdrawn(found: Evidence) -> set[str]:
    """What rightly never left: since then the visit was moved or cancelled, as its patient knows; or its text
    could not go, and went by mail instead."""
    last = {visit.id: visit.sequence for visit in found.visits}

    def rightly(row: Row) -> bool:
        replaced = row.is_text and row.state == MessageState.SKIPPED and row.elsewhere
        return replaced or (row.state == MessageState.SUPERSEDED and row.sequence < last[row.visit])

    return {row.message_id for row in found.rows if rightly(row)} - found.copies.keys()


def _lost(found: Evidence, withdrawn: Collection[str]) -> Iterator[str]:
    accounted = found.copies.keys() | found.unknown | set(withdrawn)
    for row in found.rows:
        if row.message_id not in accounted:
            yield f"{row} is {row.state}, and nobody got it"


def _untold(found: Evidence) -> Iterator[str]:
    """By what patients know alone: a row that was never planned is lost as well."""
    told = {*_told(found), *_left_in_doubt(found)}
    for visit, kind, ways in _expected(found.visits):
        if not any((visit.id, kind, visit.sequence, way) in told for way in ways):
            yield f"{ways[0]} never got {kind} of visit {visit.id}"


Told = tuple[str, str, int, str]
"""Of which visit, what, under which SEQUENCE, and to which address or number."""


def _told(found: Evidence) -> Iterator[Told]:
    rows = {row.message_id: row for row in found.rows}
    unknown = (each for each in found.forgotten if each.message_id in found.unknown)
    for each in (*found.receipts, *unknown):
        if row := rows.get(each.message_id):
            yield row.visit, row.kind, row.sequence, each.recipient


def _left_in_doubt(found: Evidence) -> Iterator[Told]:
    """By text: of whom else a visit is told, nobody has agreed to any."""
    phones = {visit.id: person.phone for visit in found.visits for person in visit.told if person.phone}
    for row in found.rows:
        if row.is_text and row.message_id in found.unknown:
            yield row.visit, row.kind, row.sequence, phones[row.visit]


def _expected(visits: Sequence[KnownVisit]) -> Iterator[tuple[KnownVisit, str, Sequence[str]]]:
    """Who has to hear what, at the last SEQUENCE of a visit, and by which ways: one of them is enough."""
    for visit in visits:
        for person in visit.told:
            yield visit, visit.last_news, [person.email]
            if person.phone:
                yield visit, visit.last_news, [person.phone]
            if visit.calm and not visit.cancelled:
                yield visit, "reminder", _ways(person)


def _ways(person: Person) -> Sequence[str]:
    return [person.phone, person.email] if person.phone else [person.email]


def _reminded_twice(found: Evidence) -> Iterator[str]:
    told = set(_told(found))
    for visit in found.visits:
        for person, sequence in product(visit.told, range(visit.sequence + 1)):
            reminders = [way for way in _ways(person) if (visit.id, "reminder", sequence, way) in told]
            if len(reminders) > 1:
                yield f"{person.email} was reminded of visit {visit.id} by mail and by text"


def _uncalled(found: Evidence) -> Iterator[str]:
    """Of what the visit is now: whatever came after older news was told by itself."""
    last = {visit.id: visit.sequence for visit in found.visits}
    for row in found.rows:
        in_force = row.kind in NEWS and row.sequence == last[row.visit]
        if row.state == MessageState.UNKNOWN and in_force and not row.called:
            yield f"{row} is unknown, and nobody is to phone"


def _in_doubt_without_cause(found: Evidence) -> Iterator[str]:
    for row in found.rows:
        if row.is_text and row.state == MessageState.UNKNOWN and not found.in_doubt:
            yield f"{row} is unknown, and nothing had died"


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
        if count > 1 and not found.in_doubt:
            yield f"{row} came twice, and nothing had died"
        if count > min(row.handoffs, row.most_copies):
            yield f"{row} came {count} times in {row.handoffs} hand-overs"
        if len(contents[row.message_id]) > 1:
            yield f"the copies of {row} differ"
