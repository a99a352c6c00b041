"""The audit cannot be changed, and where a superuser changes it after all, the entry is named."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from scheduler.db.engine import Database
from scheduler.db.models import AuditEntry
from scheduler.domain.actors import SYSTEM
from scheduler.services.audit.chain import Entry, Head
from scheduler.services.audit.sealing import read_head, seal
from scheduler.services.audit.verifying import Verdict, verify
from scheduler.services.audit.writing import note
from tests.cast import NOW
from tests.services.asking import wait_until_somebody_waits

EDITED = "it was edited, inserted or moved"


def write(db: Database, count: int = 1, at: datetime | None = None) -> None:
    for number in range(count):
        with db.transaction() as session:
            detail = {"number": number, "word": "señal", "none": None}
            note(session, SYSTEM, "read", "visit", f"v{number}", at or db.now(session), detail)


def seal_all(db: Database) -> int:
    with db.transaction() as session:
        return seal(session, db.now(session))


def sealed(db: Database, count: int = 5) -> Database:
    write(db, count)
    assert seal_all(db) == count
    return db


def tamper(db: Database, *statements: str) -> None:
    """As somebody does who owns the server: past every trigger."""
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))


def entry(db: Database, sealed_as: int) -> int:
    """The id of the entry that was sealed there."""
    with db.transaction() as session:
        return session.scalars(select(AuditEntry.id).where(AuditEntry.sealed_as == sealed_as)).one()


def only_fault(verdict: Verdict) -> str:
    (fault,) = verdict.faults
    return fault


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'somebody else'",
        "UPDATE audit_entries SET seal = NULL, sealed_as = NULL",
        r"UPDATE audit_entries SET seal = '\x00'",
        "UPDATE audit_entries SET sealed_as = sealed_as + 100",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "UPDATE audit_head SET sealed_as = 1",
        r"UPDATE audit_head SET seal = '\x00'",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
    ],
)
def test_what_is_sealed_cannot_be_changed(empty: Database, statement: str) -> None:
    sealed(empty)
    with pytest.raises(DBAPIError, match=r"append-only|only grows"), empty.transaction() as session:
        session.execute(text(statement))
    assert verify(empty).faults == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'somebody else'",
        r"UPDATE audit_entries SET seal = '\x00', sealed_as = 1, actor = 'somebody else'",
        "DELETE FROM audit_entries",
    ],
)
def test_what_is_not_sealed_yet_cannot_be_changed_either(empty: Database, statement: str) -> None:
    write(empty)
    with pytest.raises(DBAPIError, match="append-only"), empty.transaction() as session:
        session.execute(text(statement))


def test_a_chain_that_nobody_touched_is_whole(empty: Database) -> None:
    sealed(empty)
    sealed(empty, 3)
    verdict = verify(empty)
    assert verdict.faults == []
    assert verdict.head.sealed_as == 8
    with empty.transaction() as session:
        assert read_head(session) == verdict.head


def test_an_audit_in_which_nothing_was_ever_written_is_whole(empty: Database) -> None:
    assert seal_all(empty) == 0
    assert verify(empty) == Verdict(Head(), [])


@pytest.mark.parametrize(
    "edit",
    [
        "actor = 'patient'",
        "act = 'write'",
        "object_kind = 'task'",
        "object_id = NULL",
        "at = at + interval '1 microsecond'",
        """detail = detail || '{"number": 7}'""",
        """detail = detail - 'none'""",
        "id = DEFAULT",
    ],
)
def test_an_edited_entry_is_named(empty: Database, edit: str) -> None:
    sealed(empty)
    tamper(empty, f"UPDATE audit_entries SET {edit} WHERE sealed_as = 3")
    assert EDITED in only_fault(verify(empty))
    assert "sealed as 3," in only_fault(verify(empty))


def test_a_deleted_entry_is_named(empty: Database) -> None:
    sealed(empty)
    tamper(empty, "DELETE FROM audit_entries WHERE sealed_as = 3")
    assert only_fault(verify(empty)) == "the entry that was sealed as 3 is missing"


def test_a_deleted_entry_is_named_where_the_later_ones_moved_up(empty: Database) -> None:
    fourth = entry(sealed(empty), 4)
    tamper(
        empty,
        "DELETE FROM audit_entries WHERE sealed_as = 3",
        "UPDATE audit_entries SET sealed_as = 3 WHERE sealed_as = 4",
        "UPDATE audit_entries SET sealed_as = 4 WHERE sealed_as = 5",
    )
    assert f"entry {fourth}, sealed as 3, is not" in only_fault(verify(empty))


def test_an_inserted_entry_is_named(empty: Database) -> None:
    last = entry(sealed(empty), 5)
    tamper(
        empty,
        "UPDATE audit_entries SET sealed_as = 6 WHERE sealed_as = 5",
        "UPDATE audit_entries SET sealed_as = 5 WHERE sealed_as = 4",
        r"INSERT INTO audit_entries (at, actor, act, object_kind, detail, seal, sealed_as)"
        r" VALUES (now(), 'system', 'read', 'visit', '{}', '\xabcd', 4)",
    )
    assert f"entry {last + 1}, sealed as 4, is not" in only_fault(verify(empty))


def test_entries_that_changed_places_are_named(empty: Database) -> None:
    fourth = entry(sealed(empty), 4)
    tamper(
        empty,
        "UPDATE audit_entries SET sealed_as = 100 WHERE sealed_as = 2",
        "UPDATE audit_entries SET sealed_as = 2 WHERE sealed_as = 4",
        "UPDATE audit_entries SET sealed_as = 4 WHERE sealed_as = 100",
    )
    assert f"entry {fourth}, sealed as 2, is not" in only_fault(verify(empty))


def test_entries_that_are_cut_off_at_the_end_are_missed(empty: Database) -> None:
    sealed(empty)
    tamper(empty, "DELETE FROM audit_entries WHERE sealed_as > 3")
    assert only_fault(verify(empty)) == "the last 2 sealed entries, from 4 on, are missing"


def test_a_whole_audit_that_is_gone_is_missed(empty: Database) -> None:
    sealed(empty)
    tamper(empty, "TRUNCATE audit_entries")
    assert only_fault(verify(empty)) == "the last 5 sealed entries, from 1 on, are missing"


def test_a_head_that_is_gone_is_missed(empty: Database) -> None:
    sealed(empty)
    tamper(empty, "DELETE FROM audit_head")
    assert "the chain ends with 5:" in only_fault(verify(empty))


def test_an_entry_that_claims_to_be_old_is_named_though_it_was_sealed_like_any_other(empty: Database) -> None:
    sealed(empty)
    write(empty, at=NOW - timedelta(days=30))
    assert seal_all(empty) == 1
    assert f"entry {entry(empty, 6)} claims to be of 2026-11-01" in only_fault(verify(empty))


def forge(db: Database) -> None:
    """Edit the third entry and compute everything from there on anew, the head too."""
    tamper(db, "UPDATE audit_entries SET actor = 'patient' WHERE sealed_as = 3")
    head = Head()
    with db.transaction() as session:
        rows = list(session.scalars(select(AuditEntry).order_by(AuditEntry.sealed_as)))
    for row in rows:
        head = head.next(
            Entry(row.id, row.at, row.actor, row.act, row.object_kind, row.object_id, row.detail)
        )
        tamper(db, rf"UPDATE audit_entries SET seal = '\x{head.seal.hex()}' WHERE id = {row.id}")
    tamper(db, rf"UPDATE audit_head SET seal = '\x{head.seal.hex()}'")


def test_a_chain_that_was_sealed_anew_is_betrayed_by_a_head_that_lies_elsewhere(empty: Database) -> None:
    known = verify(sealed(empty)).head
    sealed(empty)
    assert verify(empty, known).faults == []
    forge(empty)
    assert verify(empty).faults == []
    assert "sealed as 5, or one before it was sealed anew" in only_fault(verify(empty, known))


def test_a_chain_and_its_head_that_were_cut_off_are_betrayed_by_a_head_that_lies_elsewhere(
    empty: Database,
) -> None:
    earlier = verify(sealed(empty)).head
    known = verify(sealed(empty)).head
    tamper(
        empty,
        "DELETE FROM audit_entries WHERE sealed_as > 5",
        rf"UPDATE audit_head SET sealed_as = 5, seal = '\x{earlier.seal.hex()}'",
    )
    assert verify(empty).faults == []
    assert only_fault(verify(empty, known)) == "the last 5 sealed entries, from 6 on, are missing"


def test_entries_that_nobody_seals_are_reported_after_a_minute(empty: Database) -> None:
    write(empty)
    assert verify(empty).faults == []
    write(empty, at=NOW - timedelta(minutes=2))
    assert "not sealed: 1 since" in only_fault(verify(empty))


def test_what_commits_late_is_sealed_later_and_the_chain_is_whole(empty: Database) -> None:
    with empty.transaction() as slow:
        note(slow, SYSTEM, "slow", "visit", None, empty.now(slow))
        sealed(empty, 2)
    assert seal_all(empty) == 1
    assert entry(empty, 3) < entry(empty, 1) < entry(empty, 2)
    assert verify(empty).faults == []


def test_what_is_rolled_back_leaves_no_gap(empty: Database) -> None:
    write(empty)
    with pytest.raises(ZeroDivisionError), empty.transaction() as session:
        note(session, SYSTEM, "never", "visit", None, empty.now(session))
        raise ZeroDivisionError
    assert seal_all(empty) == 1
    sealed(empty, 2)
    assert verify(empty).faults == []


def test_two_sealers_at_once_make_one_chain(empty: Database) -> None:
    write(empty, 3)
    with ThreadPoolExecutor(1) as pool:
        with empty.transaction() as session:
            assert seal(session, empty.now(session)) == 3
            second = pool.submit(seal_all, empty)
            wait_until_somebody_waits(empty)
        assert second.result() == 0
    assert verify(empty).head.sealed_as == 3


def test_many_who_write_and_many_who_seal_make_one_chain(empty: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        writers = [pool.submit(write, empty, 25) for _ in range(5)]
        sealers = [pool.submit(seal_all, empty) for _ in range(30)]
        by_then = sum(each.result() for each in sealers)
        assert [each.result() for each in writers] == [None] * 5
    assert by_then + seal_all(empty) == 125
    verdict = verify(empty)
    assert (verdict.head.sealed_as, verdict.faults) == (125, [])
