"""Putting a clinic file in force: as a whole or not at all, and never behind anybody's back."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.engine import Database
from scheduler.db.models import ClinicProblem, ClinicVersion, Message, Resource, Task
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import ClinicFileFaulty
from scheduler.domain.messages import MessageState
from scheduler.domain.slots import Opening
from scheduler.domain.tasks import TaskKind
from scheduler.services.booking.making import book
from scheduler.services.changes.telling import tell_of_places
from scheduler.services.clinic.apply import Applied, Places, apply, note_problem
from scheduler.services.clinic.current import Clinics
from scheduler.services.hours.extra_hours import open_hours
from tests.cast import NOW, at
from tests.conftest import CLINIC
from tests.services.asking import CLINIC_TEXT, at_once, count, in_person, request, resource, visit_row

EXAMPLE = (CLINIC.parents[1] / "config" / "clinic.example.toml").read_text(encoding="utf-8")

NORTH = CLINIC_TEXT[CLINIC_TEXT.index('[[locations]]\ncode = "north"') : CLINIC_TEXT.index("# Three who")]
THREE = CLINIC_TEXT[
    CLINIC_TEXT.index('[[practitioners]]\ncode = "three"') : CLINIC_TEXT.index("[[visit_types]]")
]
ROOM_TWO = '[[locations.rooms]]\ncode = "r2"\nlabel = "Room 2"\n'
BUFFERED = CLINIC_TEXT[
    CLINIC_TEXT.index('[[visit_types]]\ncode = "buffered"') : CLINIC_TEXT.index(
        '[[visit_types]]\ncode = "reviewed"'
    )
]


def put(db: Database, text: str, *, production: bool = False, places: Places = Places.REFUSE) -> Applied:
    with db.transaction() as session:
        return apply(session, text, db.now(session), production=production, places=places)


def without(*parts: str) -> str:
    text = CLINIC_TEXT
    for part in parts:
        assert part in text
        text = text.replace(part, "")
    return text


def versions(db: Database) -> int:
    with db.transaction() as session:
        return len(session.scalars(select(ClinicVersion.id)).all())


def reasons(refused: pytest.ExceptionInfo[ClinicFileFaulty]) -> str:
    return "\n".join(fault.reason for fault in refused.value.faults)


def test_the_first_file_makes_the_clinic_and_everything_that_can_be_occupied(empty: Database) -> None:
    applied = put(empty, CLINIC_TEXT)
    assert "practitioner one: new" in applied.changes
    with empty.transaction() as session:
        made = session.execute(
            select(Resource.kind, Resource.code).order_by(Resource.kind, Resource.code)
        ).all()
    assert [tuple(row) for row in made] == [
        ("1-practitioner", "one"),
        ("1-practitioner", "three"),
        ("1-practitioner", "two"),
        ("2-room", "main/r1"),
        ("2-room", "main/r2"),
        ("2-room", "north/r1"),
    ]


def test_the_same_file_again_changes_nothing(clinic: Database) -> None:
    assert put(clinic, CLINIC_TEXT) == Applied([], [], [])
    assert put(clinic, f"# a comment more\n{CLINIC_TEXT}") == Applied([], [], [])
    assert versions(clinic) == 1


def test_a_change_is_named_and_is_in_force_for_the_next_request(run: Runtime) -> None:
    applied = put(run.db, CLINIC_TEXT.replace('name = "Main Office"', 'name = "Old Office"'))
    assert applied.changes == ["location main: name Main Office -> Old Office"]
    with run.db.transaction() as session:
        now_there = run.desk.clinics.moment(session).clinic.location("main")
    assert now_there and now_there.name == "Old Office"


def in_force(run: Runtime) -> int:
    with run.db.transaction() as session:
        return run.desk.clinics.moment(session).in_force.version


def test_a_visit_still_finds_the_clinic_of_its_own_day(run: Runtime) -> None:
    version = in_force(run)
    put(run.db, CLINIC_TEXT.replace('name = "Main Office"', 'name = "Old Office"'))
    with run.db.transaction() as session:
        then = run.desk.clinics.version(session, version).location("main")
    assert then and then.name == "Main Office"


def test_what_comes_back_keeps_its_former_identity(run: Runtime) -> None:
    with run.db.transaction() as session:
        before = resource(session, "three")
    put(run.db, without(NORTH, THREE))
    put(run.db, CLINIC_TEXT)
    with run.db.transaction() as session:
        assert resource(session, "three") == before
    assert book(run.desk, request(at(3, 10), practitioner="three")).visit


def test_a_faulty_file_changes_nothing(clinic: Database) -> None:
    with pytest.raises(ClinicFileFaulty):
        put(clinic, CLINIC_TEXT.replace("minutes = 30", "minutes = 31"))
    assert versions(clinic) == 1


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (ROOM_TWO, "room main/r2"),
        (BUFFERED, "visit_type buffered"),
    ],
)
def test_what_a_visit_points_to_is_not_left_out(run: Runtime, part: str, named: str) -> None:
    book(run.desk, in_person(at(3, 10), 1, location="main"))
    book(run.desk, in_person(at(3, 10), 2, location="main", visit_type="buffered"))
    with pytest.raises(ClinicFileFaulty) as refused:
        put(run.db, without(part))
    assert named in reasons(refused)
    assert "until" in reasons(refused)
    assert versions(run.db) == 1


def test_everything_that_would_be_lost_is_named_at_once(run: Runtime) -> None:
    book(run.desk, in_person(at(3, 10), 1, location="north"))
    with pytest.raises(ClinicFileFaulty) as refused:
        put(run.db, without(NORTH, THREE))
    for named in ("location north", "practitioner three", "room north/r1"):
        assert named in reasons(refused)


def test_what_nobody_points_to_may_be_left_out(run: Runtime) -> None:
    book(run.desk, in_person(at(3, 10), location="main"))
    applied = put(run.db, without(NORTH, THREE, BUFFERED))
    assert "practitioner three: no longer in the file" in applied.changes


ADDRESS = ("100 Example Street", "300 Example Street")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ADDRESS,
        ('name = "Main Office"', 'name = "Main Office"\nphone = "+1 409 555 0111"'),
        ('name = "Main Office"', 'name = "Main Office"\ntimezone = "America/Denver"'),
    ],
)
def test_a_place_where_patients_are_booked_is_not_changed_behind_their_backs(
    run: Runtime, old: str, new: str
) -> None:
    book(run.desk, in_person(at(3, 10), location="main"))
    changed = CLINIC_TEXT.replace(old, new)
    with pytest.raises(ClinicFileFaulty) as refused:
        put(run.db, changed)
    assert "location main" in reasons(refused)
    assert "--silent" in reasons(refused)
    assert "--notify" in reasons(refused)
    assert put(run.db, changed, places=Places.SILENT).changes


def test_whoever_is_booked_at_a_place_that_changes_can_be_told(run: Runtime) -> None:
    here = [book(run.desk, in_person(at(3, hour), hour, location="main")).visit for hour in (10, 11)]
    elsewhere = book(run.desk, in_person(at(3, 10), 7, location="north")).visit
    with run.db.transaction() as session:
        now, text = run.db.now(session), CLINIC_TEXT.replace(*ADDRESS)
        applied = apply(session, text, now, production=False, places=Places.NOTIFY)
        assert applied.moved == ["main"]
        assert tell_of_places(session, run.desk, applied.moved) == 2
    for visit in here:
        assert [kind for kind, _ in open_messages(run, visit.id)] == ["changed", "reminder"]
        assert {sequence for _, sequence in open_messages(run, visit.id)} == {1}
        assert visit_row(run, visit.id).sequence == 1
    assert visit_row(run, elsewhere.id).sequence == 0
    again = put(run.db, CLINIC_TEXT.replace(*ADDRESS), places=Places.NOTIFY)
    assert again.moved == [], "the same file once more tells nobody"


def open_messages(run: Runtime, visit: UUID) -> list[tuple[str, int]]:
    pending = select(Message.kind, Message.sequence).where(
        Message.visit_id == visit, Message.state == MessageState.PENDING
    )
    with run.db.transaction() as session:
        return [(kind, sequence) for kind, sequence in session.execute(pending.order_by(Message.id))]


def test_a_place_where_nobody_is_booked_may_move(run: Runtime) -> None:
    book(run.desk, in_person(at(3, 10), location="north"))
    book(run.desk, request(at(3, 10), 2))
    assert put(run.db, CLINIC_TEXT.replace(*ADDRESS)).changes


def test_a_place_may_move_once_its_visits_are_over(run: Runtime) -> None:
    book(run.desk, in_person(at(3, 10), location="main"))
    with run.db.transaction() as session:
        later = NOW + timedelta(days=30)
        assert apply(session, CLINIC_TEXT.replace(*ADDRESS), later, production=False).changes


def misfits(run: Runtime, text: str) -> list[str]:
    return put(run.db, text, places=Places.SILENT).misfits


def test_visits_that_no_longer_fit_the_hours_are_listed_and_no_others(run: Runtime) -> None:
    early = book(run.desk, request(at(3, 9), 1, practitioner="one")).visit
    book(run.desk, request(at(3, 15), 2, practitioner="one"))
    book(run.desk, request(at(3, 9), 3, practitioner="three"))
    hours = 'opens = "09:00"\ncloses = "17:00"\nmodes = ["in_person", "telemedicine"]\nlocation = "main"'
    (line,) = misfits(run, CLINIC_TEXT.replace(hours, hours.replace("09:00", "12:00")))
    assert str(early.id) in line
    assert "2026-12-03 09:00" in line
    assert "one" in line


def test_a_visit_on_a_new_holiday_no_longer_fits(run: Runtime) -> None:
    book(run.desk, request(at(3, 9)))
    assert len(misfits(run, CLINIC_TEXT.replace("[holidays]", '[holidays]\nplus = ["2026-12-03"]'))) == 1


def test_a_visit_after_the_end_of_its_practitioner_no_longer_fits(run: Runtime) -> None:
    book(run.desk, request(at(3, 9), 1, practitioner="three"))
    book(run.desk, request(at(2, 9), 2, practitioner="three"))
    ending = CLINIC_TEXT.replace('code = "three"', 'code = "three"\nuntil = "2026-12-02"')
    assert len(misfits(run, ending)) == 1


def test_a_visit_whose_mode_is_no_longer_given_no_longer_fits(run: Runtime) -> None:
    book(run.desk, request(at(3, 9), visit_type="buffered"))
    old = 'new_patients = "no"\nmodes = { in_person = "auto", telemedicine = "auto" }'
    assert len(misfits(run, CLINIC_TEXT.replace(old, old.replace(', telemedicine = "auto"', "")))) == 1


def test_a_visit_with_somebody_who_no_longer_gives_it_no_longer_fits(run: Runtime) -> None:
    book(run.desk, request(at(3, 9), visit_type="buffered", practitioner="three"))
    others = 'code = "buffered"\npractitioners = ["one", "two"]'
    assert len(misfits(run, CLINIC_TEXT.replace('code = "buffered"', others))) == 1


def test_a_visit_keeps_its_own_minutes_and_fits_however_long_the_next_ones_are(run: Runtime) -> None:
    book(run.desk, request(at(3, 16, 30), visit_type="buffered", practitioner="one"))
    longer = CLINIC_TEXT.replace("minutes = 30\nbuffer_before", "minutes = 60\nstep = 20\nbuffer_before")
    assert misfits(run, longer) == []


def misfit_tasks(run: Runtime) -> list[UUID | None]:
    unfinished = select(Task.visit_id).where(Task.kind == TaskKind.MISFIT, Task.done_at.is_(None))
    with run.db.transaction() as session:
        return list(session.scalars(unfinished.order_by(Task.id)))


def test_a_misfit_is_a_task_once_until_a_file_comes_that_it_fits(run: Runtime) -> None:
    visit = book(run.desk, request(at(3, 9))).visit
    closed = CLINIC_TEXT.replace("[holidays]", '[holidays]\nplus = ["2026-12-03"]')
    more = CLINIC_TEXT.replace("[holidays]", '[holidays]\nplus = ["2026-12-03", "2026-12-31"]')
    for text in (closed, more):
        misfits(run, text)
        assert misfit_tasks(run) == [visit.id]
    assert misfits(run, CLINIC_TEXT) == []
    assert misfit_tasks(run) == []


def test_a_visit_in_extra_hours_fits(run: Runtime) -> None:
    saturday = Opening("one", "main", frozenset({Mode.TELEMEDICINE}), at(5, 9), at(5, 12))
    open_hours(run.desk, saturday, Actor(ActorKind.STAFF, "front-desk"))
    book(run.desk, request(at(5, 11, 30), practitioner="one"))
    renamed = CLINIC_TEXT.replace('"Main Office"', '"Main"')
    assert misfits(run, renamed) == []
    assert len(misfits(run, renamed.replace('code = "one"', 'code = "one"\nuntil = "2026-12-04"'))) == 1


def test_visits_of_the_past_fit_for_ever(run: Runtime) -> None:
    book(run.desk, request(at(3, 9)))
    with run.db.transaction() as session:
        text = CLINIC_TEXT.replace("[holidays]", '[holidays]\nplus = ["2026-12-03"]')
        assert apply(session, text, NOW + timedelta(days=30), production=False).misfits == []


def test_production_refuses_rules_that_nobody_of_the_clinic_approved(empty: Database) -> None:
    with pytest.raises(ClinicFileFaulty) as refused:
        put(empty, EXAMPLE, production=True)
    assert "triage" in reasons(refused)
    assert "approved_by and approved_at are missing" in reasons(refused)
    assert versions(empty) == 0


def test_a_sandbox_works_with_rules_that_wait_for_approval(empty: Database) -> None:
    assert put(empty, EXAMPLE).changes


def test_production_takes_rules_that_somebody_of_the_clinic_approved(empty: Database) -> None:
    approved = r'\g<0>\napproved_by = "Medical Director (example)"\napproved_at = 2026-11-01'
    text = re.sub(r'^version = ".+"$', approved, CLINIC_TEXT, flags=re.MULTILINE)
    assert put(empty, text, production=True).changes


def test_several_who_apply_the_same_file_at_once_make_one_version(empty: Database) -> None:
    answers = at_once(lambda _: put(empty, CLINIC_TEXT), range(6), hands=6)
    done = [each for each in answers if isinstance(each, Applied)]
    assert len(done) == 6
    assert sum(bool(each.changes) for each in done) == 1
    assert versions(empty) == 1


def test_two_different_files_at_once_are_both_compared_with_what_was_there(run: Runtime) -> None:
    texts = [CLINIC_TEXT.replace('"Main Office"', f'"Office {n}"') for n in range(4)]
    answers = at_once(lambda text: put(run.db, text), texts, hands=4)
    assert all(isinstance(each, Applied) and len(each.changes) == 1 for each in answers)
    assert versions(run.db) == 5


def test_a_refused_file_is_remembered_until_a_good_one_comes(clinic: Database) -> None:
    with clinic.transaction() as session:
        note_problem(session, "line 1: wrong", clinic.now(session))
        note_problem(session, "line 2: wrong too", clinic.now(session))
    with clinic.transaction() as session:
        assert session.scalars(select(ClinicProblem.faults)).all() == ["line 2: wrong too"]
    put(clinic, CLINIC_TEXT)
    with clinic.transaction() as session:
        assert session.scalars(select(ClinicProblem)).all() == []


def test_an_old_version_is_forgotten_only_by_the_process_and_read_again(run: Runtime) -> None:
    fresh, first_version = Clinics(run.db), in_force(run)
    for n in range(20):
        put(run.db, CLINIC_TEXT.replace('"Main Office"', f'"Office {n}"'))
        with run.db.transaction() as session:
            fresh.moment(session)
    with run.db.transaction() as session:
        first = fresh.version(session, first_version).location("main")
    assert first and first.name == "Main Office"
    assert count(run, "clinic_versions") == 21
