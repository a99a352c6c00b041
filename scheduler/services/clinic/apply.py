"""Putting a clinic file in force: refused as a whole, or applied as a whole."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from scheduler.db.models import ClinicProblem, ClinicVersion, Resource, ResourceKind, Visit
from scheduler.domain.clinic import Clinic, Location
from scheduler.domain.errors import ClinicFileFaulty, FileFault
from scheduler.domain.slots import room_key
from scheduler.domain.visits import HOLDS_TIME
from scheduler.services.clinic.check import LeftOut, document, from_document, left_out, read, unapproved
from scheduler.services.clinic.differences import differences
from scheduler.services.clinic.misfits import follow_up

APPLY_LOCK = 0x636C696E
"""Advisory lock: two who apply at once do it one after the other."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a file changes, and what that means for visits that are booked."""

    changes: list[str]
    misfits: list[str]
    """Future visits that no longer fit the clinic's hours, a line each; each is a task for staff."""
    moved: list[str]
    """Codes of places whose patients were told another address, phone or zone."""


class Places(StrEnum):
    """What becomes of a changed address, phone or zone of a place where patients are booked."""

    REFUSE = "refuse"
    NOTIFY = "notify"
    """The patients hear of it: see `tell_of_places`, in the same transaction."""
    SILENT = "silent"


def apply(
    session: Session, text: str, now: datetime, *, production: bool, places: Places = Places.REFUSE
) -> Applied:
    """Put the file in force from now on. The same file again changes nothing.

    Raises ClinicFileFaulty with every fault; then nothing is changed.
    """
    session.execute(select(func.pg_advisory_xact_lock(APPLY_LOCK)))
    file = read(text)
    new, clinic = document(file), from_document(document(file))
    old = session.scalars(select(ClinicVersion.document).order_by(ClinicVersion.id.desc()).limit(1)).first()
    changes = differences(old, new)
    if production and (waiting := unapproved(file)):
        raise _refused([f"{each}: approved_by and approved_at are missing" for each in waiting])
    moved: list[str] = []
    if old is not None:
        before = from_document(old)
        _refuse_loose_ends(session, before, clinic)
        moved = _moved(session, before, clinic, now)
        _refuse_unsaid(moved, places)
    session.execute(delete(ClinicProblem))
    if not changes:
        return Applied([], [], [])
    session.execute(insert(ClinicVersion).values(applied_at=now, document=new))
    _enter_resources(session, clinic)
    return Applied(changes, follow_up(session, clinic, now), moved)


def note_problem(session: Session, faults: str, now: datetime) -> None:
    """Remember that the last file was refused, so that `ready` says so."""
    row = upsert(ClinicProblem).values(id=1, at=now, faults=faults)
    session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"at": now, "faults": faults}))


def _refused(reasons: list[str]) -> ClinicFileFaulty:
    return ClinicFileFaulty([FileFault(1, "file", reason) for reason in reasons])


def _refuse_loose_ends(session: Session, before: Clinic, after: Clinic) -> None:
    """Nothing is left out while visits point to it: it ends by `until`."""
    pointed = [gone for gone in left_out(before, after) if _pointed_at(session, gone)]
    if pointed:
        raise _refused(
            [
                f"{gone.kind} {gone.code} is left out, but visits point to it: keep it and set `until`"
                for gone in pointed
            ]
        )


def _pointed_at(session: Session, gone: LeftOut) -> bool:
    room = select(Resource.id).where(Resource.kind == ResourceKind.ROOM, Resource.code == gone.code)
    points = {
        "practitioner": Visit.practitioner == gone.code,
        "location": Visit.location == gone.code,
        "room": Visit.room_id.in_(room),
        "visit_type": Visit.visit_type == gone.code,
    }[gone.kind]
    return bool(session.execute(select(exists().where(points))).scalar_one())


def _moved(session: Session, before: Clinic, after: Clinic, now: datetime) -> list[str]:
    """Places that are not what patients who are booked there were told."""
    return [
        place.code
        for place in after.locations
        if _told(before.location(place.code)) not in (None, _told(place)) and _expected(session, place, now)
    ]


def _refuse_unsaid(moved: list[str], places: Places) -> None:
    """Patients were told where to come: a changed place is not changed behind their backs."""
    if moved and places is Places.REFUSE:
        raise _refused(
            [
                f"location {code}: address, phone or zone changed and patients are booked there:"
                " add --notify to tell them, or --silent if they need not hear of it"
                for code in moved
            ]
        )


def _told(place: Location | None) -> tuple[str, str | None, str] | None:
    return (place.address, place.phone, place.timezone.key) if place else None


def _expected(session: Session, place: Location, now: datetime) -> bool:
    ahead = exists().where(Visit.location == place.code, Visit.starts_at > now)
    return bool(session.execute(select(ahead.where(Visit.status.in_(HOLDS_TIME)))).scalar_one())


def _enter_resources(session: Session, clinic: Clinic) -> None:
    rows = [{"kind": ResourceKind.PRACTITIONER, "code": each.code} for each in clinic.practitioners]
    rows += [
        {"kind": ResourceKind.ROOM, "code": room_key(place, room.code)}
        for place in clinic.locations
        for room in place.rooms
    ]
    session.execute(upsert(Resource).values(rows).on_conflict_do_nothing())
