"""An address that is given up: its calendar entry goes, and the new address gets one; by real mail."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.calendars.lint import event_of, faults
from scheduler.channels.email import EmailChannel
from scheduler.channels.outcome import Verdict
from scheduler.db.models import Message, Recipient, Visit
from scheduler.domain.actors import SYSTEM
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.domain.visits import Act
from scheduler.services.changes.contact import ContactChange, change_contact
from scheduler.services.changes.revoking import end_helper, revoke_links
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.outbox.delivering import PostRoom
from scheduler.services.outbox.fence import Passage
from scheduler.services.people.recipients import BOOKED_BY, NOT_YOU, PATIENT
from scheduler.services.telling.disowning import disown
from scheduler.services.telling.relinking import Lost, send_links
from tests.cast import at, wish
from tests.outbox.conftest import claimed, finished, first, row, rows
from tests.outbox.postbox import act, make_round, reschedule
from tests.outbox.test_fence import pass_fence
from tests.smtp import ScriptedServer

OLD, NEW, PARENT = "pat0@patients.example", "new@patients.example", "parent@patients.example"
HELPER = {"name": "Parent Example", "relationship": "parent", "email": PARENT, "receives": "also"}


class Letter(NamedTuple):
    """A mail as it came."""

    to: str
    method: str | None
    sequence: int | None
    mail: EmailMessage
    calendar: bytes

    @property
    def body(self) -> str:
        part = self.mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content())


def letters(smtp: ScriptedServer) -> list[Letter]:
    return [_letter(each) for each in smtp.messages]


def _letter(content: bytes) -> Letter:
    mail = message_from_bytes(content, policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    for part in mail.walk():
        if part.get_content_type() == "text/calendar":
            calendar = part.get_payload(decode=True)
            assert isinstance(calendar, bytes)
            method = str(part.get_param("method"))
            assert faults(calendar, method) == []
            return Letter(str(mail["To"]), method, int(event_of(calendar)["SEQUENCE"].value), mail, calendar)
    return Letter(str(mail["To"]), None, None, mail, b"")


def brief(smtp: ScriptedServer) -> list[tuple[str, str | None, int | None]]:
    return [each[:3] for each in letters(smtp)]


@pytest.fixture
def post(run: Runtime, room: PostRoom) -> Any:
    """Delivers everything that is due."""
    channel = room.channels[ChannelName.EMAIL]
    assert isinstance(channel, EmailChannel)
    return lambda: make_round(run, channel)


def booked(client: FlaskClient, **more: Any) -> UUID:
    answer = client.post("/v1/visits", json=wish(at(8, 10), **more))
    assert answer.status_code == 201, answer.text
    return UUID(answer.get_json()["id"])


def change(run: Runtime, visit: UUID, role: str = PATIENT, notice: bool = True, **fields: str | None) -> None:
    wanted = ContactChange(fields, role, notice)
    carry_out(run.desk, Order(visit, Act.CONTACT, SYSTEM), lambda scene: change_contact(scene, wanted))


def withdrawn(run: Runtime) -> list[Message]:
    return rows(run, kind=MessageKind.WITHDRAWN)


def test_the_old_address_gets_a_cancel_and_the_new_one_an_invite_to_the_same_entry(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    change(run, visit, email=NEW)
    post()
    assert brief(smtp) == [(OLD, "REQUEST", 0), (OLD, "CANCEL", 1), (NEW, "REQUEST", 1)]
    invited, gone, invited_anew = letters(smtp)
    uids = {event_of(each.calendar)["UID"].value for each in letters(smtp)}
    assert len(uids) == 1
    assert event_of(gone.calendar)["STATUS"].value == "CANCELLED"
    assert event_of(gone.calendar)["ATTENDEE"].value == f"mailto:{OLD}"
    assert event_of(gone.calendar)["DTSTART"].value == event_of(invited.calendar)["DTSTART"].value
    assert gone.mail["References"] == invited.mail["Message-ID"]
    assert invited_anew.mail["References"] is None
    assert invited_anew.mail["Subject"] == "Your appointment on Dec 8"


def test_the_old_address_learns_nothing_but_that_it_is_out_of_it(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    change(run, visit, email=NEW)
    post()
    gone = letters(smtp)[1]
    said, _, link = gone.body.rpartition("https://visits.example/not-you/")
    assert re.fullmatch(r"[\w-]{22}\s*", link)
    assert " ".join(said.split()) == (
        "This appointment is no longer managed through this address."
        " If this is a surprise, please call Example Clinic at (409) 555-0100."
        " Not you? Tell us here, and we write no more to this address:"
    )
    html = gone.mail.get_body(("html",))
    assert html is not None
    for said in (gone.body, html.get_content(), gone.calendar.decode(), str(gone.mail["Subject"])):
        for secret in ("https://visits.example/v/", NEW, "Pat", "December", "Dec 8", "Video", "LOCATION"):
            assert secret not in said


def test_where_nothing_was_accepted_nothing_is_taken_away(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    change(run, visit, email=NEW)
    post()
    assert brief(smtp) == [(NEW, "REQUEST", 1)]


def test_staff_may_spare_a_wrong_address_the_notice(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    change(run, visit, notice=False, email=NEW)
    post()
    assert brief(smtp) == [(OLD, "REQUEST", 0), (NEW, "REQUEST", 1)]


def test_a_repeat_sends_nothing_twice(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    for _ in range(3):
        change(run, visit, email=NEW)
        post()
    assert len(smtp.messages) == 3


def test_a_mail_that_was_on_its_way_counts_as_accepted_and_is_not_sent_again(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    held = claimed(run, first(run, visit))
    assert pass_fence(run, held) is Passage.GO
    change(run, visit, email=NEW)
    post()
    assert brief(smtp) == [(NEW, "REQUEST", 1)], "the CANCEL waits for what is on its way"
    finished(run, held, Verdict.UNKNOWN)
    post()
    post()
    assert brief(smtp)[1:] == [(OLD, "CANCEL", 1)]
    assert row(run, held.id).state == MessageState.SUPERSEDED


def test_a_mail_that_a_worker_had_in_hand_does_not_leave_any_more(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    held = claimed(run, first(run, visit))
    change(run, visit, email=NEW)
    assert pass_fence(run, held) in (Passage.LOST, Passage.VOID)
    assert withdrawn(run) == []


def test_others_are_told_once_whatever_a_worker_had_in_hand_for_them(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client, booked_by=HELPER)
    helper = next(
        each for each in rows(run, kind=MessageKind.CONFIRMED) if each.recipient_id == of(run, BOOKED_BY)
    )
    held = claimed(run, helper.id)
    change(run, visit, email=NEW)
    assert pass_fence(run, held) is Passage.LOST
    post()
    assert sorted(brief(smtp)) == [(NEW, "REQUEST", 1), (PARENT, "REQUEST", 1)]


def test_what_was_handed_over_to_others_may_come_back_and_be_tried_again(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client, booked_by=HELPER)
    helper = next(
        each for each in rows(run, kind=MessageKind.CONFIRMED) if each.recipient_id == of(run, BOOKED_BY)
    )
    held = claimed(run, helper.id)
    assert pass_fence(run, held) is Passage.GO
    change(run, visit, email=NEW)
    finished(run, held, Verdict.LATER)
    post()
    assert sorted(brief(smtp)) == [(NEW, "REQUEST", 1), (PARENT, "REQUEST", 1)]


def test_what_others_have_got_already_they_do_not_get_again(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client, booked_by=HELPER)
    post()
    change(run, visit, email=NEW)
    post()
    assert sorted(to for to, _, _ in brief(smtp)) == sorted([OLD, PARENT, OLD, NEW])
    reschedule(run, visit, day=9)
    post()
    assert sorted(brief(smtp)[4:]) == [(NEW, "REQUEST", 2), (PARENT, "REQUEST", 2)]


def test_a_cancel_outlives_what_becomes_of_the_visit_and_shows_only_what_was_told(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    change(run, visit, email=NEW)
    reschedule(run, visit, day=9)
    act(run, visit, Act.CANCEL)
    post()
    assert brief(smtp)[1:] == [(OLD, "CANCEL", 1), (NEW, "CANCEL", 3)]
    invited, gone, _ = letters(smtp)
    for name in ("DTSTART", "DTEND"):
        assert event_of(gone.calendar)[name].value == event_of(invited.calendar)[name].value


def test_an_address_that_comes_back_keeps_its_entry(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    change(run, visit, email=NEW)
    change(run, visit, email=OLD)
    post()
    assert brief(smtp)[1:] == [(OLD, "REQUEST", 2)]
    assert [each.state for each in withdrawn(run)] == [MessageState.SUPERSEDED]


def test_an_address_that_somebody_else_of_the_visit_has_too_keeps_its_entry(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client, booked_by={**HELPER, "email": OLD})
    post()
    change(run, visit, email=NEW)
    post()
    assert brief(smtp)[2:] == [(NEW, "REQUEST", 1)]


def test_an_address_that_is_taken_away_loses_its_entry(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    change(run, visit, phone="+14095550177")
    change(run, visit, email=None)
    post()
    assert brief(smtp)[1:] == [(OLD, "CANCEL", 1)]


def test_a_new_language_is_spoken_from_the_next_mail_on(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    change(run, visit, language="es")
    post()
    (told,) = letters(smtp)
    assert told.mail["Subject"] == "Su cita del 8 de dic"


def test_a_mail_with_links_goes_to_the_address_of_the_visit_and_has_no_entry(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    post()
    send_links(run.desk, lost(OLD.upper()))
    post()
    first_mail, again = letters(smtp)
    assert (again.to, again.method, again.mail["Subject"]) == (
        OLD,
        None,
        "The link to your appointment on Dec 8",
    )
    link = next(line for line in again.body.splitlines() if line.startswith("https://visits.example/v/"))
    assert link in first_mail.body
    reschedule(run, visit, day=9)
    post()
    assert brief(smtp)[2:] == [(OLD, "REQUEST", 1)]


def test_links_of_a_visit_that_changed_meanwhile_are_not_sent(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    send_links(run.desk, lost(OLD))
    act(run, visit, Act.CANCEL)
    post()
    assert [method for _, method, _ in brief(smtp)] == ["CANCEL"]


def test_a_mail_in_a_workers_hand_is_written_anew_with_the_links_that_are_good(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client)
    held = claimed(run, first(run, visit))
    order = Order(visit, Act.REVOKE_LINKS, SYSTEM)
    carry_out(run.desk, order, lambda scene: revoke_links(scene, PATIENT))
    assert pass_fence(run, held) is Passage.LOST
    post()
    (told,) = letters(smtp)
    who = recipient(run, PATIENT)
    fresh = run.desk.token(who.link_key, visit, who.id, "manage", 1)
    assert f"https://visits.example/v/{fresh}" in told.body


def test_a_helper_whose_access_ended_gets_nothing_more(
    client: FlaskClient, run: Runtime, smtp: ScriptedServer, post: Any
) -> None:
    visit = booked(client, booked_by={**HELPER, "receives": "instead"})
    post()
    carry_out(run.desk, Order(visit, Act.END_HELPER, SYSTEM), end_helper)
    reschedule(run, visit, day=9)
    act(run, visit, Act.CANCEL)
    post()
    assert brief(smtp) == [(PARENT, "REQUEST", 0), (OLD, "CANCEL", 2)]


def test_at_the_fence_an_address_that_wants_nothing_gets_nothing(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    held = claimed(run, first(run, visit))
    who = recipient(run, PATIENT)
    disown(run.desk, run.desk.token(who.link_key, visit, who.id, NOT_YOU, 0))
    assert pass_fence(run, held) is Passage.LOST
    assert pass_fence(run, claimed(run, held.id)) is Passage.VOID
    assert row(run, held.id).state == MessageState.SKIPPED


def test_a_withdrawal_to_somebody_who_is_not_former_is_never_sent(client: FlaskClient, run: Runtime) -> None:
    visit = booked(client)
    with run.db.transaction() as session:
        session.execute(update(Message).values(kind=MessageKind.WITHDRAWN).where(Message.offset_minutes == 0))
        uid = session.scalars(select(Visit.uid)).one()
    assert uid
    assert pass_fence(run, claimed(run, first(run, visit))) is Passage.VOID


def lost(email: str) -> Lost:
    birth_date = at(1, 0).date().replace(1950, 1, 1)
    return Lost(birth_date, email=email)


def recipient(run: Runtime, role: str) -> Recipient:
    with run.db.transaction() as session:
        return session.scalars(select(Recipient).where(Recipient.role == role)).one()


def of(run: Runtime, role: str) -> UUID:
    return recipient(run, role).id
