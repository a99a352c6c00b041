"""The frame of every act: the visit locked, its version and status checked, the act written down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from scheduler.db.engine import EXCLUSION, sqlstate
from scheduler.db.models import Claim, Message, Patient, Recipient, Visit
from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import NotFound, SlotTaken, Stale, Unauthorized
from scheduler.domain.messages import Hint, MessageKind, MessageState, PlannedMessage, plan_news
from scheduler.domain.routing import BY_ALL_THAT_REACHES
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import (
    AT_GATE,
    BY_PATIENT,
    BY_STAFF,
    HOLDS_TIME,
    Act,
    Moves,
    VisitStatus,
    next_status,
)
from scheduler.services.audit.writing import acted, note_act
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.people.needs import tell_of_needs
from scheduler.services.tasks.calling import CALL_WITHIN, open_call
from scheduler.services.tasks.opening import close_tasks
from scheduler.services.telling.planning import About, plan
from scheduler.services.telling.reaching import Reached, who_hears
from scheduler.services.visits.reading import VisitView, view


@dataclass(frozen=True, slots=True)
class Order:
    """An act that somebody orders on a visit; `version` is what they believe it to be, or None."""

    visit: UUID
    act: Act
    actor: Actor
    version: int | None = None
    reason: str | None = None
    """A code."""
    recipient: UUID | None = None
    """Whose links the answer holds."""
    generation: int | None = None
    """Of the link that they showed."""
    at_gate: bool = False
    """Whether the gate of a visit by video orders it for whoever stands before it."""

    @property
    def moves(self) -> Mapping[Act, Moves]:
        if self.actor.is_staff:
            return BY_STAFF
        return AT_GATE if self.at_gate else BY_PATIENT


@dataclass(slots=True)
class Scene:
    """One act in one transaction, with the visit locked."""

    desk: Desk
    session: Session
    moment: Moment
    order: Order
    visit: Visit
    was: VisitStatus
    status: VisitStatus
    """Where the act leads, by the table."""
    began: datetime | None = None
    """When the visit was to begin, before the act."""
    due: list[Hint] = field(default_factory=list)
    holder: UUID | None = None
    """Whose links the answer holds, once it is done."""
    idle: bool = False
    """Everything is as it was ordered already: nothing is written down."""

    def raise_sequence(self) -> None:
        """What messages and calendars say of the visit is no longer the newest."""
        self.visit.sequence += 1
        self.visit.changed_at = self.moment.now

    def tell(self, kind: MessageKind) -> None:
        """Raise SEQUENCE, void what was planned before, and plan the message that tells it.

        Call it last: it plans for the visit as it then is.
        """
        self.raise_sequence()
        self.void_planned(Message.kind != MessageKind.WITHDRAWN)
        self.session.flush()
        close_tasks(self.session, TaskKind.CALL, self.visit.id, self.order.actor, self.moment.now)
        self.plan(who_hears(self.session, self.visit.id), self.news(kind))
        if self.must_be_heard(kind):
            self.call_too(kind)

    def call_too(self, kind: MessageKind) -> None:
        """Somebody says by phone at once what was just planned, even where a text waits for the morning."""
        visit, now = self.visit, self.moment.now
        planned = select(Message.id).where(Message.visit_id == visit.id, Message.sequence == visit.sequence)
        told = planned.where(Message.kind == kind).order_by(Message.id).limit(1)
        if (message := self.session.scalars(told).first()) is not None:
            open_call(self.session, message, visit.id, now, now)

    def must_be_heard(self, kind: MessageKind) -> bool:
        """Whether somebody phones whatever else is sent: nobody answered a request, or the clinic changes its
        mind shortly before the visit."""
        now = self.moment.now
        soon = any(now < start <= now + CALL_WITHIN for start in self.about.starts)
        by_clinic = self.order.actor.is_staff and kind in BY_ALL_THAT_REACHES
        return kind is MessageKind.EXPIRED or (by_clinic and soon)

    def news(self, kind: MessageKind) -> list[PlannedMessage]:
        """What tells of the visit as it is now, and its reminders."""
        visit, reminders = self.visit, self.moment.clinic.reminders
        return plan_news(kind, self.status, Mode(visit.mode), visit.starts_at, self.moment.now, reminders)

    def plan(self, told: Sequence[Reached], planned: Sequence[PlannedMessage]) -> None:
        """Messages to some recipients, of the visit as it is now."""
        self.due += plan(self.session, self.about, told, planned, self.moment.now)

    @property
    def about(self) -> About:
        visit = self.visit
        return About(visit.id, visit.sequence, tuple({visit.starts_at, self.began or visit.starts_at}))

    def void_planned(self, *which: ColumnElement[bool]) -> None:
        """Messages of the visit that did not leave are not sent any more."""
        self.session.execute(
            update(Message)
            .where(Message.visit_id == self.visit.id, Message.state == MessageState.PENDING, *which)
            .where(Message.kind != MessageKind.WEBHOOK)
            .values(state=MessageState.SUPERSEDED, finished_at=self.moment.now)
        )

    def patient_resource(self) -> int:
        """The patient's own time among the resources."""
        found = select(Patient.resource_id).where(Patient.id == self.visit.patient_id)
        return self.session.execute(found).scalar_one()

    def give_time_back(self) -> None:
        """The visit's time is free from now on."""
        self.session.execute(delete(Claim).where(Claim.visit_id == self.visit.id))


@dataclass(frozen=True, slots=True)
class Changed:
    """The visit after an act, and the messages that are due at once."""

    visit: VisitView
    due: Sequence[Hint] = ()


def carry_out(desk: Desk, order: Order, perform: Callable[[Scene], None]) -> Changed:
    """Do an act on a visit, in one transaction.

    Raises NotFound, Unauthorized, Stale, IllegalTransition, and whatever `perform` refuses.
    """
    try:
        return desk.db.attempt(partial(carry_out_within, desk, order, perform))
    except IntegrityError as error:
        if sqlstate(error) == EXCLUSION:  # somebody was quicker between our look and our write
            raise SlotTaken from None
        raise


def carry_out_within(desk: Desk, order: Order, perform: Callable[[Scene], None], session: Session) -> Changed:
    """The same in the caller's transaction, beside what else it writes down. Raises the same."""
    visit = session.scalars(
        select(Visit).where(Visit.id == order.visit).with_for_update(key_share=True)
    ).one_or_none()
    if visit is None:
        raise NotFound
    _check_link(session, order)
    if order.version is not None and order.version != visit.version:
        raise Stale
    was = VisitStatus(visit.status)
    status = next_status(order.act, was, order.moves)
    scene = Scene(desk, session, desk.clinics.moment(session), order, visit, was, status, visit.starts_at)
    scene.holder = order.recipient
    perform(scene)
    if not scene.idle:
        _write_down(scene)
    return Changed(view(session, desk, visit.id, scene.holder), scene.due)


def _check_link(session: Session, order: Order) -> None:
    """Raises Unauthorized where the link that was shown ended while we waited for the visit."""
    if order.generation is not None:
        current = select(Recipient.link_generation).where(Recipient.id == order.recipient)
        if session.execute(current).scalar_one() != order.generation:
            raise Unauthorized


def _write_down(scene: Scene) -> None:
    session, order, visit, now = scene.session, scene.order, scene.visit, scene.moment.now
    visit.status = scene.status
    visit.version += 1
    if scene.status not in HOLDS_TIME:
        scene.give_time_back()
        tell_of_needs(session, scene.desk, scene.moment, visit, f"ended:{visit.sequence}")
    session.flush()
    if scene.was is VisitStatus.PENDING and scene.status is not VisitStatus.PENDING:
        for kind in (TaskKind.APPROVE, TaskKind.UNANSWERED):
            close_tasks(session, kind, visit.id, order.actor, now)
    act = acted(visit.id, order.actor, order.act, scene.was, scene.status, visit.sequence, now, order.reason)
    scene.due += note_act(session, act)
