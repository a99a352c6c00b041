"""Who is the same person: name, birth date and one contact must agree, however they are typed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Patient, PatientIdentity, Resource, ResourceKind
from scheduler.domain.people import Person
from scheduler.services.people.patients import identities, recognise
from tests.cast import NOW
from tests.services.asking import at_once, wait_until_somebody_waits

BORN = date(1960, 2, 29)


def zoe(**more: Any) -> Person:
    own = {"name": "Zoë García-López", "birth_date": BORN, "email": "zoe@patients.example", **more}
    return Person(**own)


def who(run: Runtime, person: Person, now: datetime = NOW) -> UUID:
    with run.db.transaction() as session:
        return recognise(session, person, run.desk.secrets, now).patient


def patients(run: Runtime) -> int:
    with run.db.transaction() as session:
        return session.scalar(select(func.count()).select_from(Patient)) or 0


@pytest.mark.parametrize(
    "again",
    [
        zoe(),
        zoe(name="ZOË GARCÍA-LÓPEZ"),
        zoe(name="zoe  garcia lopez"),
        zoe(name="Zoe\u0308 Garci\u0301a Lo\u0301pez"),
        zoe(email="ZOE@Patients.Example"),
        zoe(phone="+14095550199"),
        zoe(language="es", timezone="America/New_York"),
    ],
)
def test_the_same_person_is_recognised_however_the_form_is_filled_in(run: Runtime, again: Person) -> None:
    assert who(run, zoe()) == who(run, again)
    assert patients(run) == 1


@pytest.mark.parametrize(
    "other",
    [
        zoe(name="Zoë García"),
        zoe(name="Zack García-López"),
        zoe(birth_date=BORN + timedelta(days=1)),
        zoe(email="family@patients.example"),
        zoe(email=None, phone="+14095550199"),
    ],
)
def test_somebody_who_differs_in_one_of_the_three_is_somebody_else(run: Runtime, other: Person) -> None:
    assert who(run, zoe()) != who(run, other)
    assert patients(run) == 2


def test_two_of_a_family_with_one_mail_address_are_two_patients(run: Runtime) -> None:
    twin = zoe(name="Ana García-López")
    assert who(run, zoe()) != who(run, twin)


def test_one_contact_that_agrees_is_enough(run: Runtime) -> None:
    first = who(run, zoe(phone="+14095550123"))
    assert who(run, zoe(email="new@patients.example", phone="+14095550123")) == first
    assert who(run, zoe(email=None, phone="+14095550123")) == first


def test_a_contact_that_came_along_later_is_remembered(run: Runtime) -> None:
    first = who(run, zoe())
    assert who(run, zoe(phone="+14095550123")) == first
    assert who(run, zoe(email=None, phone="+14095550123")) == first
    assert patients(run) == 1


def test_a_patient_is_somebody_whose_time_can_be_taken(run: Runtime) -> None:
    with run.db.transaction() as session:
        resource = recognise(session, zoe(), run.desk.secrets, NOW).resource
        assert session.scalars(select(Resource.kind).where(Resource.id == resource)).one() == "3-patient"


def test_what_is_known_of_a_person_is_sealed_under_the_persons_own_row(run: Runtime) -> None:
    id = who(run, zoe())
    vault = run.desk.secrets.vault
    with run.db.transaction() as session:
        row = session.scalars(select(Patient)).one()
    assert vault.open("patients.name", id, row.name) == "Zoë García-López"
    assert vault.open("patients.birth_date", id, row.birth_date) == "1960-02-29"


def test_the_hashes_of_a_person_are_one_for_each_contact(run: Runtime) -> None:
    lookup = run.desk.secrets.lookup
    assert len(identities(zoe(), lookup)) == 1
    assert len(set(identities(zoe(phone="+14095550123"), lookup))) == 2


def leftovers(run: Runtime) -> tuple[int, int]:
    """Patients' resources that nobody owns, and identities that lead to nobody."""
    owned = select(Patient.resource_id)
    with run.db.transaction() as session:
        lost = select(func.count()).select_from(Resource).where(Resource.kind == ResourceKind.PATIENT)
        resources = session.scalar(lost.where(Resource.id.not_in(owned)))
        identities_ = session.scalar(select(func.count()).select_from(PatientIdentity))
    return resources or 0, identities_ or 0


def test_eight_who_come_at_once_as_the_same_new_person_are_one_patient(run: Runtime) -> None:
    found = at_once(lambda _: who(run, zoe(phone="+14095550123")), range(8))
    assert len(set(map(str, found))) == 1
    assert patients(run) == 1
    assert leftovers(run) == (0, 2)


@pytest.mark.parametrize("round_", range(3))
def test_eight_who_share_only_some_contacts_are_one_patient_too(run: Runtime, round_: int) -> None:
    phone = "+14095550123"
    forms = [zoe(phone=phone), zoe(email=None, phone=phone), zoe(email="z@patients.example", phone=phone)]
    found = at_once(lambda n: who(run, forms[(n + round_) % 3]), range(8))
    assert len(set(map(str, found))) == 1
    assert patients(run) == 1
    assert leftovers(run) == (0, 3)


@pytest.mark.parametrize("sooner", [timedelta(seconds=-1), timedelta(seconds=1)])
def test_whoever_was_entered_first_is_the_patient_and_not_whose_clock_was_earlier(
    run: Runtime, sooner: timedelta
) -> None:
    """The second one has begun already when the first one commits, and knows a contact more."""
    second = zoe(phone="+14095550123")
    with ThreadPoolExecutor(1) as pool:
        with run.db.transaction() as session:
            first = recognise(session, zoe(email=None, phone="+14095550123"), run.desk.secrets, NOW).patient
            waiting = pool.submit(who, run, second, NOW + sooner)
            wait_until_somebody_waits(run.db)
        assert waiting.result(10) == first
    assert patients(run) == 1
    assert who(run, zoe()) == first  # the contact that only the second one knew
    assert leftovers(run) == (0, 2)


def test_an_enrolment_that_is_undone_leaves_the_place_to_the_next(run: Runtime) -> None:
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(LookupError), run.db.transaction() as session:
            recognise(session, zoe(), run.desk.secrets, NOW)
            waiting = pool.submit(who, run, zoe())
            wait_until_somebody_waits(run.db)
            raise LookupError
        waiting.result(10)
    assert patients(run) == 1
