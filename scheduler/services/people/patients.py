"""Who is the same person: folded name, birth date and one contact must agree."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from scheduler.db.models import Patient, PatientIdentity, Resource, ResourceKind
from scheduler.db.rows import query
from scheduler.db.secrets import Lookup, Secrets
from scheduler.domain.people import Person, fold, fold_email, surname

# One statement, put together once, for who is known and who is not: each booking asks. Alike is somebody who
# has a newcomer's surname and birth date: not enough to be taken for one person, too much for chance.
RECOGNISE = query(
    """
    WITH known AS (
        SELECT p.id, p.resource_id FROM patient_identities i JOIN patients p ON p.id = i.patient_id
        WHERE i.hash = ANY(CAST(:hashes AS bytea[])) ORDER BY p.created_at, p.id LIMIT 1
    ), resource AS (
        INSERT INTO resources (kind) SELECT :kind WHERE NOT EXISTS (SELECT FROM known) RETURNING id
    ), patient AS (
        INSERT INTO patients (id, resource_id, name, birth_date, surname_hash, birth_date_hash, created_at)
        SELECT :id, id, :name, :birth_date, :surname_hash, :birth_date_hash, :created_at FROM resource
    ), identity AS (
        INSERT INTO patient_identities (hash, patient_id)
        SELECT hash, coalesce((SELECT id FROM known), :id) FROM unnest(CAST(:hashes AS bytea[])) AS h (hash)
        ON CONFLICT DO NOTHING RETURNING hash
    )
    SELECT known.id, known.resource_id, resource.id, (SELECT count(*) FROM identity), (
        SELECT alike.id FROM patients alike WHERE resource.id IS NOT NULL
        AND alike.surname_hash = :surname_hash AND alike.birth_date_hash = :birth_date_hash
        ORDER BY alike.created_at, alike.id LIMIT 1
    ) FROM known FULL JOIN resource ON true
    """,
    *("known", "theirs", "resource", "remembered", "alike"),
)
KNOWN = text(
    """
    SELECT p.id, p.resource_id FROM patient_identities i JOIN patients p ON p.id = i.patient_id
    WHERE i.hash = ANY(:hashes) AND p.id <> :but ORDER BY p.created_at, p.id LIMIT 1
    """
)


class Recognised(NamedTuple):
    patient: UUID
    resource: int
    newcomer: bool = False
    """Whether the row was made now."""
    alike: UUID | None = None
    """Somebody known who may be the same as a newcomer."""


def recognise(session: Session, person: Person, secrets: Secrets, now: datetime) -> Recognised:
    """The patient; a row is made for somebody who was never here, and a contact that is new is remembered.

    Two who come at once as the same person get the same row: the index on the identities decides.
    """
    row = _row(person, secrets, now)
    known, theirs, resource, remembered, alike = session.execute(RECOGNISE, row).one()
    if known:
        return Recognised(known, theirs)
    if remembered == len(row["hashes"]):
        return Recognised(row["id"], resource, newcomer=True, alike=alike)
    return _withdraw(session, row["id"], resource, row["hashes"])


def identities(person: Person, lookup: Lookup) -> list[bytes]:
    """One keyed hash for each contact."""
    contacts = [person.email and fold_email(person.email), person.phone]
    who = fold(person.name), person.birth_date.isoformat()
    return [lookup.hash("identity", *who, contact) for contact in contacts if contact]


def _row(person: Person, secrets: Secrets, now: datetime) -> dict[str, Any]:
    id, born = uuid4(), person.birth_date.isoformat()
    return {
        "id": id,
        "kind": ResourceKind.PATIENT,
        "hashes": sorted(identities(person, secrets.lookup)),
        "name": secrets.vault.seal("patients.name", id, person.name),
        "birth_date": secrets.vault.seal("patients.birth_date", id, born),
        "surname_hash": secrets.lookup.hash("surname", surname(person.name)),
        "birth_date_hash": secrets.lookup.hash("birth_date", born),
        "created_at": now,
    }


def _withdraw(session: Session, id: UUID, resource: int, hashes: Sequence[bytes]) -> Recognised:
    """Somebody enrolled the same person while we waited for the index: what is new of ours becomes theirs."""
    winner = Recognised(*session.execute(KNOWN, {"hashes": hashes, "but": id}).one())
    mine = PatientIdentity.patient_id == id
    session.execute(update(PatientIdentity).where(mine).values(patient_id=winner.patient))
    session.execute(delete(Patient).where(Patient.id == id))
    session.execute(delete(Resource).where(Resource.id == resource))
    return winner
