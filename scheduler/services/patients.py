"""Who is the same person: folded name, birth date and one contact must agree."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from scheduler.db.models import Patient, PatientIdentity, Resource, ResourceKind
from scheduler.db.secrets import Lookup, Secrets
from scheduler.domain.people import Person, fold, fold_email, surname

# Each booking asks these: they are put together once.
KNOWN = text(
    """
    SELECT p.id, p.resource_id FROM patients p JOIN patient_identities i ON i.patient_id = p.id
    WHERE i.hash = ANY(:hashes) AND p.id IS DISTINCT FROM CAST(:but AS uuid)
    ORDER BY p.created_at, p.id LIMIT 1
    """
)
REMEMBER = text(
    """
    INSERT INTO patient_identities (hash, patient_id)
    SELECT hash, CAST(:patient AS uuid) FROM unnest(CAST(:hashes AS bytea[])) AS h (hash)
    ON CONFLICT DO NOTHING
    """
)
ENROL = text(
    """
    WITH resource AS (INSERT INTO resources (kind) VALUES (:kind) RETURNING id),
    patient AS (
        INSERT INTO patients (id, resource_id, name, birth_date, surname_hash, birth_date_hash, created_at)
        SELECT :id, id, :name, :birth_date, :surname_hash, :birth_date_hash, :created_at FROM resource
    ),
    known AS (
        INSERT INTO patient_identities (hash, patient_id)
        SELECT hash, CAST(:id AS uuid) FROM unnest(CAST(:hashes AS bytea[])) AS h (hash)
        ON CONFLICT DO NOTHING RETURNING hash
    )
    SELECT resource.id, (SELECT count(*) FROM known) FROM resource
    """
)


class Recognised(NamedTuple):
    patient: UUID
    resource: int
    newcomer: bool = False
    """Whether the row was made now."""


def recognise(session: Session, person: Person, secrets: Secrets, now: datetime) -> Recognised:
    """The patient; a row is made for somebody who was never here.

    Two who come at once as the same person get the same row: the index on the identities decides.
    """
    hashes = sorted(identities(person, secrets.lookup))
    known = _find(session, hashes)
    if known is None:
        return _enrol(session, person, secrets, hashes, now)
    if len(hashes) > 1:  # a contact that is new to us
        _remember(session, known.patient, hashes)
    return known


def identities(person: Person, lookup: Lookup) -> list[bytes]:
    """One keyed hash for each contact."""
    contacts = [person.email and fold_email(person.email), person.phone]
    who = fold(person.name), person.birth_date.isoformat()
    return [lookup.hash("identity", *who, contact) for contact in contacts if contact]


def _remember(session: Session, patient: UUID, hashes: list[bytes]) -> None:
    session.execute(REMEMBER, {"hashes": hashes, "patient": patient})


def _find(session: Session, hashes: list[bytes], but: UUID | None = None) -> Recognised | None:
    row = session.execute(KNOWN, {"hashes": hashes, "but": but}).first()
    return Recognised(row.id, row.resource_id) if row else None


def _enrol(
    session: Session, person: Person, secrets: Secrets, hashes: list[bytes], now: datetime
) -> Recognised:
    id = uuid4()
    born = person.birth_date.isoformat()
    row = {
        "id": id,
        "kind": ResourceKind.PATIENT,
        "hashes": hashes,
        "name": secrets.vault.seal("patients.name", id, person.name),
        "birth_date": secrets.vault.seal("patients.birth_date", id, born),
        "surname_hash": secrets.lookup.hash("surname", surname(person.name)),
        "birth_date_hash": secrets.lookup.hash("birth_date", born),
        "created_at": now,
    }
    resource, remembered = session.execute(ENROL, row).one()
    if remembered == len(hashes):
        return Recognised(id, resource, newcomer=True)
    # Somebody enrolled the same person while we waited for the index: what is new of ours becomes theirs.
    winner = _find(session, hashes, but=id)
    assert winner
    mine = PatientIdentity.patient_id == id
    session.execute(update(PatientIdentity).where(mine).values(patient_id=winner.patient))
    session.execute(delete(Patient).where(Patient.id == id))
    session.execute(delete(Resource).where(Resource.id == resource))
    return winner
