"""The gate of a visit by video: when it opens, to whom, what it asks, and where it leads."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select, text

from config.video import VideoVendor
from scheduler.bootstrap import Runtime
from scheduler.db.models import Consent, Message, Recipient, Task, VideoRoom, Visit
from scheduler.domain.clinic import Mode
from scheduler.domain.messages import MessageKind
from scheduler.domain.people import Booker, Receives
from scheduler.domain.scopes import Scope
from scheduler.domain.tasks import TaskKind
from scheduler.domain.visits import Act
from scheduler.domain.whereabouts import Place, Stage
from scheduler.services.booking.making import book
from scheduler.services.changes.revoking import revoke_links
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.whereabouts import say_where
from scheduler.services.people.recipients import BOOKED_BY, MANAGE, PATIENT
from scheduler.services.rounds.places import forget_places
from scheduler.services.staff.intake import read_intake
from scheduler.video.rehearsal import Rehearsal
from scheduler.video.static import StaticRooms
from tests.api.people import staff_with
from tests.api.test_consents import TELEHEALTH
from tests.cast import at
from tests.gatehouse import (
    END,
    HOME,
    OPENS,
    STAFF,
    START,
    GateHouse,
    affiliation,
    entered,
    gatehouse,
    jitsi,
    plain,
)
from tests.services.asking import request
from tests.video.prosody import Refused

PHONE = "(409) 555-0100"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house(run: Runtime) -> GateHouse:
    return gatehouse(run, jitsi())


@pytest.fixture
def visit(house: GateHouse) -> UUID:
    """Tomorrow in a week, by video."""
    return house.booked()


@pytest.fixture
def opened(house: GateHouse, visit: UUID) -> UUID:
    """The same; it is five minutes before its start, and there is a room."""
    house.clock(START - 5 * MINUTE)
    return visit


def everything(house: GateHouse) -> list[str]:
    tables = (
        "visits",
        "visit_events",
        "audit_entries",
        "whereabouts",
        "consents",
        "tasks",
        "messages",
        "links",
    )
    with house.run.db.single() as connection:
        every = "SELECT array_agg(t::text ORDER BY t::text)::text FROM {} t"
        return [str(connection.execute(text(every.format(each))).scalar()) for each in tables]


def tasks(house: GateHouse, visit: UUID) -> list[str]:
    with house.run.db.transaction() as session:
        still = select(Task.kind).where(Task.visit_id == visit, Task.done_at.is_(None)).order_by(Task.id)
        return list(session.scalars(still))


# ------------------------------------------------------------------------------------------- coming in


def test_who_answers_is_let_in_as_a_guest_and_has_arrived(house: GateHouse, opened: UUID) -> None:
    page = house.look(opened)
    assert page.status_code == 200 and "Your video visit" in page.text and "Dr. Example One" in page.text
    answer = house.come(opened)
    assert entered(answer, START - 5 * MINUTE) == "member"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert house.status(opened) == "arrived"
    assert house.history(opened)[-2:] == [("patient", "whereabouts"), ("patient", "arrive")]
    assert house.audited(opened)[-2:] == ["whereabouts", "arrive"]


def test_what_was_said_is_there_for_whoever_checks_them_in_and_goes_after_its_time(
    house: GateHouse, opened: UUID
) -> None:
    house.come(opened, place="car", address="parked at 1 Example Street")
    with house.run.db.transaction() as session:
        (said,) = read_intake(session, house.run.desk, opened, STAFF, START).whereabouts
    assert (said.stage, said.licensed, said.actor) == ("gate", True, "patient")
    assert (said.place.state, said.place.phone, said.place.in_car) == ("TX", "+14095550123", True)
    house.clock(END + timedelta(hours=71))
    assert forget_places(house.run.desk, START) == 0
    house.clock(END + timedelta(hours=73))
    assert forget_places(house.run.desk, START) == 1


def test_a_token_is_good_for_this_room_until_half_an_hour_after_the_end(
    house: GateHouse, opened: UUID
) -> None:
    url = house.come(opened).headers["Location"]
    assert affiliation(url, END + 30 * MINUTE - SECOND) == "member"
    for moment in (OPENS - SECOND, END + 30 * MINUTE):
        with pytest.raises(Refused):
            affiliation(url, moment)


def test_nothing_of_the_patient_is_in_the_address_of_the_room(house: GateHouse, opened: UUID) -> None:
    claims = urlsplit(house.come(opened).headers["Location"])
    assert "Pat" not in str(claims) and str(opened) not in str(claims)


def test_looking_changes_nothing_however_often_and_neither_does_a_form_that_nobody_filled_in(
    house: GateHouse, opened: UUID
) -> None:
    before = everything(house)
    for _ in range(5):
        assert house.look(opened).status_code == 200
        assert house.client.head(house.link(opened)).status_code == 200
    empty = {"state": "", "address": "", "phone": ""}
    assert house.send(opened, empty).status_code == 422
    assert everything(house) == before


def test_the_page_tells_whoever_has_the_link_nothing_of_the_patient(house: GateHouse, opened: UUID) -> None:
    house.come(opened)
    for query in ("", "?place=other"):
        page = house.look(opened, query=query)
        assert not [
            each for each in ("Pat", "555-0123", "5550123", "Exampleville", 'Texas" sel') if each in page.text
        ]


def test_who_was_let_in_comes_back_without_answering_again(house: GateHouse, opened: UUID) -> None:
    house.come(opened)
    page = house.look(opened)
    assert "You have told us where you are" in page.text and 'name="state"' not in page.text
    assert entered(house.send(opened, {"x": ""}), START) == "member"
    assert house.history(opened)[-1] == ("patient", "join")
    assert house.status(opened) == "arrived"


def test_who_was_checked_in_comes_back_whatever_they_said(house: GateHouse, opened: UUID) -> None:
    house.does(opened, Act.ARRIVE)
    assert 'name="state"' in house.look(opened).text, "staff saw them, and nobody asked where they are"
    house.does(opened, Act.CHECK_IN)
    assert entered(house.send(opened, {"x": ""}), START) == "member"
    assert house.status(opened) == "checked-in"


def test_who_was_checked_in_and_is_elsewhere_by_now_stays_outside(house: GateHouse, opened: UUID) -> None:
    for act in (Act.ARRIVE, Act.CHECK_IN):
        house.does(opened, act)
    away = Place("LA", "+14095550123", "Example Inn, room 7")
    say_where(house.run.desk, Order(opened, Act.WHEREABOUTS, STAFF), away, Stage.BEFORE)
    answer = house.send(opened, {"x": ""})
    assert answer.status_code == 422 and "We cannot see you by video there" in plain(answer)


def test_programs_hear_once_that_the_patient_arrived(house: GateHouse, opened: UUID) -> None:
    hooks = staff_with(house.run, Scope.WEBHOOKS)
    body = {"label": "Records", "url": "https://records.example/hooks"}
    assert house.client.post("/v1/webhooks", json=body, headers=hooks).status_code == 201
    house.come(opened)
    house.send(opened, {"x": ""})
    with house.run.db.transaction() as session:
        mine = select(Message).where(Message.visit_id == opened, Message.kind == MessageKind.WEBHOOK)
        assert len(session.scalars(mine).all()) == 1


# --------------------------------------------------------------------------------------- when it opens


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (OPENS - MINUTE, False),
        (OPENS + SECOND, True),
        (END + 29 * MINUTE, True),
        (END + 31 * MINUTE, False),
    ],
)
def test_the_gate_opens_a_quarter_of_an_hour_before_and_closes_half_an_hour_after(
    house: GateHouse, visit: UUID, moment: Any, opens: bool
) -> None:
    house.clock(START - 5 * MINUTE)
    house.clock(moment)
    assert ('name="state"' in house.look(visit).text) is opens
    assert (house.come(visit).status_code == 303) is opens
    assert (house.status(visit) == "arrived") is opens


def test_too_early_it_says_when(house: GateHouse, visit: UUID) -> None:
    house.clock(START - timedelta(hours=2))
    said = plain(house.look(visit))
    assert "You are early" in said
    assert "opens on Tuesday, December 8, 2026 at 9:45 AM (Central time)" in said
    assert PHONE in said


def test_a_moved_visit_says_its_new_time(house: GateHouse, visit: UUID) -> None:
    house.moved(visit, start=at(9, 14))
    house.clock(START)
    said = plain(house.look(visit))
    assert "Your appointment was moved" in said
    assert "Wednesday, December 9, 2026 at 1:45 PM" in said
    house.clock(at(9, 14))
    assert entered(house.come(visit), at(9, 14)) == "member"


def test_a_cancelled_one_says_so_with_the_phone(house: GateHouse, opened: UUID) -> None:
    house.does(opened, Act.CANCEL)
    said = plain(house.look(opened))
    assert "This appointment was cancelled" in said and PHONE in said
    assert house.come(opened).status_code == 200
    assert house.status(opened) == "cancelled"


def test_over_is_said_for_a_week_and_then_the_link_is_nothing(house: GateHouse, visit: UUID) -> None:
    for later in (timedelta(minutes=31), timedelta(days=6, hours=23)):
        house.clock(END + later)
        said = plain(house.look(visit))
        assert "This appointment is over" in said and PHONE in said
    house.clock(END + timedelta(days=7, minutes=1))
    assert house.look(visit).status_code == 404


def test_one_that_did_not_take_place_or_is_done_is_over_at_once(house: GateHouse, opened: UUID) -> None:
    house.does(opened, Act.NO_SHOW)
    assert "This appointment is over" in house.look(opened).text
    assert house.come(opened).status_code == 200


def test_one_in_person_says_where(house: GateHouse, visit: UUID) -> None:
    house.moved(visit, mode=Mode.IN_PERSON)
    house.clock(START)
    said = plain(house.look(visit))
    assert "This appointment is in person" in said and "100 Example Street" in said
    assert house.come(visit).status_code == 200


def test_one_that_nobody_approved_says_so(house: GateHouse) -> None:
    asked = house.booked(visit_type="reviewed")
    house.clock(START)
    assert "not confirmed yet" in house.look(asked).text
    house.come(asked)
    assert house.status(asked) == "pending"


def test_it_speaks_the_language_of_whoever_got_the_link(house: GateHouse) -> None:
    visit = house.booked(language="es")
    house.clock(START)
    said = plain(house.look(visit))
    assert "Su consulta por video" in said and "Si es una emergencia, llame al 911." in said
    assert "Your video visit" in plain(house.look(visit, query="?language=en"))


def test_times_are_told_by_the_clock_of_whoever_got_the_link_too(house: GateHouse) -> None:
    visit = house.booked(timezone="America/New_York")
    house.clock(START - timedelta(hours=2))
    said = plain(house.look(visit))
    assert "10:45 AM (Eastern time)" in said and "10:00 AM at the clinic (Central time)" in said


# ------------------------------------------------------------------------------------------- questions


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"state": ""}, "state"),
        ({"state": "XX"}, "state"),
        ({"address": " "}, "address"),
        ({"phone": "no"}, "phone"),
        ({"address": "a\x0bb"}, "address"),
        ({"address": "x" * 250}, "address"),
    ],
)
def test_what_is_missing_is_said_beside_the_field_and_nothing_typed_is_lost(
    house: GateHouse, opened: UUID, said: dict[str, str], field: str
) -> None:
    answer = house.come(opened, **said)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text and f'id="{field}-error"' in answer.text
    assert "Error: " in answer.text and answer.text.count("1 Example Street") == (field != "address")
    assert house.status(opened) == "booked"
    assert house.history(opened)[-1] == ("patient", "knock"), "they tried"
    assert entered(house.come(opened), START) == "member"


def test_who_drives_is_asked_to_park_and_waits(house: GateHouse, opened: UUID) -> None:
    for _ in range(2):
        answer = house.send(opened, {"place": "driving"})
        assert "Please park first" in answer.text
    assert house.status(opened) == "booked"
    assert [act for _, act in house.history(opened)].count("knock") == 1
    assert entered(house.come(opened, place="car"), START) == "member"


def test_a_state_without_a_licence_stops_at_the_gate_until_the_slip_is_corrected(
    house: GateHouse, opened: UUID
) -> None:
    answer = house.come(opened, state="LA")
    assert answer.status_code == 422
    said = plain(answer)
    assert "We cannot see you by video there" in said and "You said that you are in Louisiana." in said
    assert PHONE in said and "by mistake" in said
    assert (house.status(opened), tasks(house, opened)) == ("booked", ["not-licensed"])
    assert 'name="state"' in house.look(opened).text
    assert entered(house.come(opened), START) == "member"
    assert tasks(house, opened) == []


def test_once_inside_another_place_can_be_said_until_the_practitioner_is_there(
    house: GateHouse, opened: UUID
) -> None:
    house.come(opened)
    assert "somewhere else now" in house.look(opened).text
    assert house.come(opened, state="LA").status_code == 422
    assert house.send(opened, {"x": ""}).status_code == 422, "what they said last counts"
    house.come(opened)
    staff_join(house, opened)
    assert "somewhere else now" not in house.look(opened).text
    answer = house.come(opened, state="LA")
    assert (answer.status_code, "already in the visit" in answer.text) == (409, True)
    assert entered(house.send(opened, {"x": ""}), START) == "member"


def test_a_practitioner_who_is_there_first_keeps_nobody_from_answering(
    house: GateHouse, opened: UUID
) -> None:
    staff_join(house, opened)
    assert entered(house.come(opened), START) == "member"


def test_a_licence_that_ends_before_the_visit_lets_nobody_in(house: GateHouse, opened: UUID) -> None:
    house.come(opened)
    one = 'state = "TX"\n\n[[practitioners]]\ncode = "two"'
    house.in_force({one: one.replace('"TX"', '"TX"\nuntil = 2026-12-07')})
    answer = house.send(opened, {"x": ""})
    assert answer.status_code == 422 and "We cannot see you by video there" in answer.text


# --------------------------------------------------------------------------------------------- consent


def consents(house: GateHouse) -> list[tuple[str, str, str, str, bool]]:
    with house.run.db.transaction() as session:
        said = session.scalars(select(Consent).order_by(Consent.id))
        return [(c.given_by, c.actor, c.kind, c.version, c.granted) for c in said]


HELPER = Booker(
    name="Kim Example", email="kim@patients.example", relationship="spouse", receives=Receives.ALSO
)
PARENT = Booker(
    name="Kim Example", email="kim@patients.example", relationship="parent", receives=Receives.INSTEAD
)


def booked_for(house: GateHouse, booker: Booker | None, born: str = "1960-02-29") -> UUID:
    """Before the clinic asked for consent."""
    asked = request(START, practitioner="one", birth_date=born)
    visit = book(house.run.desk, replace(asked, booked_by=booker)).visit.id
    house.in_force({"[holidays]": TELEHEALTH.format(version="1")})
    house.clock(START)
    return visit


def test_without_consent_nobody_comes_in_and_it_can_be_given_there(house: GateHouse) -> None:
    visit = booked_for(house, None)
    assert "I agree to video 1." in house.look(visit).text and "checked" not in house.look(visit).text
    refused = house.come(visit)
    assert refused.status_code == 422 and 'href="#agree-0"' in refused.text
    assert house.status(visit) == "booked"
    assert entered(house.come(visit, agree="telehealth:1"), START) == "member"
    assert consents(house) == [("patient", "patient", "telehealth", "1", True)]
    assert "I agree to video" not in house.look(visit, query="?place=other").text


def test_a_new_text_is_asked_again(house: GateHouse) -> None:
    visit = booked_for(house, None)
    house.come(visit, agree="telehealth:1")
    house.in_force({"[holidays]": TELEHEALTH.format(version="2")})
    assert house.send(visit, {"x": ""}).status_code == 422
    assert entered(house.come(visit, agree="telehealth:2"), START) == "member"


def test_what_a_helper_agreed_to_is_asked_of_the_patient_whoever_holds_the_link(house: GateHouse) -> None:
    visit = booked_for(house, HELPER)
    for role in (BOOKED_BY, PATIENT):
        assert "This is for the patient to answer" in house.look(visit, role).text
    assert entered(house.come(visit, BOOKED_BY, agree="telehealth:1"), START) == "member"
    assert consents(house) == [("patient", "booked_by", "telehealth", "1", True)]


def test_for_a_minor_the_guardian_answers(house: GateHouse) -> None:
    visit = booked_for(house, PARENT, born="2012-05-05")
    assert "parent or guardian to answer" in house.look(visit, BOOKED_BY).text
    assert entered(house.come(visit, BOOKED_BY, agree="telehealth:1"), START) == "member"
    assert consents(house) == [("booked_by", "booked_by", "telehealth", "1", True)]


# ------------------------------------------------------------------------------------------- the rooms


def rooms(house: GateHouse) -> list[str]:
    with house.run.db.transaction() as session:
        return sorted(session.scalars(select(VideoRoom.state)))


@pytest.mark.parametrize("to", [{"start": at(9, 14)}, {"practitioner": "two"}, {"mode": Mode.IN_PERSON}])
def test_after_a_move_the_old_room_admits_nobody(house: GateHouse, opened: UUID, to: dict[str, Any]) -> None:
    old = urlsplit(house.come(opened).headers["Location"]).path
    with house.run.db.transaction() as session:  # the call dropped
        session.execute(text("UPDATE visits SET status = 'booked'"))
    house.moved(opened, **to)
    answer = house.come(opened)
    assert answer.status_code != 303, (
        "the sweeper has not been there yet, and still nobody goes to the old room"
    )
    assert staff_join(house, opened, 409 if "mode" not in to else 422) == ""
    house.clock(to.get("start", START))
    assert rooms(house) == (["gone"] if "mode" in to else ["gone", "ready"])
    if "mode" not in to:
        url = house.come(opened).headers["Location"]
        assert urlsplit(url).path != old
        with pytest.raises(Refused, match="join this room"):
            affiliation(url.replace(urlsplit(url).path, old), to.get("start", START))


def test_a_moved_patient_is_asked_again_where_they_are(house: GateHouse, opened: UUID) -> None:
    house.come(opened)
    house.moved(opened, start=START + 15 * MINUTE)
    house.clock(START + MINUTE)
    assert 'name="state"' in house.look(opened).text
    assert house.send(opened, {"x": ""}).status_code == 422


def test_without_a_room_there_is_a_page_with_the_phone_and_a_task_of_staff(run: Runtime) -> None:
    house = gatehouse(run, StaticRooms())  # whose practitioners have no rooms of their own
    visit = house.booked()
    house.clock(START - 5 * MINUTE)
    answer = house.come(visit)
    assert answer.status_code == 503
    said = plain(answer)
    assert "The video room is not ready yet" in said and PHONE in said and "Our team knows" in said
    assert tasks(house, visit) == [TaskKind.NO_ROOM]
    assert house.status(visit) == "booked"
    assert house.history(visit)[-1] == ("patient", "whereabouts")


def test_without_a_vendor_too(run: Runtime) -> None:
    house = gatehouse(run, None)
    visit = house.booked()
    house.clock(START - 5 * MINUTE)
    assert house.come(visit).status_code == 503
    assert tasks(house, visit) == [TaskKind.NO_ROOM]


def test_a_practitioners_own_room_is_where_everybody_goes(run: Runtime) -> None:
    house = gatehouse(run, StaticRooms())
    house.in_force(
        {'message_name = "Dr. One"': 'message_name = "Dr. One"\nvideo = "https://doxy.me/example"'}
    )
    visit = house.booked()
    house.clock(START)
    assert house.come(visit).headers["Location"] == "https://doxy.me/example"
    assert staff_join(house, visit) == "https://doxy.me/example"


def test_browsers_may_follow_the_form_to_the_vendor(house: GateHouse, opened: UUID) -> None:
    policy = house.look(opened).headers["Content-Security-Policy"]
    assert "form-action 'self' https:;" in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("video", ["rehearsal", "none"])
def test_a_rehearsal_leads_to_a_page_of_our_own(run: Runtime, video: str) -> None:
    settings = run.settings.model_copy(update={"video": VideoVendor(video)})
    house = gatehouse(replace(run, settings=settings), Rehearsal(run.desk.public_url))
    visit = house.booked()
    house.clock(START)
    path = urlsplit(house.come(visit).headers["Location"])
    page = house.client.get(f"{path.path}?{path.query}")
    assert (page.status_code == 200) is (video == "rehearsal")


# ----------------------------------------------------------------------------------------------- staff


def staff_join(house: GateHouse, visit: UUID, status: int = 200, scope: Scope = Scope.VISITS) -> str:
    """By a key; the address, or nothing."""
    headers = staff_with(house.run, scope, name=f"key-{len(house.history(visit))}-{status}")
    answer = house.client.post(f"/v1/visits/{visit}/join", json={}, headers=headers)
    assert answer.status_code == status, answer.text
    assert status != 200 or answer.headers["Cache-Control"] == "no-store"
    return str(answer.get_json().get("url", ""))


def test_staff_come_in_as_hosts_and_it_is_written_down(house: GateHouse, opened: UUID) -> None:
    assert affiliation(staff_join(house, opened), START) == "owner"
    assert house.status(opened) == "booked", "it is the patient who arrives"
    actor, act = house.history(opened)[-1]
    assert (actor[:6], act, house.audited(opened)[-1]) == ("staff:", "join", "join")


@pytest.mark.parametrize("moment", [OPENS - MINUTE, END + 31 * MINUTE])
def test_not_even_staff_come_in_before_it_opens_or_after_it_closed(
    house: GateHouse, visit: UUID, moment: Any
) -> None:
    house.clock(moment)
    assert staff_join(house, visit, 409) == ""


def test_staff_need_the_scope_and_a_visit_by_video(house: GateHouse, opened: UUID) -> None:
    staff_join(house, opened, 403, Scope.SCHEDULE)
    here = book(house.run.desk, request(at(9, 10), 3, mode=Mode.IN_PERSON)).visit.id
    staff_join(house, here, 422)


# ----------------------------------------------------------------------------------------------- links


def test_a_link_that_ended_or_is_for_something_else_is_the_same_nothing(
    house: GateHouse, opened: UUID
) -> None:
    manage = house.link(opened, purpose=MANAGE)
    ended = house.link(opened)
    carry_out(
        house.run.desk, Order(opened, Act.REVOKE_LINKS, STAFF), lambda scene: revoke_links(scene, PATIENT)
    )
    pages = {path: house.client.get(path) for path in ("/v/nothing/join", manage, ended)}
    assert {page.status_code for page in pages.values()} == {404}
    assert len({page.text.replace(path, "") for path, page in pages.items()}) == 1
    assert {house.client.post(path, data=HOME).status_code for path in (manage, ended)} == {404}


def test_a_form_of_another_site_is_refused(house: GateHouse, opened: UUID) -> None:
    answer = house.client.post(house.link(opened), data=HOME, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_a_patient_is_let_in_by_the_gate_alone(house: GateHouse, opened: UUID) -> None:
    with house.run.db.transaction() as session:
        who = session.scalars(select(Recipient).where(Recipient.visit_id == opened)).one()
        token = house.run.desk.token(who.link_key, opened, who.id, MANAGE, who.link_generation)
        assert session.get_one(Visit, opened).status == "booked"
    for act in ("arrive", "join"):
        answer = house.client.post(
            f"/v1/visits/{opened}/{act}", json={}, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 403
