"""Coming in: patients by their link, past the questions of the gate; staff as hosts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from scheduler.domain.actors import Actor
from scheduler.domain.clinic import Mode
from scheduler.domain.consents import Said
from scheduler.domain.errors import (
    ConsentRequired,
    Fault,
    GateClosed,
    Invalid,
    NotLicensed,
    TooLate,
)
from scheduler.domain.messages import Hint
from scheduler.domain.video import Door
from scheduler.domain.visits import Act, VisitStatus
from scheduler.domain.whereabouts import Place, Stage
from scheduler.services.changes.agreeing import enter_words
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.whereabouts import may_be_seen, say_where
from scheduler.services.ground.desk import Desk
from scheduler.services.joining.looking import Gate, look
from scheduler.services.joining.rooms import GUEST, Ticket, address, ticket
from scheduler.services.people.consents import lacking
from scheduler.services.visits.attending import gate_answer, patient_tried
from scheduler.video.vendor import Role

NOTHING = Said()


@dataclass(frozen=True, slots=True)
class Coming:
    """What somebody says at the gate; who was let in before need not say where they are."""

    place: Place | None = None
    said: Said = NOTHING
    client: bytes | None = None
    """Keyed hash of where it comes from."""


@dataclass(frozen=True, slots=True)
class Admitted:
    url: str
    due: Sequence[Hint]
    """Messages that are due at once."""


def come_in(desk: Desk, token: str, coming: Coming) -> Admitted:
    """Let the holder of a join link in.

    What they say of the place is kept in any case. Raises Unauthorized, GateClosed, NotLicensed, TooLate for
    another place once the practitioner is there, ConsentRequired, RoomNotReady, and what `carry_out` refuses.
    """
    gate = look(desk, token)
    if gate.door is not Door.OPEN:
        raise GateClosed
    if coming.place:
        if not gate.correctable:
            raise TooLate
        if not say_where(desk, _order(gate, Act.WHEREABOUTS), coming.place, Stage.GATE).allowed:
            raise NotLicensed
    first = gate.status is VisitStatus.BOOKED
    order = _order(gate, Act.ARRIVE if first else Act.JOIN)
    return _enter(desk, order, Role.GUEST, GUEST, lambda scene: _check(scene, gate, coming))


def knock(desk: Desk, token: str) -> None:
    """Somebody is there and cannot come in yet: whoever tried has not stayed away.

    Raises Unauthorized, and what `carry_out` refuses.
    """
    gate = look(desk, token)
    if gate.door is Door.OPEN and gate.status is VisitStatus.BOOKED:
        carry_out(desk, _order(gate, Act.KNOCK), _note_once)


def host(desk: Desk, visit: UUID, actor: Actor) -> Admitted:
    """Let staff in, as hosts. Raises Invalid for a visit that is not by video, GateClosed, RoomNotReady."""

    def perform(scene: Scene) -> None:
        if scene.visit.mode != Mode.TELEMEDICINE:
            raise Invalid([Fault("", "not-by-video")])

    with desk.db.transaction() as session:
        alias = desk.clinics.moment(session).clinic.name
    return _enter(desk, Order(visit, Act.JOIN, actor), Role.HOST, alias, perform)


def _order(gate: Gate, act: Act) -> Order:
    who = gate.holder
    order = Order(who.visit, act, who.actor, at_gate=True)
    return replace(order, recipient=who.recipient, generation=who.generation)


def _enter(desk: Desk, order: Order, role: Role, alias: str, check: Callable[[Scene], None]) -> Admitted:
    tickets: list[Ticket] = []

    def perform(scene: Scene) -> None:
        check(scene)
        tickets.append(ticket(scene))

    done = carry_out(desk, order, perform)
    return Admitted(address(desk, tickets[-1], role, alias), done.due)


def _check(scene: Scene, gate: Gate, coming: Coming) -> None:
    """Consent and licence once more, with the visit locked.

    Which answer of the gate counts for whom staff checked in, staff decided; no licence is none all the same.
    """
    visit, session, clinic = scene.visit, scene.session, scene.moment.clinic
    enter_words(scene, coming.said, coming.client, gate.speaker)
    if missing := lacking(session, clinic, Mode.TELEMEDICINE, visit.id, [gate.speaker]):
        raise ConsentRequired(missing)
    answer = gate_answer(session, visit)
    decided = scene.was is VisitStatus.CHECKED_IN or (answer is not None and answer.licensed)
    if not decided or not may_be_seen(clinic, visit, visit.state):
        raise NotLicensed


def _note_once(scene: Scene) -> None:
    scene.idle = patient_tried(scene.session, scene.visit)
