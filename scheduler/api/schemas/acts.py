"""What is sent with an act on a visit."""

from scheduler.api.schemas.fields import Code, Instant, Strict
from scheduler.api.schemas.overrides import OverrideIn
from scheduler.domain.clinic import Mode
from scheduler.domain.visits import CancelReason
from scheduler.services.changes.moving import Destination


class NothingIn(Strict):
    """An empty object."""


class ReasonIn(Strict):
    reason: Code | None = None


class CancelIn(Strict):
    reason: CancelReason | None = None


class RescheduleIn(Strict):
    start: Instant
    practitioner: Code | None = None
    location: Code | None = None
    override: OverrideIn | None = None

    def destination(self) -> Destination:
        return Destination(
            start=self.start,
            practitioner=self.practitioner,
            location=self.location,
            override=self.override.override() if self.override else None,
        )


class ConvertIn(Strict):
    mode: Mode
    start: Instant | None = None
    practitioner: Code | None = None
    location: Code | None = None
    override: OverrideIn | None = None

    def destination(self) -> Destination:
        return Destination(
            mode=self.mode,
            start=self.start,
            practitioner=self.practitioner,
            location=self.location,
            override=self.override.override() if self.override else None,
        )
