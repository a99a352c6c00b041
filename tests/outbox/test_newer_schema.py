"""A worker of this version beside rows of a newer one: what it does not know it leaves to those who do."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.services.clinic.apply import apply
from scheduler.services.outbox.sweeping import Reaper, nudge
from tests.conftest import CLINIC, settings_for
from tests.databases import database_with_tables
from tests.outbox.conftest import HOUR, Book, add_messages, change, claim_at, first, now, row

NEW_KIND, NEW_CHANNEL = {"kind": "survey"}, {"channel": "fax"}
UNKNOWN = pytest.mark.parametrize("unknown", [NEW_KIND, NEW_CHANNEL], ids=["kind", "channel"])


@pytest.fixture
def run(postgres: str) -> Iterator[Runtime]:
    """The service on a database that takes kinds and channels of which it has not heard."""
    with database_with_tables(postgres) as url:
        run = bootstrap(settings_for(url))
        with run.db.transaction() as session:
            for each in ("kind", "channel"):
                session.execute(text(f"ALTER TABLE messages DROP CONSTRAINT messages_{each}_check"))
            apply(session, CLINIC.read_text(encoding="utf-8"), run.db.now(session), production=False)
        yield run
        run.db.dispose()


def add_unknown(run: Runtime, book: Book, unknown: dict[str, str]) -> int:
    """The oldest of all that is due."""
    (message,) = add_messages(run, book(), MessageKind.JOIN, next_at=now(run) - HOUR)
    change(run, message, **unknown)
    return message


@UNKNOWN
def test_what_is_unknown_is_not_claimed_and_keeps_nothing_else_from_it(
    run: Runtime, book: Book, unknown: dict[str, str]
) -> None:
    message, known = add_unknown(run, book, unknown), first(run, book())
    assert claim_at(run, message) == []
    assert known in {each.id for each in claim_at(run, known)}
    assert row(run, message).state == MessageState.PENDING
    assert row(run, message).attempt == 0


@UNKNOWN
def test_what_is_unknown_is_not_hinted(run: Runtime, book: Book, unknown: dict[str, str]) -> None:
    message, known = add_unknown(run, book, unknown), first(run, book())
    with run.db.transaction() as session:
        hints = {hint.message for hint in nudge(session, run.db.now(session) + HOUR / 60)}
    assert known in hints
    assert message not in hints


def test_what_goes_by_an_unknown_channel_is_not_taken_from_its_holder(run: Runtime, book: Book) -> None:
    """Only its own version knows how often it may be handed over."""
    (message,) = claim_at(run, first(run, book()))
    change(run, message.id, state=MessageState.HANDOFF, handoffs=1, **NEW_CHANNEL)
    with run.db.transaction() as session:
        assert Reaper(0).reap(session, run.db.now(session)) == 0
    assert row(run, message.id).state == MessageState.HANDOFF
