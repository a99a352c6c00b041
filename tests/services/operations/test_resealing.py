"""A new encryption key: everything is sealed with it, beside the running service, and nothing is lost."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Patient, Recipient
from scheduler.db.secrets import CannotOpen, Secrets, Vault
from scheduler.domain.actors import Actor, ActorKind
from scheduler.services.booking.making import book
from scheduler.services.ground.desk import Desk
from scheduler.services.hooks.keeping import add_endpoint, rotate_secret
from scheduler.services.operations.resealing import reseal, sealed_columns
from scheduler.services.outside.keeping import add_calendar
from scheduler.services.visits.reading import view
from tests.cast import at
from tests.services.asking import at_once, request

STAFF = Actor(ActorKind.STAFF, "front-desk")
NEW = {"e2": bytes(range(32, 64))}


@pytest.fixture
def rotated(run: Runtime) -> Vault:
    """Seals with a new key, opens both."""
    return Vault({**NEW, **run.settings.vault_keyring})


def filled(desk: Desk) -> Any:
    for number in range(3):
        visit = book(desk, request(at(8, 10 + number), number, phone="+14095550123")).visit
    add_calendar(desk, "one", "rota", "https://calendar.example/a.ics", STAFF)
    rotate_secret(desk, add_endpoint(desk, "records", "https://records.example/", None, STAFF).id, STAFF)
    return visit


def values(run: Runtime) -> Iterator[tuple[str, bytes]]:
    with run.db.transaction() as session:
        for table, columns in sealed_columns():
            for row in session.execute(select(*columns).select_from(table)):
                named = zip(columns, row, strict=True)
                yield from ((f"{table.name}.{c.name}", v) for c, v in named if v is not None)


def test_every_column_of_bytes_that_is_no_hash_is_sealed_and_one_key_ties_it_to_its_row(run: Runtime) -> None:
    filled(run.desk)
    prefix = run.desk.secrets.vault.active_prefix
    found = list(values(run))
    assert [place for place, value in found if not value.startswith(prefix)] == []
    assert {"patients.name", "visits.reference", "recipients.email", "webhook_endpoints.secret"} <= {
        place for place, _ in found
    }
    assert all(len(table.primary_key.columns) == 1 for table, _ in sealed_columns())


def test_everything_is_sealed_with_the_new_key_and_the_old_one_is_needed_no_more(
    run: Runtime, rotated: Vault
) -> None:
    visit = filled(run.desk)
    done = reseal(run.db, rotated, batch=2)
    assert done.rows == 11
    assert (done.unopened, done.left) == ([], 0)
    assert all(value.startswith(rotated.active_prefix) for _, value in values(run))
    assert reseal(run.db, rotated).rows == 0, "again, it changes nothing"
    only_new = replace(run.desk, secrets=replace(run.desk.secrets, vault=Vault(NEW)))
    with run.db.transaction() as session:
        assert view(session, only_new, visit.id).reference == visit.reference
        with pytest.raises(CannotOpen, match="not in the keyring"):
            view(session, run.desk, visit.id)


def test_it_runs_beside_bookings(run: Runtime, rotated: Vault) -> None:
    both: Secrets = replace(run.desk.secrets, vault=rotated)
    filled(run.desk)
    stop, reports = threading.Event(), []

    def rotate() -> None:
        while not stop.is_set():
            reports.append(reseal(run.db, rotated, batch=1))

    thread = threading.Thread(target=rotate)
    thread.start()
    wishes = [request(at(9 + number // 8, 9 + number % 8), 10 + number) for number in range(16)]
    made = at_once(lambda wish: book(replace(run.desk, secrets=both), wish), wishes, 4)
    stop.set()
    thread.join()
    assert not [each for each in made if isinstance(each, Exception)]
    last = reseal(run.db, rotated)
    assert (last.left, last.unopened) == (0, [])
    assert [each.unopened for each in reports if each.unopened] == []


def test_what_somebody_has_in_hand_is_left_and_said(run: Runtime, rotated: Vault) -> None:
    visit = filled(run.desk)
    with run.db.transaction() as session:
        session.execute(select(Recipient).where(Recipient.visit_id == visit.id).with_for_update())
        assert reseal(run.db, rotated).left == 1
    assert reseal(run.db, rotated).left == 0


def test_what_was_moved_to_another_row_does_not_open_is_named_and_stays(run: Runtime, rotated: Vault) -> None:
    filled(run.desk)
    with run.db.transaction() as session:
        first, second = session.scalars(select(Patient).order_by(Patient.id).limit(2)).all()
        moved, victim = first.name, second.id
        session.execute(update(Patient).where(Patient.id == victim).values(name=moved))
    done = reseal(run.db, rotated)
    assert done.left == 1
    (said,) = done.unopened
    assert said == f"patients.name: does not open (patients {victim})"
    with run.db.transaction() as session:
        assert session.get_one(Patient, victim).name == moved


def test_a_wrong_key_opens_nothing_and_changes_nothing(run: Runtime) -> None:
    filled(run.desk)
    before = list(values(run))
    stranger = Vault({"e2": bytes(range(32, 64)), "e1": bytes(range(64, 96))})
    done = reseal(run.db, stranger)
    assert (done.rows, done.left) == (0, len(done.unopened))
    assert done.left > 0
    assert list(values(run)) == before
