"""What everybody who may see a visit sees of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.db.models import Visit
from scheduler.db.secrets import Vault
from scheduler.domain.clinic import Mode
from scheduler.services.people.needs import needs_of


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """Instants carry the zone in which the visit is promised."""

    id: UUID
    reference: str
    status: str
    visit_type: str
    label: str
    mode: Mode
    start: datetime
    end: datetime
    timezone: str
    practitioner: str
    location: str | None
    state: str | None
    needs: Sequence[str]
    sequence: int
    version: int
    confirmed_at: datetime | None
    notify: str
    """`email`, `sms`, or `call` where nothing else reaches anybody."""


def facts(vault: Vault, visit: Visit) -> dict[str, Any]:
    """The fields of VisitFacts, but for `notify`."""
    zone = ZoneInfo(visit.zone)
    same = ("id", "status", "visit_type", "label", "practitioner", "location", "state")
    return {
        **{name: getattr(visit, name) for name in (*same, "sequence", "version", "confirmed_at")},
        "reference": vault.open("visits.reference", visit.id, visit.reference),
        "mode": Mode(visit.mode),
        "start": visit.starts_at.astimezone(zone),
        "end": visit.ends_at.astimezone(zone),
        "timezone": visit.zone,
        "needs": needs_of(vault, visit),
    }
