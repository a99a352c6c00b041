"""What a message says follows from its row."""

from datetime import timedelta
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import update

from scheduler.bootstrap import Runtime
from scheduler.channels.mime import Mail, compose
from scheduler.db.models import Visit
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.visits import VisitStatus
from scheduler.services.clinic.apply import apply
from scheduler.services.outbox.claiming import Claimed
from scheduler.services.outbox.content import mail_of
from tests.conftest import CLINIC
from tests.outbox.conftest import Book, add_messages, change, claimed, first, now, rows


def written(run: Runtime, held: Claimed) -> Mail:
    with run.db.transaction() as session:
        return mail_of(session, run.desk, held)


def told(run: Runtime, visit: UUID) -> Mail:
    return written(run, claimed(run, first(run, visit)))


def entry(mail: Mail) -> dict[str, str]:
    """The properties of the calendar entry, unfolded."""
    assert mail.calendar is not None
    (event,) = Calendar.from_ical(mail.calendar).walk("VEVENT")
    written = ((name, value.to_ical()) for name, value in event.items())
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in written}


def test_the_same_row_gives_the_same_bytes(run: Runtime, book: Book) -> None:
    held = claimed(run, first(run, book()))
    assert compose(written(run, held)) == compose(written(run, held))


def test_a_retry_is_the_same_mail_even_if_the_clinic_changed_meanwhile(run: Runtime, book: Book) -> None:
    message = first(run, book())
    one = written(run, claimed(run, message))
    with run.db.transaction() as session:
        text = CLINIC.read_text(encoding="utf-8").replace("409 555 0100", "409 555 0199")
        apply(session, text.replace("Dr. One", "Dr. Uno"), run.db.now(session), production=False)
    change(run, message, state=MessageState.PENDING, token=None)
    two = written(run, claimed(run, message, now(run) + timedelta(minutes=40)))
    assert (one.message_id, one.date) == (two.message_id, two.date)
    assert entry(one)["DTSTAMP"] == entry(two)["DTSTAMP"]
    assert compose(one) == compose(two)


def test_another_message_is_another_mail(run: Runtime, book: Book) -> None:
    one, two = told(run, book()), told(run, book())
    assert one.message_id != two.message_id
    assert one.message_id.endswith("@clinic.example>")
    assert entry(one)["UID"] != entry(two)["UID"]


def test_a_booked_visit_is_confirmed_in_the_calendar(run: Runtime, book: Book) -> None:
    mail = told(run, book())
    assert mail.calendar_method == "REQUEST"
    assert (entry(mail)["STATUS"], entry(mail)["SEQUENCE"]) == ("CONFIRMED", "0")
    assert entry(mail)["ATTENDEE"].startswith("mailto:pat0@patients.example")


def test_a_visit_that_waits_for_staff_is_tentative(run: Runtime, book: Book) -> None:
    mail = told(run, book(visit_type="reviewed"))
    assert entry(mail)["STATUS"] == "TENTATIVE"


def test_a_video_visit_carries_the_way_in_and_no_address(run: Runtime, book: Book) -> None:
    mail = told(run, book())
    assert "/join" in entry(mail)["CONFERENCE"]
    assert "/join" in entry(mail)["DESCRIPTION"]
    assert "100 Example Street" not in mail.text
    manage = [line for line in mail.text.split() if line.startswith("https://visits.example/v/")]
    assert any(not link.rstrip(".").endswith("/join") for link in manage)
    assert not any(link in entry(mail)["DESCRIPTION"].split() for link in manage if "/join" not in link)


def test_a_visit_in_person_carries_the_address_and_nothing_to_join(run: Runtime, book: Book) -> None:
    mail = told(run, book(mode="in_person", location="main"))
    assert "100 Example Street" in mail.text
    assert "100 Example Street" in entry(mail)["LOCATION"].replace("\\", "")
    assert "CONFERENCE" not in entry(mail)
    assert "/join" not in mail.text + mail.html + entry(mail)["DESCRIPTION"]


def test_everything_is_in_the_patients_language(run: Runtime, book: Book) -> None:
    english, spanish = told(run, book()), told(run, book(patient={"language": "es"}))
    for said, word in ((english, "appointment"), (spanish, "cita")):
        assert word in said.text.lower()
        assert word in said.subject.lower() + entry(said)["SUMMARY"].lower()


def test_the_patients_zone_is_spoken_where_they_live_by_another(run: Runtime, book: Book) -> None:
    far = told(run, book(patient={"timezone": "America/New_York"}))
    assert "Eastern time" in far.text
    assert "Central time" in far.text
    assert "Eastern" not in told(run, book()).text


@pytest.mark.parametrize(
    "name",
    ["<b>Pat</b> Example", "https://evil.example Pat", "{{7*7}}x Pat", "Buy.now@evil.example", "x" * 150],
)
def test_a_name_that_is_no_name_is_not_repeated(run: Runtime, book: Book, name: str) -> None:
    mail = told(run, book(patient={"name": name}))
    everything = mail.subject + mail.text + mail.html + str(mail.calendar)
    assert name.split()[0] not in everything
    assert "evil.example" not in everything


def test_a_greeting_uses_the_first_name_and_the_subject_none(run: Runtime, book: Book) -> None:
    mail = told(run, book(patient={"name": "Zoë Ángeles Example"}))
    assert "Zoë" in mail.text
    assert "Ángeles" not in mail.text
    assert "Zoë" not in mail.subject + str(mail.calendar)


def test_a_reminder_is_threaded_to_what_was_told_first(run: Runtime, book: Book) -> None:
    visit = book()
    confirmed = told(run, visit)
    reminder = rows(run, visit, MessageKind.REMINDER)[-1]
    mail = written(run, claimed(run, reminder.id, reminder.due_at))
    assert confirmed.references == ()
    assert mail.references == (confirmed.message_id,)
    assert mail.calendar is None


def test_how_to_join_is_told_with_the_link(run: Runtime, book: Book) -> None:
    visit = book()
    join = rows(run, visit, MessageKind.JOIN)[0]
    assert "/join" in written(run, claimed(run, join.id, join.due_at)).text


def test_a_confirmation_after_approval_follows_the_receipt(run: Runtime, book: Book) -> None:
    visit = book(visit_type="reviewed")
    received = told(run, visit)
    with run.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == visit).values(status=VisitStatus.BOOKED))
    (message,) = add_messages(run, visit, MessageKind.CONFIRMED)
    confirmed = written(run, claimed(run, message))
    assert confirmed.references == (received.message_id,)
    assert (entry(received)["STATUS"], entry(confirmed)["STATUS"]) == ("TENTATIVE", "CONFIRMED")
    assert entry(received)["UID"] == entry(confirmed)["UID"]
