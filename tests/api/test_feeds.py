"""Calendars to subscribe to, over HTTP: what they show, to whom, and that bytes change only with visits."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import vobject
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from werkzeug.test import TestResponse

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Base, Visit
from scheduler.domain.scopes import Scope
from tests.api.conftest import Serve
from tests.api.people import Headers, booked, said, staff_with
from tests.calendars.feed_lint import feed_faults
from tests.cast import at
from tests.services.asking import put_in_force

HOME = "https://visits.example"

Events = list[Any]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody's calendar, which looks again and again."""

    client: FlaskClient
    path: str

    def get(self, **headers: str) -> TestResponse:
        return self.client.get(self.path, headers=headers)

    def events(self) -> Events:
        answer = self.get()
        assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
        assert feed_faults(answer.data) == []
        return getattr(vobject.readOne(answer.text), "vevent_list", [])

    def summaries(self) -> list[str]:
        return [each.summary.value for each in self.events()]


Subscribe = Callable[..., Subscriber]


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, Scope.SCHEDULE, Scope.VISITS)


@pytest.fixture
def subscribe(client: FlaskClient, staff: Headers) -> Subscribe:
    """Makes a feed, and somebody who reads it."""

    def make(**more: str) -> Subscriber:
        made = said(client.post("/v1/feeds", json={"label": "Dr. Lee", **more}, headers=staff), 201)
        assert made["address"].startswith(f"{HOME}/calendars/")
        return Subscriber(client, made["address"].removeprefix(HOME))

    return make


def act(client: FlaskClient, staff: Headers, visit: dict[str, Any], act: str, **body: str) -> None:
    said(client.post(f"/v1/visits/{visit['id']}/{act}", json=body, headers=staff))


# ------------------------------------------------------------------------------------------- what they show


def test_busy_says_when_and_nothing_else(client: FlaskClient, subscribe: Subscribe) -> None:
    visit = booked(client, practitioner="one")
    feed = subscribe(practitioner="one")
    (event,) = feed.events()
    assert event.summary.value == "Busy"
    assert event.dtstart.value.isoformat() == "2026-12-08T16:00:00+00:00"
    assert (event.status.value, event.transp.value) == ("CONFIRMED", "OPAQUE")
    shown = feed.get().text.replace("\r\n ", "")
    for word in (
        visit["reference"],
        visit["id"],
        "Pat",
        "Example",
        "patients.example",
        "Follow",
        "video",
        "/v/",
    ):
        assert word not in shown


def test_reference_says_which_visit_where_and_the_way_to_its_page(
    client: FlaskClient, subscribe: Subscribe
) -> None:
    video = booked(client, practitioner="one")
    there = booked(
        client, 1, practitioner="one", mode="in_person", location="main", start=at(8, 14).isoformat()
    )
    feed = subscribe(practitioner="one", detail="reference")
    first, second = feed.events()
    assert first.summary.value == f"Video visit {video['reference']}"
    assert first.location.value == "Video visit"
    assert second.summary.value == f"Visit {there['reference']}"
    assert second.location.value == "Main Office, 100 Example Street, Exampleville, TX 00000"
    assert second.url.value == second.description.value == f"{HOME}/staff/visits/{there['id']}"
    shown = feed.get().text.replace("\r\n ", "")
    for word in ("Pat", "patients.example", "Follow", "/v/", "join"):
        assert word not in shown


def test_each_feed_shows_its_own_visits(client: FlaskClient, subscribe: Subscribe) -> None:
    booked(client, practitioner="one")
    booked(client, 1, practitioner="two", mode="in_person", location="main")
    booked(client, 2, practitioner="one", mode="in_person", location="main", start=at(8, 14).isoformat())
    assert subscribe(practitioner="one").summaries() == ["Busy", "Busy"]
    assert subscribe(location="main").summaries() == ["Busy, Dr. Two", "Busy, Dr. One"]
    assert subscribe(location="north").summaries() == []
    assert subscribe(practitioner="one", location="main").summaries() == ["Busy"]
    assert sorted(subscribe().summaries()) == ["Busy, Dr. One", "Busy, Dr. One", "Busy, Dr. Two"]


def test_a_request_that_waits_is_tentative(client: FlaskClient, subscribe: Subscribe) -> None:
    booked(client, visit_type="reviewed")
    assert [each.status.value for each in subscribe().events()] == ["TENTATIVE"]


def test_the_words_are_those_of_the_clinics_first_language(
    client: FlaskClient, run: Runtime, subscribe: Subscribe
) -> None:
    visit = booked(client, practitioner="one")
    feed = subscribe(practitioner="one", detail="reference")
    before = feed.get().get_etag()
    put_in_force(run, {'languages = ["en", "es"]': 'languages = ["es", "en"]'})
    assert feed.summaries() == [f"Cita por video {visit['reference']}"]
    assert feed.get().get_etag() != before


def test_the_feeds_name_for_a_visit_is_not_that_of_its_invite(
    client: FlaskClient, run: Runtime, subscribe: Subscribe
) -> None:
    booked(client)
    with run.db.transaction() as session:
        uid = session.scalars(select(Visit.uid)).one()
    assert str(uid) not in subscribe().get().text


# --------------------------------------------------------------------------------------------- what changes


def test_a_visit_that_moves_is_the_same_event_at_another_time(
    client: FlaskClient, staff: Headers, subscribe: Subscribe
) -> None:
    visit, feed = booked(client, practitioner="one"), subscribe()
    (before,) = feed.events()
    act(client, staff, visit, "reschedule", start=at(9, 11).isoformat())
    (after,) = feed.events()
    assert after.uid.value == before.uid.value
    assert (before.sequence.value, after.sequence.value) == ("0", "1")
    assert after.dtstart.value.isoformat() == "2026-12-09T17:00:00+00:00"
    assert after.dtstamp.value >= before.dtstamp.value


def test_a_cancelled_visit_says_so_for_thirty_days_and_takes_nobodys_time(
    client: FlaskClient, staff: Headers, subscribe: Subscribe, run: Runtime
) -> None:
    visit, feed = booked(client, start=at(8, 10).isoformat()), subscribe()
    act(client, staff, visit, "cancel", reason="patient")
    (event,) = feed.events()
    assert (event.status.value, event.transp.value, event.sequence.value) == ("CANCELLED", "TRANSPARENT", "1")
    assert event.summary.value.startswith("Cancelled: Busy")
    with run.db.transaction() as session:
        session.execute(update(Visit).values(changed_at=text("changed_at - interval '31 days'")))
    assert feed.events() == []


def test_what_is_long_past_is_not_shown(client: FlaskClient, run: Runtime, subscribe: Subscribe) -> None:
    booked(client)
    feed = subscribe()
    for days, shown in ((30, 1), (10, 0)):
        ago = text(f"starts_at - interval '{days} days'")
        with run.db.transaction() as session:
            session.execute(update(Visit).values(starts_at=ago))
        assert len(feed.events()) == shown


def test_a_staff_act_that_changes_nothing_that_is_shown_leaves_the_event_as_it_is(
    client: FlaskClient, staff: Headers, subscribe: Subscribe
) -> None:
    visit, feed = booked(client), subscribe()
    before = feed.get().data
    act(client, staff, visit, "arrive")
    assert feed.get().data == before


# ----------------------------------------------------------------------------------------- asking once more


def test_what_did_not_change_is_not_sent_again(client: FlaskClient, subscribe: Subscribe) -> None:
    booked(client)
    feed = subscribe()
    first = feed.get()
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = feed.get(**{"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert feed.get(**{"If-None-Match": f"W/{tag}"}).status_code == 304
    assert feed.get(**{"If-None-Match": '"another"'}).data == first.data


def test_the_tag_is_the_same_wherever_it_is_made_and_so_are_the_bytes(
    client: FlaskClient, subscribe: Subscribe, serve: Serve
) -> None:
    for number in range(3):
        booked(client, number, start=at(8, 10 + number).isoformat())
    feed = subscribe()
    here, there = feed.get(), serve().get(feed.path)
    assert (here.headers["ETag"], here.data) == (there.headers["ETag"], there.data)


def test_each_change_is_another_tag(client: FlaskClient, staff: Headers, subscribe: Subscribe) -> None:
    feed = subscribe()
    tags = [feed.get().headers["ETag"]]
    visit = booked(client)
    tags.append(feed.get().headers["ETag"])
    act(client, staff, visit, "reschedule", start=at(9, 11).isoformat())
    tags.append(feed.get().headers["ETag"])
    act(client, staff, visit, "cancel", reason="patient")
    tags.append(feed.get().headers["ETag"])
    assert len(set(tags)) == 4
    assert [feed.get(**{"If-None-Match": tag}).status_code for tag in tags] == [200, 200, 200, 304]


def test_feeds_of_the_same_visits_have_tags_of_their_own(client: FlaskClient, subscribe: Subscribe) -> None:
    booked(client, practitioner="one")
    feeds = subscribe(), subscribe(), subscribe(practitioner="one"), subscribe(detail="reference")
    assert len({each.get().headers["ETag"] for each in feeds}) == 4


def test_asking_for_the_headers_alone_is_answered_alike(client: FlaskClient, subscribe: Subscribe) -> None:
    booked(client)
    feed = subscribe()
    head = client.head(feed.path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == feed.get().headers["ETag"]


def test_reading_a_feed_writes_nothing(client: FlaskClient, run: Runtime, subscribe: Subscribe) -> None:
    booked(client)
    feed = subscribe(detail="reference")

    def everything() -> list[str]:
        with run.db.transaction() as session:
            tables = [each.name for each in Base.metadata.sorted_tables]
            return [
                str(session.execute(text(f"SELECT json_agg(t)::text FROM {each} t")).scalar())
                for each in tables
            ]

    before = everything()
    feed.events()
    assert everything() == before


# ------------------------------------------------------------------------------------------- made and revoked


def test_a_feed_is_made_listed_and_revoked(client: FlaskClient, staff: Headers, run: Runtime) -> None:
    body = {"label": "Dr. One", "practitioner": "one", "detail": "reference"}
    answer = client.post("/v1/feeds", json=body, headers=staff)
    made = said(answer, 201)
    address = made.pop("address").removeprefix(HOME)
    assert (made["label"], made["practitioner"], made["location"], made["detail"], made["revoked_at"]) == (
        "Dr. One",
        "one",
        None,
        "reference",
        None,
    )
    path = answer.headers["Location"]
    assert said(client.get(path, headers=staff)) == made
    assert said(client.get("/v1/feeds", headers=staff))["items"] == [made]
    assert client.get(address).status_code == 200
    revoked = said(client.delete(path, headers=staff))
    assert revoked["revoked_at"]
    assert client.get(address).status_code == 404
    assert said(client.delete(path, headers=staff)) == revoked
    assert said(client.get("/v1/feeds", headers=staff))["items"] == [revoked]
    with run.db.transaction() as session:
        about = select(AuditEntry).where(AuditEntry.object_id == made["id"]).order_by(AuditEntry.id)
        audit = session.scalars(about).all()
    assert [each.act for each in audit] == ["create", "revoke"]


def test_a_revoked_address_is_as_one_that_never_was_also_for_those_who_have_its_tag(
    client: FlaskClient, staff: Headers, subscribe: Subscribe
) -> None:
    feed = subscribe()
    tag = feed.get().headers["ETag"]
    (entry,) = said(client.get("/v1/feeds", headers=staff))["items"]
    client.delete(f"/v1/feeds/{entry['id']}", headers=staff)
    gone = [feed.get(**{"If-None-Match": tag}), client.get("/calendars/nothing.ics")]
    assert [each.status_code for each in gone] == [404, 404]
    bodies = [each.get_json() for each in gone]
    assert [each.pop("instance") for each in bodies]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "..%2f..%2fetc", "é", "vk_nothing"])
def test_an_address_that_was_never_given_leads_to_nothing(client: FlaskClient, token: str) -> None:
    assert client.get(f"/calendars/{token}.ics").status_code == 404


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"practitioner": "nobody"}, "/practitioner", "unknown"),
        ({"location": "nowhere"}, "/location", "unknown"),
        ({"detail": "names"}, "/detail", "not-a-choice"),
        ({"label": ""}, "/label", "too-short"),
        ({"label": "a\r\nATTENDEE:x"}, "/label", "control-characters"),
        ({"colour": "red"}, "/colour", "unknown-field"),
    ],
)
def test_a_feed_that_cannot_be_is_refused(
    client: FlaskClient, staff: Headers, change: dict[str, str], pointer: str, code: str
) -> None:
    answer = client.post("/v1/feeds", json={"label": "Dr. Lee", **change}, headers=staff)
    (error,) = said(answer, 422)["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


def test_an_address_is_nowhere_after_it_was_shown(
    client: FlaskClient, run: Runtime, subscribe: Subscribe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    feed = subscribe()
    feed.get()
    token = feed.path.rpartition("/")[2].removesuffix(".ics")
    assert len(token) >= 43
    with run.db.transaction() as session:
        tables = [each.name for each in Base.metadata.sorted_tables]
        dump = [
            str(session.execute(text(f"SELECT json_agg(t)::text FROM {each} t")).scalar()) for each in tables
        ]
    assert "Dr. Lee" in " ".join(dump)
    assert token not in " ".join(dump)
    assert "/calendars/<token>.ics" in " ".join(str(vars(each)) for each in caplog.records)
    assert token not in " ".join(str(vars(each)) for each in caplog.records)
