"""The clinic that is in force: read once for each applied version, then remembered."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from scheduler.db.engine import Database
from scheduler.db.models import ClinicVersion, Resource
from scheduler.db.rows import query
from scheduler.domain.clinic import Clinic
from scheduler.domain.errors import Unavailable
from scheduler.domain.schedule import Schedule
from scheduler.services.clinic.check import from_document

REMEMBERED = 16
"""Versions that a process keeps ready."""


@dataclass(frozen=True, slots=True)
class InForce:
    """One version of the clinic, ready for use."""

    version: int
    clinic: Clinic
    schedule: Schedule
    resources: Mapping[str, int]
    """Ids of practitioners (by code) and rooms (by `location/room`)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a use case stands on: the instant, by the database's clock, and the clinic in force."""

    now: datetime
    in_force: InForce

    @property
    def clinic(self) -> Clinic:
        return self.in_force.clinic


MOMENT = query("SELECT clock_timestamp(), (SELECT max(id) FROM clinic_versions)", "now", "version")


_DOCUMENT = select(ClinicVersion.document).where(ClinicVersion.id == bindparam("version"))
_RESOURCES = select(Resource.code, Resource.id).where(Resource.code.is_not(None))


class Clinics:
    """Versions of the clinic by id. One for each process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.last: InForce | None = None
        """The version that was used last: all there is to say while the database is away."""
        self._known: dict[int, InForce] = {}

    def moment(self, session: Session | Connection) -> Moment:
        """Now, and the clinic in force, in one round trip.

        Raises Unavailable where no clinic file was ever applied.
        """
        now, version = session.execute(MOMENT).one()
        if version is None:
            raise Unavailable
        self.last = self._recall(session, version)
        return Moment(now + self._db.offset, self.last)

    def known(self) -> Clinic | None:
        """The clinic as it was used last, read now if it never was; None while the database cannot say."""
        if self.last is None:
            with suppress(Unavailable, DBAPIError), self._db.single() as connection:
                self.moment(connection)
        return self.last.clinic if self.last else None

    def version(self, session: Session | Connection, version: int) -> Clinic:
        """The clinic as it was under an earlier version."""
        return self._recall(session, version).clinic

    def _recall(self, session: Session | Connection, version: int) -> InForce:
        """Over the caller's connection: who waits for a second one may wait for themselves."""
        found = self._known.get(version)
        if found is None:
            found = self._known[version] = _read(session, version)
            for old in sorted([*self._known])[:-REMEMBERED]:
                self._known.pop(old, None)
        return found


def _read(session: Session | Connection, version: int) -> InForce:
    document = session.execute(_DOCUMENT, {"version": version}).scalar_one()
    codes = session.execute(_RESOURCES)
    clinic = from_document(document)
    return InForce(version, clinic, Schedule(clinic), {code: id for code, id in codes if code is not None})
