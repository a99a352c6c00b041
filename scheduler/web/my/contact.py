"""How its holder is reached: asked with the patient's birth date, since whoever is reached gets the links."""

from collections.abc import Mapping
from uuid import UUID

from flask import Response, request

from scheduler.api.limits import count_guess
from scheduler.api.runtime import runtime
from scheduler.api.schemas.contact import OwnContactIn
from scheduler.domain.consents import ConsentKind
from scheduler.domain.errors import Fault, Invalid
from scheduler.domain.messages import ChannelName
from scheduler.domain.typing_errors import likely_meant
from scheduler.domain.visits import Act
from scheduler.messages.facts import spoken_phone
from scheduler.services.changes.contact import ContactChange, change_contact
from scheduler.services.changes.own_visit import OwnVisit, is_born_on
from scheduler.services.changes.scene import Changed
from scheduler.web.faults import explained
from scheduler.web.forms import birth_date, field, read
from scheduler.web.going import go
from scheduler.web.my.holding import hand_over, own
from scheduler.web.my.showing import REFUSALS, do, refusal, show, to_visit, visit_page
from scheduler.web.pages import Pages
from scheduler.web.speech import address, language
from scheduler.web.texts import words

CONTACT = ("email", "phone", "language")
BORN = ("birth_month", "birth_day", "birth_year")
CHANNELS = (ChannelName.EMAIL, ChannelName.SMS)
FIELDS = {"": "email", "/email": "email", "/phone": "phone", "/language": "language", "/birth_date": "birth"}
SURE = "email_sure"
"""The address that somebody was asked about, and meant."""


def add_to(pages: Pages) -> None:
    pages.get("/<uuid:id>/contact")(show_contact)
    pages.post("/<uuid:id>/contact")(set_contact)


def show_contact(id: UUID) -> Response:
    seen = own()
    who = seen.contact
    values = {"email": who.email or "", "phone": spoken_phone(who.phone or ""), "language": who.language}
    return _contact(seen, values, who.channels, {})


def _contact(
    seen: OwnVisit,
    values: Mapping[str, str],
    channels: tuple[str, ...],
    errors: dict[str, str],
    meant: str | None = None,
) -> Response:
    if Act.CONTACT not in seen.can:
        return visit_page(409, refused="illegal-transition")
    asked = {"email": meant} if meant else {}
    return show("contact", seen, errors=errors, values=values, channels=channels, meant=asked, every=CHANNELS)


def set_contact(id: UUID) -> Response:
    """What was emptied is taken away. Nothing typed is lost."""
    seen, typed = own(), {name: field(name) for name in (*CONTACT, *BORN)}
    channels = tuple(each for each in CHANNELS if each in request.form.getlist("channels"))
    try:
        change = _change(seen, typed, channels)
        if meant := _meant(typed["email"], seen):
            text = words(language())["book"]["about"]["unsure"]
            return _contact(seen, typed, channels, {"email": text}, meant)
        done = do(Act.CONTACT, lambda scene: change_contact(scene, change))
    except Invalid as invalid:
        return _contact(seen, typed, channels, explained(invalid.faults, FIELDS))
    except REFUSALS as error:
        return refusal(error)
    return _reached(done, seen, channels)


def _change(seen: OwnVisit, typed: Mapping[str, str], channels: tuple[str, ...]) -> ContactChange:
    """Raises Invalid, also for a birth date that is not the patient's."""
    said = {name: typed[name] for name in CONTACT} | {"birth_date": birth_date(typed)}
    checked = read(OwnContactIn, said)
    count_guess(seen.visit.id)
    run = runtime()
    with run.db.transaction() as session:
        if not is_born_on(session, run.desk, seen.visit.id, checked.birth_date):
            raise Invalid([Fault("/birth_date", "mismatch")])
    fields = {"email": checked.email, "phone": checked.phone, "channels": channels}
    return ContactChange({**fields, **({"language": checked.language} if checked.language else {})})


def _meant(email: str, seen: OwnVisit) -> str | None:
    """Of a new address that looks like a slip, unless somebody was asked already and meant it."""
    known = email in (seen.contact.email, *request.form.getlist(SURE))
    return None if known else likely_meant(email)


def _reached(done: Changed, seen: OwnVisit, channels: tuple[str, ...]) -> Response:
    """On with the new link: the old one may have ended. Who wishes texts is asked to agree to them."""
    id, asks_for_texts = done.visit.id, any(each.kind == ConsentKind.SMS for each in seen.clinic.consents)
    texts = ChannelName.SMS in channels and asks_for_texts
    answer = go(address("my.show_agree", id=id)) if texts else to_visit(Act.CONTACT)
    return hand_over(answer, id, done.visit.manage_token)
