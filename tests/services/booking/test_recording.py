"""What is written down of a visit: the promise on the wall, the instants, the time taken, whom to tell."""

from datetime import UTC, datetime, timedelta

import tzdata
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from scheduler.bootstrap import Runtime
from scheduler.db.models import Link, Message, Recipient
from scheduler.db.secrets import token_hash
from scheduler.domain.people import fold_reference
from scheduler.services.booking.making import book
from tests.cast import at
from tests.services.asking import claims_of, in_person, put_in_force, request, visit_row

TEN = at(3, 10)

NIGHTS_IN_NEW_YORK = {
    'timezone = "America/Chicago"': 'timezone = "America/New_York"',
    'days = ["mon", "tue", "wed", "thu", "fri"]\nopens = "09:00"\ncloses = "17:00"': (
        'days = ["sun"]\nopens = "01:00"\ncloses = "04:00"'
    ),
    'code = "follow-up"': 'code = "follow-up"\nhorizon_days = "400d"',
}


def test_the_wall_clock_is_kept_with_its_zone_and_the_instants_beside_it(run: Runtime) -> None:
    row = visit_row(run, book(run.desk, request(TEN)).visit.id)
    assert (row.start_wall, row.zone, row.fold) == (datetime(2026, 12, 3, 10), "America/Chicago", 0)  # noqa: DTZ001
    assert row.starts_at == datetime(2026, 12, 3, 16, tzinfo=UTC)
    assert row.ends_at == datetime(2026, 12, 3, 16, 30, tzinfo=UTC)
    assert row.tzdata == tzdata.IANA_VERSION


def test_the_two_halves_of_the_repeated_hour_are_two_promises(run: Runtime) -> None:
    put_in_force(run, NIGHTS_IN_NEW_YORK)
    rows = [
        visit_row(run, book(run.desk, request(start, number, practitioner="one")).visit.id)
        for number, start in enumerate(
            (datetime(2027, 11, 7, 5, 30, tzinfo=UTC), datetime(2027, 11, 7, 6, 30, tzinfo=UTC))
        )
    ]
    assert {row.start_wall for row in rows} == {datetime(2027, 11, 7, 1, 30)}  # noqa: DTZ001
    assert [row.fold for row in rows] == [0, 1]
    assert rows[1].starts_at - rows[0].starts_at == timedelta(hours=1)
    assert all(row.ends_at - row.starts_at == timedelta(minutes=30) for row in rows)


def test_a_visit_across_the_jump_of_spring_lasts_as_long_as_any_other(run: Runtime) -> None:
    put_in_force(run, NIGHTS_IN_NEW_YORK)
    visit = book(run.desk, request(datetime(2027, 3, 14, 6, 45, tzinfo=UTC))).visit
    row = visit_row(run, visit.id)
    assert row.start_wall == datetime(2027, 3, 14, 1, 45)  # noqa: DTZ001
    assert row.ends_at == datetime(2027, 3, 14, 7, 15, tzinfo=UTC)
    assert f"{visit.end:%H:%M %z}" == "03:15 -0400"


def test_the_zone_is_the_places_in_person_and_the_practitioners_by_video(run: Runtime) -> None:
    elsewhere = 'code = "three"\nname = "Dr. Example Three"'
    put_in_force(run, {elsewhere: f'{elsewhere}\ntimezone = "America/Denver"'})
    by_video = book(run.desk, request(TEN, 1, practitioner="three")).visit
    in_the_office = book(run.desk, in_person(at(3, 11), 2, practitioner="three")).visit
    assert (by_video.timezone, in_the_office.timezone) == ("America/Denver", "America/Chicago")
    assert f"{by_video.start:%H:%M}" == "09:00"


def test_practitioner_and_room_are_taken_with_buffers_and_the_patient_without(run: Runtime) -> None:
    visit = book(run.desk, in_person(TEN, visit_type="buffered", practitioner="one")).visit
    padded = Range(TEN - timedelta(minutes=10), TEN + timedelta(minutes=50))
    own = Range(TEN, TEN + timedelta(minutes=30))
    found = claims_of(run, visit.id)
    assert found == {"one": padded, "main/r1": padded, "patient": own}
    assert [found[key].bounds for key in found] == ["[)", "[)", "[)"]


def test_a_visit_keeps_what_the_clinic_said_on_the_day_of_its_booking(run: Runtime) -> None:
    with run.db.transaction() as session:
        then = run.desk.clinics.moment(session).in_force.version
    visit = book(run.desk, request(TEN, visit_type="buffered", practitioner="one")).visit
    put_in_force(run, {"buffer_before = 10": "buffer_before = 5", 'en = "Buffered"': 'en = "Padded"'})
    row = visit_row(run, visit.id)
    assert (row.minutes, row.buffer_before, row.buffer_after) == (30, 10, 20)
    assert (row.label, row.clinic_version) == ("Buffered", then)


def test_the_label_is_in_the_patients_language(run: Runtime) -> None:
    assert book(run.desk, request(TEN, language="es")).visit.label == "Seguimiento"


def test_a_fresh_visit_begins_its_calendar_life_at_zero(run: Runtime) -> None:
    row = visit_row(run, book(run.desk, request(TEN)).visit.id)
    assert (row.sequence, row.version, row.confirmed_at) == (0, 1, None)
    assert row.uid != row.id
    assert row.created_at == row.changed_at


def test_the_reference_is_sealed_and_found_by_its_hash_however_it_is_typed(run: Runtime) -> None:
    visit = book(run.desk, request(TEN)).visit
    row, secrets = visit_row(run, visit.id), run.desk.secrets
    assert secrets.vault.open("visits.reference", row.id, row.reference) == visit.reference
    typed = visit.reference.lower().replace("-", " ")
    assert row.reference_hash == secrets.lookup.hash("reference", fold_reference(typed))


def test_the_patient_is_a_recipient_whose_contacts_are_sealed_and_hashed(run: Runtime) -> None:
    visit = book(run.desk, request(TEN, email="Pat@Patients.example", phone="+14095550123")).visit
    vault, lookup = run.desk.secrets.vault, run.desk.secrets.lookup
    with run.db.transaction() as session:
        row = session.scalars(select(Recipient).where(Recipient.visit_id == visit.id)).one()
    assert row.email and row.phone
    assert vault.open("recipients.email", row.id, row.email) == "Pat@Patients.example"
    assert vault.open("recipients.phone", row.id, row.phone) == "+14095550123"
    assert row.email_hash == lookup.hash("email", "pat@patients.example")
    assert (row.role, row.link_key, row.link_generation) == ("patient", "l1", 0)


def test_all_links_are_kept_as_hashes_from_the_first_day(run: Runtime) -> None:
    visit = book(run.desk, in_person(TEN)).visit
    with run.db.transaction() as session:
        kept = {link.purpose: link.hash for link in session.scalars(select(Link))}
    assert set(kept) == {"manage", "join", "not_you"}
    assert kept["manage"] == token_hash(visit.manage_token)
    assert visit.join_link is None  # a visit in person has nothing to join, but may become a video visit


def test_messages_are_planned_in_the_transaction_of_the_booking(run: Runtime) -> None:
    booked = book(run.desk, request(at(10, 10)))
    with run.db.transaction() as session:
        rows = session.scalars(select(Message).order_by(Message.due_at)).all()
    assert [(row.kind, row.offset_minutes) for row in rows] == [
        ("confirmed", 0),
        ("reminder", 72 * 60),
        ("reminder", 24 * 60),
        ("join", 60),
    ]
    assert {row.state for row in rows} == {"pending"}
    assert [hint.message for hint in booked.due] == [rows[0].id]
    assert len({row.message_id for row in rows}) == len(rows)


def test_a_clinic_without_reminders_takes_visits_in_person(run: Runtime) -> None:
    put_in_force(run, {'reminders = ["72h", "24h"]': "reminders = []"})
    book(run.desk, in_person(at(10, 10)))
    with run.db.transaction() as session:
        assert session.scalars(select(Message.kind)).all() == ["confirmed"]
