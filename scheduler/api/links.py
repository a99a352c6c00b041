"""Links that were lost, and links that came to somebody else."""

from apiflask import APIBlueprint

from scheduler.api.callers import bearer_token
from scheduler.api.runtime import runtime
from scheduler.api.schemas.acts import NothingIn
from scheduler.api.schemas.contact import AcceptedOut, LostLinksIn
from scheduler.domain.errors import Unauthorized
from scheduler.services.telling.disowning import disown
from scheduler.services.telling.relinking import send_links

blueprint = APIBlueprint("links", __name__, url_prefix="/v1", tag="Contact")


@blueprint.post("/links")
@blueprint.input(LostLinksIn)
@blueprint.output(AcceptedOut, 202)
def send_lost_links(json_data: LostLinksIn) -> tuple[AcceptedOut, int, dict[str, str]]:
    """Get lost links again

    Where somebody with this birth date has an open visit with this contact, its links are mailed to the
    address that the visit was booked with; where no mail reaches them, they are texted to its number, if they
    agreed to texts. The answer is the same for everybody.
    """
    run = runtime()
    run.doorbell.ring(send_links(run.desk, json_data.lost()))
    return AcceptedOut(), 202, {"Cache-Control": "no-store"}


@blueprint.post("/not-you")
@blueprint.input(NothingIn)
@blueprint.output({}, 204)
@blueprint.doc(security="bearer", responses=[401])
def disown_address(json_data: NothingIn) -> str:
    """Say that one is not the patient

    With the token of the "Not you?" link of a mail. Nothing more goes to its address, what went there opens
    nothing any more, and staff look for the patient.
    """
    token = bearer_token()
    if not token:
        raise Unauthorized
    disown(runtime().desk, token)
    return ""
