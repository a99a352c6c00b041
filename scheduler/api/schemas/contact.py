"""How somebody is reached, as it is changed; and lost links."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from scheduler.api.schemas.fields import Channels, Day, Email, Language, Phone, Strict, Zone
from scheduler.services.changes.contact import ContactChange
from scheduler.services.people.recipients import BOOKED_BY, PATIENT
from scheduler.services.telling.relinking import Lost

CHANGEABLE = ("email", "phone", "language", "timezone", "channels")


class Role(StrEnum):
    """Who has to do with a visit."""

    PATIENT = PATIENT
    BOOKED_BY = BOOKED_BY


class ContactChangeIn(Strict):
    """What is not named stays as it is; null takes an address, a number or a time zone away."""

    recipient: Annotated[
        Role | None, Field(description="Staff may name anybody; others change their own contact only.")
    ] = None
    email: Email | None = None
    phone: Phone | None = None
    language: Language | None = None
    timezone: Zone | None = None
    channels: Channels | None = None
    notice: Annotated[
        StrictBool, Field(description="Staff only: `false` sends nothing to an old address that was wrong.")
    ] = True

    def change(self) -> ContactChange:
        sent: dict[str, Any] = self.model_dump(include=self.model_fields_set.intersection(CHANGEABLE))
        if self.language is None:  # everybody speaks one
            sent.pop("language", None)
        if "channels" in sent:
            sent["channels"] = self.channels or ()
        return ContactChange(sent, self.recipient, self.notice)


class OwnContactIn(ContactChangeIn):
    """As the page of a visit sends it."""

    birth_date: Day


class RecipientIn(Strict):
    recipient: Role


class RevokeIn(RecipientIn):
    end: Annotated[
        StrictBool, Field(description="Of `booked_by`: their access ends, and they hear nothing more.")
    ] = False

    @model_validator(mode="after")
    def _is_helper(self) -> Self:
        if self.end and self.recipient is not Role.BOOKED_BY:
            raise PydanticCustomError("mismatch", "see texts")
        return self


class LostLinksIn(Strict):
    """What the clinic knows of somebody: a birth date, and a contact that a visit was booked with."""

    email: Email | None = None
    phone: Phone | None = None
    birth_date: Day

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.email or self.phone):
            raise PydanticCustomError("no-contact", "see texts")
        return self

    def lost(self) -> Lost:
        return Lost(self.birth_date, self.email, self.phone)


class AcceptedOut(BaseModel):
    """The same for everybody: it tells nobody who is a patient here."""

    status: Literal["accepted"] = "accepted"
