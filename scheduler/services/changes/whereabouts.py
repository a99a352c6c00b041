"""Where the patient of a visit by video is: asked before the visit and at its gate; every answer is kept.

The gate calls `say_where` with `Stage.GATE` and lets nobody in whose answer is not `allowed`. An answer can
be corrected by saying another, by the patient until staff have checked them in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.db.dropping import drop_some
from scheduler.db.models import Visit, Whereabouts
from scheduler.db.secrets import Vault
from scheduler.domain.clinic import Clinic, Mode
from scheduler.domain.errors import Fault, Invalid
from scheduler.domain.tasks import TaskKind
from scheduler.domain.whereabouts import Place, Stage
from scheduler.services.changes.scene import Changed, Order, Scene, carry_out
from scheduler.services.clinic.current import Moment
from scheduler.services.ground.desk import Desk
from scheduler.services.tasks.opening import close_tasks, open_task

SEALED = "whereabouts.place"
BEFORE_VISIT = timedelta(hours=2)
"""By so long before the visit staff have dealt with somebody who will be where they may not be seen."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The visit as it is now, and whether the patient may be seen there."""

    changed: Changed
    allowed: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said earlier."""

    at: datetime
    actor: str
    stage: Stage
    licensed: bool
    place: Place


def say_where(desk: Desk, order: Order, place: Place, stage: Stage) -> Heard:
    """Write down where the patient is. Where they may not be seen, it is written down too, with a task for
    staff; the visit stays.

    Raises Invalid for a visit that is not by video, and what `carry_out` refuses.
    """
    allowed = False

    def perform(scene: Scene) -> None:
        nonlocal allowed
        if scene.visit.mode != Mode.TELEMEDICINE:
            raise Invalid([Fault("", "not-by-video")])
        allowed = may_be_seen(scene.moment.clinic, scene.visit, place.state)
        _enter(scene, place, stage, allowed)
        scene.visit.state = place.state
        _tell_staff(scene, place.state, allowed)

    return Heard(carry_out(desk, order, perform), allowed)


def may_be_seen(clinic: Clinic, visit: Visit, state: str | None) -> bool:
    """Whether the visit's practitioner is licensed there on its local date."""
    who = clinic.practitioner(visit.practitioner)
    return who is not None and who.is_licensed(state, visit.start_wall.date())


def answers(session: Session, vault: Vault, visit: UUID) -> Sequence[Answer]:
    """All that was said, the last word last."""
    said = select(Whereabouts).where(Whereabouts.visit_id == visit).order_by(Whereabouts.at)
    return [
        Answer(each.at, each.actor, Stage(each.stage), each.licensed, _place(vault, each))
        for each in session.scalars(said)
    ]


def forget(session: Session, moment: Moment) -> int:
    """Drop answers of visits that are over for as long as the clinic file says; how many."""
    ended = select(Visit.id).where(Visit.ends_at < moment.now - timedelta(minutes=moment.clinic.keep_places))
    return drop_some(session, Whereabouts, Whereabouts.visit_id.in_(ended))


def _enter(scene: Scene, place: Place, stage: Stage, allowed: bool) -> None:
    id = uuid4()
    scene.session.add(
        Whereabouts(
            id=id,
            visit_id=scene.visit.id,
            at=scene.moment.now,
            actor=str(scene.order.actor),
            stage=stage,
            licensed=allowed,
            place=scene.desk.secrets.vault.seal(SEALED, id, orjson.dumps(place).decode()),
        )
    )


def _tell_staff(scene: Scene, state: str, allowed: bool) -> None:
    visit, session, now, actor = scene.visit, scene.session, scene.moment.now, scene.order.actor
    close_tasks(session, TaskKind.NOWHERE, visit.id, actor, now)
    if allowed:
        close_tasks(session, TaskKind.NOT_LICENSED, visit.id, actor, now)
    else:
        due = max(now, visit.starts_at - BEFORE_VISIT)
        open_task(session, TaskKind.NOT_LICENSED, visit.id, f"{visit.practitioner}:{state}", due, now)


def _place(vault: Vault, row: Whereabouts) -> Place:
    return Place(**orjson.loads(vault.open(SEALED, row.id, row.place)))
