"""Ending links before their time: those that got into wrong hands, and those of a helper."""

from scheduler.db.models import Recipient
from scheduler.domain.errors import Fault, GuardianRequired, Invalid
from scheduler.domain.minors import GUARDIANS
from scheduler.services.changes.contact import retire, tell_newcomer
from scheduler.services.changes.roles import find_recipient
from scheduler.services.changes.scene import Scene
from scheduler.services.people.guarding import is_under_age
from scheduler.services.people.links import renew_links
from scheduler.services.people.recipients import BOOKED_BY, PATIENT, involved
from scheduler.services.telling.carrying import compose_anew


def revoke_links(scene: Scene, role: str) -> None:
    """What this recipient was given opens nothing any more; what they are sent from now on does.

    Raises Invalid where nobody has this role.
    """
    who = find_recipient(scene, role)
    renew_links(scene.session, scene.desk, who)
    scene.session.flush()
    scene.due += compose_anew(scene.session, who.id)


def end_helper(scene: Scene) -> None:
    """Whoever booked for the patient has no more to do with the visit; the patient hears of it instead.

    Raises GuardianRequired for the guardian of a patient under age, who would be left to themselves at the
    gate; Invalid where the patient could not be told anything.
    """
    helper = scene.session.scalars(involved(scene.visit.id).where(Recipient.role == BOOKED_BY)).one_or_none()
    if helper is None:
        scene.idle = True
        return
    if helper.relationship in GUARDIANS and is_under_age(
        scene.session, scene.desk, scene.visit, scene.visit.start_wall.date()
    ):
        raise GuardianRequired
    patient = find_recipient(scene, PATIENT)
    if not (patient.email or patient.phone):
        raise Invalid([Fault("", "no-contact")])
    retire(scene, helper)
    if not patient.receives:
        patient.receives = True
        tell_newcomer(scene, patient)
