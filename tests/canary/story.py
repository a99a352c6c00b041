"""All that the canary does, and all that is done about her; what goes wrong, too."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import text

from scheduler.domain.scopes import Scope
from scheduler.services.accounts.access import create_key
from scheduler.web.guards import csrf_token
from tests.api.people import said
from tests.api.test_inbound_mail import signed
from tests.api.twilio import signature
from tests.canary.house import INBOUND, House, wait_for
from tests.canary.values import (
    ADDRESS,
    BAD_EMAIL,
    BORN,
    CALL_PHONE,
    CAR_PHONE,
    EMAIL,
    FIRST,
    HELPER,
    HELPER_EMAIL,
    LAST,
    NAME,
    NEW_EMAIL,
    PHONE,
)
from tests.cast import at
from tests.channels.inbound.letters import BODY, bounce, mail, part
from tests.pages.filling import Filling
from tests.pages.holder import Person
from tests.pages.staff.desk import COOKIE, EVERYTHING, signed_in

PATIENT = {"name": NAME, "birth_date": BORN, "email": EMAIL, "phone": PHONE}
BOOKER = {"name": HELPER, "relationship": "spouse", "email": HELPER_EMAIL, "receives": "also"}
PLACE = {"state": "TX", "phone": CAR_PHONE, "address": ADDRESS}
VIDEO = {"mode": "telemedicine", "state": "TX", "consents": ["telehealth:1", "sms:1"]}


class Story:
    """What she lives through with one visit; `begins`, then `ends`."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.client = house.client
        self.visit: dict[str, Any] = {}
        with house.run.db.transaction() as session:
            key = create_key(session, "canary-desk", frozenset(Scope), house.run.db.now(session))
        house.secrets.learn("key of staff", key)
        self.staff = {"Authorization": f"Bearer {key}"}

    def begins(self) -> None:
        self.listens()
        self.is_refused_by_mail()
        self.answers_safety_questions()
        self.books()
        self.books_page_by_page()
        self.changes_her_visit()
        self.looks_at_pages()
        self.is_seen_by_staff()
        self.is_seen_at_the_desk()
        self.writes_back()
        self.makes_mistakes()
        self.meets_our_own()

    def ends(self) -> None:
        self.house.make_due()
        self.house.settle()
        self.goes_through_the_gate()
        self.changes_her_contact()
        self.cancels()
        self.house.settle()

    # --------------------------------------------------------------------------------------- booking

    def post(
        self, path: str, body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.status_code == status, (body, answer.text)
        return answer.get_json() if answer.data else {}

    def listens(self) -> None:
        """A program elsewhere."""
        body = {"label": "Records", "url": self.house.web.url("/in")}
        self.house.secrets.learn(
            "secret of a hook", self.post("/v1/webhooks", body, 201, headers=self.staff)["secret"]
        )

    def is_refused_by_mail(self) -> None:
        """Over the wire, as all browsers come."""
        body = {
            "visit_type": "follow-up",
            "start": at(15, 10).isoformat(),
            "patient": {**PATIENT, "email": BAD_EMAIL},
            **VIDEO,
        }
        with requests.Session() as http:
            http.trust_env = False
            http.headers["User-Agent"] = NAME
            url = f"{self.house.served}/v1/visits"
            assert http.post(url, json=body, timeout=10).status_code == 201
            assert http.post(url, json={**body, "start": NAME}, timeout=10).status_code == 422
            assert http.post(url, data=f'{{"name": "{NAME}"', timeout=10).status_code == 415
            for path in (f"/v/{NAME}/join", f"/v1/slots?visit_type={NAME}", f"/{EMAIL}?phone={PHONE}"):
                assert http.get(self.house.served + path, timeout=10).status_code in (404, 422)
        assert wait_for(lambda: any(BAD_EMAIL in each for each in self.house.smtp.commands), 90)

    def answers_safety_questions(self) -> None:
        emergency, call, fine = (self.answered(*yes) for yes in (("T1",), ("T4",), ()))
        wish = {"visit_type": "asked", "start": at(8, 10).isoformat(), "practitioner": "one", **VIDEO}
        held = {name: wish[name] for name in wish.keys() - {"consents"}}
        for token in (emergency, "x" * 40):
            assert self.client.post("/v1/holds", json={**held, "triage": token}).status_code == 403
            body = {**wish, "triage": token, "patient": PATIENT}
            assert self.client.post("/v1/visits", json=body).status_code == 403
        for token in (emergency, call):
            self.post("/v1/callbacks", {"triage": token, "name": NAME, "phone": CALL_PHONE}, 202)
        hold = self.post("/v1/holds", {**held, "triage": fine}, 201)["id"]
        self.house.secrets.learn("secret id", hold)
        self.wish = {**wish, "triage": fine, "hold": hold}

    def answered(self, *yes: str) -> str:
        answers = {id: id in yes for id in ("T1", "T4", "T7", "T9")}
        asked = {"visit_type": "asked", "version": "q1", "answers": answers}
        token: str = self.post("/v1/triage", asked)["token"]
        self.house.secrets.learn("answers to safety questions", token)
        return token

    def books(self) -> None:
        key = {"Idempotency-Key": "0123456789abcdef"}
        body = {**self.wish, "patient": PATIENT, "booked_by": BOOKER}
        self.visit = self.post("/v1/visits", body, 201, headers=key)
        assert self.post("/v1/visits", body, 201, headers=key)["id"] == self.visit["id"]
        self.learn_links()
        self.post("/v1/links", {"email": EMAIL, "birth_date": BORN}, 202)
        again = {**body, "start": at(8, 11).isoformat(), "hold": None}
        self.post("/v1/visits", {**again, "new_patient": True}, 201)
        assert self.client.post("/v1/visits", json={**again, "new_patient": True}).status_code == 409

    def learn_links(self) -> None:
        """Of everybody, as they are derived."""
        run = self.house.run
        with run.db.transaction() as session:
            rows = session.execute(
                text("SELECT link_key, visit_id, id, link_generation FROM recipients")
            ).all()
        for key, visit, id, generation in rows:
            for purpose in ("manage", "join", "not_you"):
                token = run.desk.token(key, visit, id, purpose, generation)
                self.house.secrets.learn("link", token)

    def books_page_by_page(self) -> None:
        person = Filling(self.client).to_about()
        typed = {"name": NAME, "birth_month": "3", "birth_day": "14", "birth_year": "1957"}
        person.send(**typed, email="not a mail", phone=PHONE)
        assert person.path == "about"
        person.send(**typed, email=EMAIL, phone=PHONE)
        person.agree()
        assert person.path == "check" and NAME in person.text
        self.house.secrets.learn("secret id", person.id)
        person.send()
        assert person.path == "done", person.text
        assert self.client.get(f"/book/{person.id}/invite.ics").status_code == 200

    # -------------------------------------------------------------------------------------- changing

    @property
    def patient(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.visit['token']}"}

    @property
    def path(self) -> str:
        return f"/v1/visits/{self.visit['id']}"

    def changes_her_visit(self) -> None:
        self.post(f"{self.path}/confirm", {}, headers=self.patient)
        self.post(f"{self.path}/whereabouts", {**PLACE, "state": "LA"}, 422, headers=self.patient)
        self.post(f"{self.path}/whereabouts", PLACE, headers=self.patient)
        self.post(f"{self.path}/reschedule", {"start": at(9, 10).isoformat()}, headers=self.patient)
        here = {"mode": "in_person", "location": "main", "triage": self.answered("T4")}
        self.post(f"{self.path}/convert", here, headers=self.patient)
        back = {"mode": "telemedicine", "state": "TX", "triage": self.answered("T7")}
        self.post(f"{self.path}/convert", back, headers=self.patient)
        self.post(f"{self.path}/consents", {"consents": ["privacy:1"]}, headers=self.patient)
        self.client.get(f"{self.path}/invite.ics", headers=self.patient)
        for wrong in ({"start": NAME}, {"start": at(9, 3).isoformat()}, {NAME: EMAIL}):
            self.post(f"{self.path}/reschedule", wrong, 422, headers=self.patient)

    def looks_at_pages(self) -> None:
        person = Person(self.client, self.visit).arrive()
        for page in ("", "move", "convert", "cancel", "contact", "where", "nothing-like-it"):
            person.get(f"/my/{self.visit['id']}{'/' if page else ''}{page}?street={ADDRESS}")

    # ----------------------------------------------------------------------------------------- staff

    def is_seen_by_staff(self) -> None:
        for asked in ({"name": LAST}, {"email": EMAIL}, {"phone": PHONE}, {"birth_date": BORN, "name": NAME}):
            self.post("/v1/visits/search", asked, headers=self.staff)
        self.post("/v1/visits/search", {"name": NAME, "phone": NAME}, 422, headers=self.staff)
        for path in ("", "/history", "/intake"):
            assert self.client.get(self.path + path, headers=self.staff).status_code == 200
        for path in (
            "/v1/tasks",
            "/v1/visits?from=2026-12-01&to=2026-12-20",
            "/v1/webhooks/deliveries",
            f"/v1/visits?{LAST}={BORN}",
        ):
            self.client.get(path, headers=self.staff)
        self.post(f"{self.path}/join", {}, 409, headers=self.staff)

    def is_seen_at_the_desk(self) -> None:
        token = signed_in(self.house.run, "desk", EVERYTHING)
        self.house.secrets.learn("session of staff", token)
        self.client.set_cookie(COOKIE, token)
        with self.client.application.app_context():
            csrf = csrf_token(token)
        for path in ("", "/day?date=2026-12-09", "/calls", "/messages", f"/visits/{self.visit['id']}"):
            assert self.client.get(f"/staff{path}").status_code == 200
        assert self.client.get(f"/staff/visits/{self.visit['id']}/video").status_code == 200
        for asked in (NAME, EMAIL, PHONE, BORN):
            found = self.client.post("/staff/find", data={"csrf": csrf, "q": asked, "text": asked})
            assert found.status_code in (200, 303, 422)
        self.client.post("/staff/find", data={"csrf": "wrong", "q": NAME})
        self.client.delete_cookie(COOKIE)

    # ----------------------------------------------------------------------- what comes from outside

    def writes_back(self) -> None:
        with self.house.run.db.transaction() as session:
            sent = text("SELECT message_id FROM messages WHERE channel = 'email' AND state = 'sent' LIMIT 1")
            id = str(session.execute(sent).scalar_one())
        own = {"From": f"{NAME} <{EMAIL}>"}
        for number, raw in enumerate(
            (
                bounce(id).replace(b"pat0@patients.example", EMAIL.encode()),
                mail(part("text/plain", f"{NAME}, born {BORN}. {BODY}"), **own),
                mail(part("text/calendar; method=REPLY", f"BEGIN:VCALENDAR\r\n{NAME}"), **own),
                f"From: {EMAIL}\r\nContent-Type: {NAME}\r\n\r\n\x00{ADDRESS}".encode(),
            )
        ):
            headers = signed(raw, INBOUND, f"msg_{number}", datetime.now(UTC))
            answer = self.client.post(
                "/v1/inbound/mail", data=raw, content_type="message/rfc822", headers=headers
            )
            assert answer.status_code == 202
        for number, words in enumerate(("C", f"{NAME}: I hurt", "STOP", "START", "HELP")):
            form = {"MessageSid": f"SM{number}", "From": PHONE, "To": "+14095550100", "Body": words}
            path = "/v1/inbound/twilio/sms"
            answer = self.client.post(path, data=form, headers={"X-Twilio-Signature": signature(path, form)})
            assert answer.status_code == 200
        assert self.client.post(path, data=form, headers={"X-Twilio-Signature": NAME}).status_code == 401

    # ------------------------------------------------------------------------------- what goes wrong

    def makes_mistakes(self) -> None:
        """Every kind of refusal, with all of her in it."""
        body = {"visit_type": "follow-up", "start": at(16, 10).isoformat(), "patient": PATIENT, **VIDEO}
        wrong: list[dict[str, Any]] = [
            {"patient": {**PATIENT, "name": f"{NAME}\r\nBcc: {EMAIL}"}},
            {"patient": {**PATIENT, "email": NAME, "phone": EMAIL, "birth_date": PHONE}},
            {"patient": {**PATIENT, "birth_date": "2015-03-14"}},
            {"visit_type": NAME, "practitioner": EMAIL, "location": ADDRESS},
            {"consents": [NAME]},
            {"state": "LA"},
            {NAME: NAME},
        ]
        statuses = {self.client.post("/v1/visits", json={**body, **more}).status_code for more in wrong}
        assert statuses <= {422, 403}
        for data in (f"{{{NAME}", NAME * 5_000, ""):
            self.client.post("/v1/visits", data=data, content_type="application/json")
        stranger = {"Authorization": f"Bearer {NAME}"}
        assert self.client.get(self.path, headers=stranger).status_code == 401
        assert self.client.get(f"/v1/visits/{NAME}", headers=self.staff).status_code == 404
        self.client.post(f"/not-you/{FIRST}", data={"person": NAME})
        self.client.post("/book", data={"who": NAME}, headers={"Origin": f"https://{LAST}.example"})

    def meets_our_own(self) -> None:
        """Failures of ours in the midst of her booking: a table that is gone, and one that is locked."""
        body = {"visit_type": "follow-up", "start": at(17, 10).isoformat(), "patient": PATIENT, **VIDEO}
        for table in ("claims", "recipients", "consents", "patients", "messages"):
            with self.without(table):
                assert self.client.post("/v1/visits", json=body).status_code == 500
                self.client.get(f"/v/{self.visit['token']}")
                self.post_anyhow("/v1/visits/search", {"name": NAME, "email": EMAIL}, self.staff)
                self.post_anyhow("/v1/links", {"email": EMAIL, "birth_date": BORN}, {})
                self.post_anyhow(f"{self.path}/whereabouts", PLACE, self.patient)
        with self.house.run.db.transaction() as session:
            session.execute(text("LOCK TABLE recipients IN ACCESS EXCLUSIVE MODE"))
            assert self.client.post("/v1/visits", json=body).status_code == 503

    def post_anyhow(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
        self.client.post(path, json=body, headers=headers)

    @contextmanager
    def without(self, table: str) -> Iterator[None]:
        with self.house.run.db.transaction() as session:
            session.execute(text(f"ALTER TABLE {table} RENAME TO gone"))
        try:
            yield
        finally:
            with self.house.run.db.transaction() as session:
                session.execute(text(f"ALTER TABLE gone RENAME TO {table}"))

    # ------------------------------------------------------------------------------------- the video

    def goes_through_the_gate(self) -> None:
        gate = self.visit_begins()
        form = {
            "state": "TX",
            "place": "car",
            "address": ADDRESS,
            "phone": CAR_PHONE,
            "agree": "telehealth:1",
        }
        assert self.client.get(gate).status_code == 200
        assert self.client.post(gate, data={**form, "phone": NAME}).status_code == 422
        assert self.client.post(gate, data={**form, "state": "LA"}).status_code == 422
        assert self.client.post(gate, data={**form, "place": "driving"}).status_code == 200
        answer = self.client.post(gate, data=form)
        assert answer.status_code == 303, answer.text
        url = self.post(f"{self.path}/join", {}, headers=self.staff)["url"]
        self.house.secrets.learn("room", answer.headers["Location"], url)
        for act in ("check-in", "complete"):
            self.post(f"{self.path}/{act}", {}, headers=self.staff)

    def visit_begins(self) -> str:
        """It is about to begin, and the workers have had a room made; the way to its gate."""
        run, id = self.house.run, UUID(self.visit["id"])
        with run.db.transaction() as session:
            now = run.db.now(session)
            times = "starts_at = :now, ends_at = :now + interval '30 minutes'"
            session.execute(text(f"UPDATE visits SET {times} WHERE id = :id"), {"now": now, "id": id})
        ready = (
            "SELECT count(*) FROM video_rooms WHERE visit_id = :id AND state = 'ready' AND starts_at = :now"
        )

        def there() -> bool:
            with run.db.single() as connection:
                return bool(connection.execute(text(ready), {"id": id, "now": now}).scalar_one())

        assert wait_for(there, 90), "there is no room"
        link: str = self.visit["links"]["join"]
        return link.removeprefix(run.desk.public_url)

    def changes_her_contact(self) -> None:
        found = self.post("/v1/visits/search", {"email": EMAIL}, headers=self.staff)["items"]
        open_ones = [each for each in found if each["status"] == "booked"]
        for each in open_ones[:1]:
            change = {"recipient": "patient", "email": NEW_EMAIL}
            path = f"/v1/visits/{each['id']}/contact"
            answer = self.client.patch(path, json=change, headers=self.staff)
            assert answer.status_code == 200, answer.text
        self.learn_links()

    def cancels(self) -> None:
        found = self.post("/v1/visits/search", {"name": NAME, "birth_date": BORN}, headers=self.staff)[
            "items"
        ]
        for each in found:
            if each["status"] == "booked":
                said(self.client.post(f"/v1/visits/{each['id']}/cancel", json={}, headers=self.staff))
