"""How people are reached, and which of their links are good."""

from collections.abc import Callable
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from scheduler.api.callers import caller
from scheduler.api.runtime import runtime
from scheduler.api.schemas.contact import ContactChangeIn, RecipientIn, RevokeIn
from scheduler.api.schemas.visits import VisitOut
from scheduler.api.versions import expected_version
from scheduler.api.visit_json import visit_answer
from scheduler.domain.errors import Forbidden
from scheduler.domain.visits import Act
from scheduler.services.accounts.access import Caller, may_act_on
from scheduler.services.changes.contact import change_contact
from scheduler.services.changes.mailing_again import mail_again
from scheduler.services.changes.revoking import end_helper, revoke_links
from scheduler.services.changes.scene import Changed, Order, Scene, carry_out

blueprint = APIBlueprint("contact", __name__, url_prefix="/v1/visits/<uuid:id>", tag="Contact")

REFUSALS = [401, 403, 404, 409, 412]


@blueprint.patch("/contact")
@blueprint.input(ContactChangeIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def update_contact(id: UUID, json_data: ContactChangeIn) -> Response:
    """Change how somebody is reached

    What went to the old mail address opens nothing any more; a calendar entry there is taken away, and the
    new address gets its own. The answer holds the new links. The same contact again changes nothing.
    """
    change, who = json_data.change(), caller()
    done = _carry_out(id, Act.CONTACT, lambda scene: change_contact(scene, change), change.role, who)
    return visit_answer(done.visit, who.actor)


@blueprint.post("/mail-again")
@blueprint.input(RecipientIn)
@blueprint.output(VisitOut)
@blueprint.doc(security="bearer", responses=REFUSALS)
def mail_visit_again(id: UUID, json_data: RecipientIn) -> Response:
    """Mail somebody again whose address was given up

    For staff who know that the address is good although mail came back, or was called spam. Its reminders
    go by mail again; a message that did not arrive is sent with `/v1/messages/{id}/resend`. Where its reader
    said that they are not the patient, only another address helps: 409.
    """
    who, role = caller(), json_data.recipient
    if not may_act_on(who, id).is_staff:
        raise Forbidden
    done = _carry_out(id, Act.MAIL_AGAIN, lambda scene: mail_again(scene, role), role, who)
    return visit_answer(done.visit, who.actor)


@blueprint.post("/revoke-links")
@blueprint.input(RevokeIn)
@blueprint.output({}, 204)
@blueprint.doc(security="bearer", responses=REFUSALS)
def revoke_visit_links(id: UUID, json_data: RevokeIn) -> str:
    """Make the links of somebody worthless

    For staff. What they are sent from now on has new ones, unless their access ends.
    """
    who, role = caller(), json_data.recipient
    if not may_act_on(who, id).is_staff:
        raise Forbidden
    if json_data.end:
        _carry_out(id, Act.END_HELPER, end_helper, role, who)
    else:
        _carry_out(id, Act.REVOKE_LINKS, lambda scene: revoke_links(scene, role), role, who)
    return ""


def _carry_out(
    id: UUID, act: Act, perform: Callable[[Scene], None], whose: str | None, who: Caller
) -> Changed:
    run, actor = runtime(), may_act_on(who, id)
    order = Order(id, act, actor, expected_version(), whose, who.recipient, who.generation)
    done = carry_out(run.desk, order, perform)
    run.doorbell.ring(done.due)
    return done
