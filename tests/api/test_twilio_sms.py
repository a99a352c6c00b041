"""Texts to the clinic's number: what they may do, and that they do nothing else."""

import itertools
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Consent, InboundText, Recipient, Suppression, Task, Visit, VisitEvent
from scheduler.domain.messages import ChannelName, MessageKind
from scheduler.services.telling.suppressing import suppress
from tests.api.conftest import Serve
from tests.api.contract import Contract
from tests.api.people import booked, patient_of
from tests.api.twilio import PHONE, book, post, signature, with_twilio
from tests.cast import patient
from tests.outbox.conftest import rows

PATH = "/v1/inbound/twilio/sms"
OTHER = "+14095550177"


@pytest.fixture
def client(run: Runtime, contract: Contract) -> FlaskClient:
    return with_twilio(run, contract)


class Phone:
    """Somebody who texts the clinic; each text is another one."""

    def __init__(self, client: FlaskClient, number: str = PHONE) -> None:
        self.client, self.number = client, number
        self.ids: Iterator[str] = (f"SM{number[-4:]}{count}" for count in itertools.count())

    def says(self, words: str, sid: str = "", **more: str) -> str | None:
        """What is answered at once."""
        form = {"MessageSid": sid or next(self.ids), "From": self.number, "To": "+14095550100", "Body": words}
        answer = post(self.client, PATH, {**form, **more})
        assert (answer.status_code, answer.mimetype) == (200, "text/xml")
        response = ElementTree.fromstring(answer.data)
        assert response.tag == "Response"
        return response.findtext("Message")


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


def visit_row(run: Runtime, id: UUID) -> Visit:
    with run.db.transaction() as session:
        return session.get_one(Visit, id)


def everything(run: Runtime, id: UUID) -> list[Any]:
    """What a text could move."""
    visit = visit_row(run, id)
    messages = [(each.id, each.state, each.due_at) for each in rows(run, id)]
    return [visit.version, visit.status, visit.starts_at, visit.confirmed_at, visit.sequence, messages]


def tasks(run: Runtime) -> list[str]:
    with run.db.transaction() as session:
        return sorted(session.scalars(select(Task.kind).where(Task.done_at.is_(None))))


def reason(run: Runtime) -> str | None:
    with run.db.transaction() as session:
        ours = select(Suppression.reason).where(Suppression.channel == ChannelName.SMS)
        return session.scalars(ours).one_or_none()


def outcomes(run: Runtime) -> list[str]:
    with run.db.transaction() as session:
        return list(session.scalars(select(InboundText.outcome).order_by(InboundText.reference)))


def pending(run: Runtime, visit: UUID) -> set[tuple[str, str]]:
    return {(each.kind, each.channel) for each in rows(run, visit) if each.state == "pending"}


# ------------------------------------------------------------------------------------------------ confirming


def test_c_confirms(run: Runtime, client: FlaskClient, phone: Phone) -> None:
    visit = book(client)
    assert phone.says("C") == "Example Clinic: thank you, your appointment is confirmed."
    assert visit_row(run, visit).confirmed_at is not None
    with run.db.transaction() as session:
        act = session.scalars(select(VisitEvent).order_by(VisitEvent.id.desc())).first()
    assert act
    assert (act.act, act.actor, act.reason) == ("confirm", "patient", "text")


def test_the_answer_is_in_the_patients_language(client: FlaskClient, phone: Phone) -> None:
    book(client, language="es")
    assert phone.says("c") == "Example Clinic: gracias, su cita queda confirmada."


def test_with_two_visits_ahead_each_has_its_link_and_none_is_confirmed(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    """Also where a number is a family's."""
    visits = book(client, 0), book(client, 1, hour=11)
    assert phone.says("C") is None
    assert {visit_row(run, each).confirmed_at for each in visits} == {None}
    sent = [each for visit in visits for each in rows(run, visit, MessageKind.LINKS)]
    assert [(each.channel, each.state, each.queue) for each in sent] == [("sms", "pending", "urgent")] * 2
    phone.says("C")
    assert sum(len(rows(run, visit, MessageKind.LINKS)) for visit in visits) == 2, "not again within minutes"
    assert outcomes(run) == ["links", "links"]


def test_one_that_is_over_or_cancelled_or_not_approved_is_not_meant(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    visit, cancelled = book(client), book(client, 1, hour=11)
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == cancelled).values(status="cancelled"))
    phone.says("C")
    assert visit_row(run, visit).confirmed_at is not None
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == visit).values(status="pending", confirmed_at=None))
    assert phone.says("C") == (
        "Example Clinic: nobody reads texts here. Call (409) 555-0100. Emergency: 911. C=confirm STOP=end"
    )
    assert visit_row(run, visit).confirmed_at is None


def test_who_books_for_somebody_confirms_for_them(run: Runtime, client: FlaskClient) -> None:
    helper = {"name": "Sam Example", "relationship": "child", "phone": OTHER, "receives": "instead"}
    visit = booked(client, patient=patient(0), booked_by=helper, consents=["sms:1"])
    Phone(client, OTHER).says("C")
    with run.db.transaction() as session:
        actors = session.scalars(select(VisitEvent.actor).where(VisitEvent.act == "confirm")).all()
    assert (actors, visit_row(run, UUID(visit["id"])).status) == (["booked_by"], "booked")


def test_the_same_text_again_has_no_effect(run: Runtime, client: FlaskClient, phone: Phone) -> None:
    visit = book(client)
    assert phone.says("C", sid="SM1") is not None
    before = everything(run, visit)
    assert phone.says("C", sid="SM1") is None
    assert phone.says("STOP", sid="SM1") is None
    assert everything(run, visit) == before
    assert outcomes(run) == ["confirmed"]


def test_an_old_start_that_somebody_plays_again_does_not_undo_a_stop(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    book(client)
    phone.says("STOP")
    phone.says("START", sid="SM1")
    phone.says("STOP")
    phone.says("START", sid="SM1")
    assert reason(run) == "opted-out"


def test_of_the_same_text_twice_at_once_one_counts(run: Runtime, client: FlaskClient) -> None:
    visit = book(client)
    phones = [Phone(client.application.test_client()) for _ in range(4)]
    threads = [threading.Thread(target=each.says, args=("C", "SM1")) for each in phones]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with run.db.transaction() as session:
        acts = session.scalars(select(VisitEvent.act).where(VisitEvent.visit_id == visit)).all()
    assert acts == ["book", "confirm"]


# ---------------------------------------------------------------------------------------------- ending texts


@pytest.mark.parametrize("word", ["STOP", "stop.", "CANCEL", "END", "ALTO"])
def test_stop_ends_texts_and_leaves_the_appointment_alone(
    run: Runtime, client: FlaskClient, phone: Phone, word: str
) -> None:
    visit = book(client)
    before = everything(run, visit)[:5]
    told = phone.says(word) or ""
    assert told.startswith("Example Clinic: no more texts. Your appointments are unchanged.")
    assert everything(run, visit)[:5] == before
    assert (reason(run), tasks(run)) == ("opted-out", ["opted-out"])
    assert {channel for _, channel in pending(run, visit)} == {"email"}
    assert phone.says("STOP") is None, "one answer"
    assert tasks(run) == ["opted-out"]


def test_stop_is_the_numbers_and_every_patient_on_it_is_reached_otherwise(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    one, other = book(client, 0), book(client, 1, hour=11, email=None)
    phone.says("STOP")
    assert {channel for _, channel in pending(run, one)} == {"email"}
    assert {channel for _, channel in pending(run, other)} == {"call"}


def test_stop_from_a_number_that_nobody_knows_is_kept(run: Runtime, client: FlaskClient) -> None:
    Phone(client, OTHER).says("STOP")
    assert (reason(run), tasks(run)) == ("opted-out", [])
    visit = book(client, phone=OTHER)
    assert {channel for _, channel in pending(run, visit)} == {"email"}


def test_start_begins_texts_again_where_the_patient_once_agreed(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    visit = book(client)
    planned = pending(run, visit)
    phone.says("STOP")
    assert phone.says("START") == "Example Clinic: texts about your appointments are on again. STOP=end"
    assert (reason(run), tasks(run)) == (None, [])
    assert pending(run, visit) == planned - {("confirmed", "sms")}, "which went by mail"
    assert phone.says("START") is not None
    assert outcomes(run) == ["stopped", "started", "nothing"]


@pytest.mark.parametrize("word", ["STOP", "WRONG"])
def test_who_stops_a_second_time_gets_mail_as_after_the_first(
    run: Runtime, client: FlaskClient, phone: Phone, word: str
) -> None:
    visit = book(client)
    phone.says("STOP")
    phone.says("START")
    phone.says(word)
    assert {channel for _, channel in pending(run, visit)} == {"email"}, "nobody calls whom mail reaches"
    phone.says("START")
    assert ("reminder", "sms") in pending(run, visit) or word == "WRONG"


def test_start_without_consent_on_file_begins_nothing(run: Runtime, client: FlaskClient) -> None:
    booked(client, patient=patient(0, phone=OTHER))
    phone = Phone(client, OTHER)
    refused = "Example Clinic: nobody agreed to texts at this number. Please call (409) 555-0100."
    assert phone.says("START") == refused
    phone.says("STOP")
    assert phone.says("START") == refused
    assert reason(run) == "opted-out"
    with run.db.transaction() as session:
        assert session.scalars(select(Consent.kind)).all() == []


@pytest.mark.parametrize("why", ["number-dead", "no-texts"])
def test_start_undoes_only_what_its_owner_did(
    run: Runtime, client: FlaskClient, phone: Phone, why: str
) -> None:
    visit = book(client)
    with run.db.transaction() as session:
        number = session.scalars(select(Recipient.phone_hash).where(Recipient.visit_id == visit)).one()
        assert number
        suppress(session, ChannelName.SMS, number, why, run.db.now(session))
    phone.says("START")
    assert reason(run) == why


def test_where_twilio_has_answered_by_itself_we_do_not(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    book(client)
    assert phone.says("BASTA", OptOutType="STOP") is None
    assert reason(run) == "opted-out"
    assert phone.says("help", OptOutType="HELP") is None
    assert phone.says("yes", OptOutType="START") is None
    assert reason(run) is None


# --------------------------------------------------------------------------------------------- somebody else


def test_a_wrong_number_hears_nothing_more_and_opens_nothing(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    visit = booked(client, patient=patient(0, phone=PHONE), consents=["sms:1"])
    mine, address = patient_of(visit), f"/v1/visits/{visit['id']}"
    assert client.get(address, headers=mine).status_code == 200
    assert phone.says("Wrong number") == "Example Clinic: thank you. This number gets no more texts."
    assert client.get(address, headers=mine).status_code == 401
    assert (reason(run), tasks(run)) == ("wrong-number", ["wrong-number"])
    assert visit_row(run, UUID(visit["id"])).status == "booked"
    for words in ("WRONG", "START", "C", "hello"):
        assert phone.says(words) is None
    assert (reason(run), tasks(run)) == ("wrong-number", ["wrong-number"])
    assert visit_row(run, UUID(visit["id"])).confirmed_at is None


def test_who_opted_out_first_can_still_say_that_the_number_is_wrong(
    run: Runtime, client: FlaskClient, phone: Phone
) -> None:
    book(client)
    phone.says("STOP")
    phone.says("NUMERO EQUIVOCADO")
    assert (reason(run), tasks(run)) == ("wrong-number", ["opted-out", "wrong-number"])


# ----------------------------------------------------------------------------------------------- other words


@pytest.mark.parametrize(
    "words",
    [
        "cancel my appointment",
        "move me to Friday",
        "I cannot feel my legs",
        "",
        "who are you",
        "\x00<b>&",
        "?",
    ],
)
def test_other_words_do_nothing_and_are_kept_nowhere(
    run: Runtime, client: FlaskClient, phone: Phone, words: str
) -> None:
    visit = book(client)
    before = everything(run, visit)
    told = phone.says(words)
    assert told is not None
    assert "nobody reads texts here. Call (409) 555-0100. Emergency: 911." in told
    assert everything(run, visit) == before
    with run.db.transaction() as session:
        kept = session.scalars(select(InboundText)).one()
    assert (kept.outcome, kept.answered) == ("not-understood", True)
    assert phone.says("and again") is None, "two machines would never stop"


def test_help_is_always_answered_and_in_the_words_language_where_nobody_is_known(client: FlaskClient) -> None:
    phone = Phone(client, OTHER)
    assert [phone.says("HELP"), phone.says("HELP")] == [
        "Example Clinic: texts about appointments. C=confirm STOP=end. Call (409) 555-0100. Emergency: 911."
    ] * 2
    assert (phone.says("AYUDA") or "").startswith("Example Clinic: mensajes sobre citas.")


def test_known_and_unknown_numbers_are_answered_alike(client: FlaskClient, phone: Phone) -> None:
    booked(client, patient=patient(0, phone=PHONE))
    stranger = Phone(client, OTHER)
    for words in ("hello", "HELP", "START"):
        assert phone.says(words) == stranger.says(words)


def test_what_is_not_signed_is_not_read(run: Runtime, client: FlaskClient) -> None:
    visit = book(client)
    form = {"MessageSid": "SM1", "From": PHONE, "Body": "STOP"}
    good = signature(PATH, form)
    refused = [
        post(client, PATH, form, ""),
        post(client, PATH, form, signature(PATH, form, "another")),
        post(client, PATH, {**form, "From": OTHER}, good),
        post(client, PATH, {**form, "OptOutType": "START"}, good),
        post(client, PATH, form, signature("/v1/inbound/twilio/status", form)),
        client.post(PATH, data=form),
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert {answer.get_json()["type"] for answer in refused} == {"/problems/bad-signature"}
    assert (reason(run), outcomes(run)) == (None, [])
    assert client.post(PATH, json=form).status_code == 415
    assert visit_row(run, visit).confirmed_at is None


def test_without_twilio_there_is_no_such_page(clinic: object, serve: Serve) -> None:
    assert (
        post(serve(sms_url="off"), PATH, {"MessageSid": "SM1", "From": PHONE, "Body": "C"}).status_code == 404
    )
