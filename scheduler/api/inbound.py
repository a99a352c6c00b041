"""What other services tell us; signed, because anybody could."""

from typing import Any
from xml.sax.saxutils import escape

from apiflask import APIBlueprint
from flask import Response, request

from scheduler.api.bodies import FORM, accepts
from scheduler.api.runtime import runtime
from scheduler.api.schemas.inbound import InboundOut
from scheduler.channels.inbound.mime import LARGEST_MAIL
from scheduler.channels.sms.providers import TWILIO_STATUS, twilio_account
from scheduler.channels.sms.reports import twilios_report
from scheduler.channels.sms.signed import is_twilios
from scheduler.channels.sms.twilio import NAMES_TEXT
from scheduler.domain.errors import BadSignature, NotFound
from scheduler.domain.signatures import is_signed
from scheduler.services.inbound.receipts import take_report
from scheduler.services.inbound.receiving import receive
from scheduler.services.inbound.texts import Texted, receive_text

blueprint = APIBlueprint("inbound", __name__, url_prefix="/v1/inbound", tag="Providers")

MAIL, XML = "message/rfc822", "text/xml"
TWIML: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    200: {"description": "TwiML", "content": {XML: {"schema": {"type": "string"}}}},
    401: {"description": "Unauthorized"},
    404: {"description": "Not Found"},
    413: {"description": "Request Entity Too Large"},
    415: {"description": "Unsupported Media Type"},
}
"""What the page for texts answers."""


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
    with run.db.single() as connection:
        now = run.db.timestamp(run.db.now(connection))
    if not is_signed(secrets, request.headers, raw, now):
        raise BadSignature
    effect = receive(run.desk, raw)
    run.doorbell.ring(effect.due)
    return InboundOut(outcome=effect.outcome), 202


@blueprint.post(TWILIO_STATUS.removeprefix("/v1/inbound"))
@blueprint.output({}, 204)
@blueprint.doc(responses=[401, 404, 413, 415])
@accepts(FORM)
def take_report_of_twilios() -> str:
    """What became of a text

    As Twilio posts it: `MessageSid`, `MessageStatus`, `ErrorCode`, signed with `X-Twilio-Signature` over the
    public address. In any order, and again: a text only moves forward.
    """
    said, run = _twilios_form(), runtime()
    report = twilios_report(said, request.args.get(NAMES_TEXT, ""))
    if report is not None:
        run.doorbell.ring(take_report(run.desk, report))
    return ""


@blueprint.post("/twilio/sms")
@blueprint.doc(responses=TWIML)
@accepts(FORM)
def take_text_from_twilio() -> Response:
    """A text that came in

    As Twilio posts it: `MessageSid`, `From`, `Body`, signed like its reports. C confirms, STOP and its like
    end texts, START begins them again where the patient once agreed, HELP helps, WRONG says that the number
    is somebody else's. Nothing else has an effect; the same text again has none.
    """
    said, run = _twilios_form(), runtime()
    meant = said.get("OptOutType", "")  # by a messaging service, which has answered STOP and the like itself
    words = meant or said.get("Body", "")
    text = Texted(said.get("MessageSid", ""), said.get("From", ""), words, answered=bool(meant))
    reply = receive_text(run.desk, text)
    run.doorbell.ring(reply.due)
    message = f"<Message>{escape(reply.words)}</Message>" if reply.words else ""
    twiml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'
    return Response(twiml, content_type=f"{XML}; charset=utf-8")


def _twilios_form() -> dict[str, str]:
    """What Twilio says. Raises NotFound where no texts go by Twilio; BadSignature."""
    settings = runtime().settings
    account = twilio_account(settings.texts_url)
    if account is None:
        raise NotFound
    query = request.query_string.decode(errors="replace")
    url = f"{settings.public_url.rstrip('/')}{request.path}{query and '?'}{query}"
    form = request.form.to_dict(flat=False)
    if not is_twilios(account.token, url, form, request.headers.get("X-Twilio-Signature", "")):
        raise BadSignature
    return request.form.to_dict()
