"""Holds as they are asked for and answered."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from scheduler.api.schemas.fields import Code, Instant, Needs, State, Strict, TriageToken
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Mode
from scheduler.domain.holds import HoldRequest
from scheduler.domain.triage import Result
from scheduler.domain.wishes import Wish


class HoldIn(Strict):
    visit_type: Code
    mode: Mode
    start: Instant
    practitioner: Code | None = None
    location: Code | None = None
    state: State | None = None
    needs: Needs = ()
    triage: TriageToken | None = None

    def request(self, actor: Actor, client: bytes, triage: Result | None) -> HoldRequest:
        """What the domain understands. `client` is a keyed hash; nobody counts what staff hold."""
        wish = Wish(self.visit_type, self.mode, self.practitioner, self.location, self.state, self.needs)
        return HoldRequest(wish, self.start, None if actor.is_staff else client, actor, triage)


class HoldOut(BaseModel):
    id: Annotated[UUID, Field(description="Whoever knows it can book with it: a secret.")]
    expires_at: AwareDatetime
    start: AwareDatetime
    end: AwareDatetime
    practitioner: str
    location: str | None
