"""What other services tell us; signed, because anybody could."""

from apiflask import APIBlueprint
from flask import request

from scheduler.api.bodies import accepts
from scheduler.api.runtime import runtime
from scheduler.api.schemas.inbound import InboundOut
from scheduler.channels.inbound.mime import LARGEST_MAIL
from scheduler.domain.errors import NotFound, Unauthorized
from scheduler.domain.signatures import is_signed
from scheduler.services.inbound.receiving import receive

blueprint = APIBlueprint("inbound", __name__, url_prefix="/v1/inbound", tag="Providers")

MAIL = "message/rfc822"


@blueprint.post("/mail")
@blueprint.output(InboundOut, 202)
@blueprint.doc(responses=[401, 404, 413, 415])
@accepts(MAIL)
def take_mail() -> tuple[InboundOut, int]:
    """A mail that came back, or that answers an invite

    The raw message, of 1 MB at most, with `webhook-id`, `webhook-timestamp` and `webhook-signature` as
    Standard Webhooks 1.0 say. The same mail again has no effect. What cannot be read is accepted and set
    aside for a person: sending it again would not help.
    """
    run = runtime()
    secrets = run.settings.inbound_mail_secrets
    if not secrets:
        raise NotFound
    request.max_content_length = LARGEST_MAIL
    raw = request.get_data(cache=False)
    with run.db.reading() as connection:
        now = run.db.now(connection).timestamp() - run.db.offset.total_seconds()  # theirs are no rehearsals
    if not is_signed(secrets, request.headers, raw, now):
        raise Unauthorized
    effect = receive(run.desk, raw)
    run.doorbell.ring(effect.due)
    return InboundOut(outcome=effect.outcome), 202
