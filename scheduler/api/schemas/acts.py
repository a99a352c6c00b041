"""What is sent with an act on a visit."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.contact import Role
from scheduler.api.schemas.fields import (
    Code,
    ConsentNames,
    Instant,
    Phone,
    Printable,
    State,
    Strict,
    TriageToken,
)
from scheduler.api.schemas.overrides import OverrideIn
from scheduler.domain.clinic import Mode
from scheduler.domain.consents import Said
from scheduler.domain.triage import Result
from scheduler.domain.visits import CancelReason
from scheduler.domain.whereabouts import Place
from scheduler.services.changes.moving import Destination


class NothingIn(Strict):
    """An empty object."""


class ReasonIn(Strict):
    reason: Code | None = None


class CancelIn(Strict):
    reason: CancelReason | None = None


class ConsentsIn(Strict):
    """The texts that are agreed to and refused, as `kind:version`."""

    consents: ConsentNames = []  # noqa: RUF012
    refused: ConsentNames = []  # noqa: RUF012
    recipient: Annotated[
        Role | None, Field(description="For staff: whose word they pass on; others speak for themselves.")
    ] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.consents and not self.refused:
            raise PydanticCustomError("nothing-asked", "see texts")
        return self

    def said(self) -> Said:
        return Said(self.consents, self.refused)


class WhereaboutsIn(Strict):
    """Where the patient will be during a visit by video."""

    state: State
    phone: Annotated[Phone, Field(description="To call back when the line drops.")]
    address: Annotated[
        str,
        Printable,
        StringConstraints(min_length=1, max_length=200),
        Field(description="The street; in a car, where it is parked."),
    ]
    in_car: StrictBool = False

    def place(self) -> Place:
        return Place(self.state, self.phone, self.address, self.in_car)


class RoomOut(BaseModel):
    url: Annotated[str, Field(description="Good for this visit and its time alone.")]


class RescheduleIn(Strict):
    start: Instant
    practitioner: Code | None = None
    location: Code | None = None
    state: State | None = None
    override: OverrideIn | None = None

    def destination(self) -> Destination:
        return Destination(
            start=self.start,
            practitioner=self.practitioner,
            location=self.location,
            state=self.state,
            override=self.override.override() if self.override else None,
        )


class ConvertIn(Strict):
    mode: Mode
    start: Instant | None = None
    practitioner: Code | None = None
    location: Code | None = None
    state: State | None = None
    triage: TriageToken | None = None
    consents: Annotated[ConsentNames, Field(description="What is agreed to besides.")] = []  # noqa: RUF012
    override: OverrideIn | None = None

    def destination(self, client: bytes, triage: Result | None = None) -> Destination:
        return Destination(
            triage=triage,
            mode=self.mode,
            consents=self.consents,
            client=client,
            start=self.start,
            practitioner=self.practitioner,
            location=self.location,
            state=self.state,
            override=self.override.override() if self.override else None,
        )
