"""What else there is around her visit: other calendars, the mailbox, the desk, her own pages; and every door
once more with all of her in the wrong places."""

import logging
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jwt
from click.testing import CliRunner
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from scheduler.api.bodies import FORM
from scheduler.cli import main
from scheduler.services.inbound.mailbox import read_mailbox
from scheduler.web.guards import csrf_token
from tests.api.twilio import signature
from tests.calendars.test_busy import calendar
from tests.canary.house import wait_for
from tests.canary.story import PATIENT, PLACE, VIDEO, Story
from tests.canary.values import ADDRESS, BORN, CALL_PHONE, EMAIL, FIRST, HELPER_EMAIL, NAME, PHONE
from tests.cast import at
from tests.channels.inbound.letters import bounce, mail, nested, part, reply
from tests.channels.inbound.letters import calendar as answered_by
from tests.dovecot import dovecot, installed
from tests.gatehouse import GateHouse, gatehouse, jitsi
from tests.pages.filling import HELPER as TYPED_HELPER
from tests.pages.filling import Filling
from tests.pages.holder import Person
from tests.pages.staff.desk import COOKIE, EVERYTHING, plain, signed_in
from tests.processes import environment
from tests.web import Asked, Reply, ScriptedWeb

BIRTH = {"birth_month": "3", "birth_day": "14", "birth_year": "1957"}
TYPED = {"name": NAME, **BIRTH, "phone": PHONE}
SECRET_PATH = "/geheimes-nest-5f2c/basic.ics"
DINNER = f"""DTSTART:20261211T160000Z
DTEND:20261211T170000Z
SUMMARY:{NAME}
DESCRIPTION:born {BORN}
LOCATION:{ADDRESS}
ATTENDEE;CN={NAME}:mailto:{EMAIL}"""
COMMANDS = (
    ["inbound-mail"],
    ["doctor"],
    ["health", "work"],
    ["audit", "verify"],
    ["times", "rederive", "--dry-run"],
    ["times", "rederive"],
    ["keys", "rotate-encryption"],
    *([noun, "list"] for noun in ("keys", "accounts", "feeds", "outside-calendars")),
)
WRONG: dict[str, Any] = {
    **dict.fromkeys(("name", "label", "reason", "start", "practitioner", "words", "q", "note", NAME), NAME),
    **dict.fromkeys(("email", "url", "address", "visit_type", "slot", "time"), EMAIL),
    **dict.fromkeys(("phone", "state", "birth_date", "mode", "language", "person"), PHONE),
    "version": "999999999",
}
"""No value is where it belongs."""


class WholeStory(Story):
    def tell(self) -> None:
        self.begins()
        self.is_busy_elsewhere()
        self.is_in_feeds()
        self.is_served_at_the_desk()
        self.calls_for_a_callback()
        self.helps_herself()
        self.is_dealt_with_by_programs()
        self.is_reported_by_providers()
        self.ends()
        self.wants_to_hear_nothing()
        self.is_in_the_mailbox()
        self.is_turned_away_everywhere()
        self.house.settle()
        self.is_in_the_hands_of_operators()
        self.house.stop_sweeping()
        self.meets_by_jitsi()

    def another(self, day: int, hour: int, **more: Any) -> dict[str, Any]:
        """One more visit of hers, by video where nothing else is said."""
        start = {"visit_type": "follow-up", "start": at(day, hour).isoformat()}
        made = self.post("/v1/visits", {**start, "patient": PATIENT, **VIDEO, **more}, 201)
        self.learn_links()
        return made

    def by_staff(self, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
        return self.post(path, body, status, headers=self.staff)

    def looked_at(self, path: str) -> dict[str, Any]:
        answer = self.client.get(path, headers=self.staff)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    # -------------------------------------------------------------------------------------- other calendars

    def is_busy_elsewhere(self) -> None:
        """In a calendar that her surgeon keeps, and in one that is out of order and says so."""
        self.house.secrets.learn("address of a calendar", SECRET_PATH)
        with ScriptedWeb(_publishes) as theirs:
            paths = []
            for who, path in (("two", SECRET_PATH), ("three", f"{SECRET_PATH}?broken")):
                wish = {"practitioner": who, "label": "Rota", "address": theirs.url(path)}
                paths.append(
                    f"/v1/outside-calendars/{self.by_staff('/v1/outside-calendars', 201, **wish)['id']}"
                )
            assert wait_for(lambda: all(self.was_asked(each) for each in paths), 120)
            self.by_staff(f"{paths[0]}/refresh", 202)
            self.looked_at("/v1/outside-calendars")
            assert self.client.delete(paths[1], headers=self.staff).status_code == 200

    def was_asked(self, path: str) -> bool:
        seen = self.looked_at(path)
        return bool(seen["fetched_at"] or seen["last_error"])

    def is_in_feeds(self) -> None:
        for detail in ("busy", "reference"):
            made = self.by_staff("/v1/feeds", 201, label="Rota", detail=detail)
            address = made["address"].removeprefix(self.house.run.desk.public_url)
            self.house.secrets.learn("feed", address.rpartition("/")[2].removesuffix(".ics"))
            answer = self.client.get(address)
            assert answer.status_code == 200 and b"VEVENT" in answer.data
            self.house.feeds.append(answer.data.replace(b"\r\n ", b""))
            self.looked_at("/v1/feeds")
            self.looked_at(f"/v1/feeds/{made['id']}")
        assert self.client.delete(f"/v1/feeds/{made['id']}", headers=self.staff).status_code == 200

    # -------------------------------------------------------------------------------------------- the desk

    def is_served_at_the_desk(self) -> None:
        """Somebody calls for her, and then the day goes on."""
        token = signed_in(self.house.run, "front", EVERYTHING)
        self.house.secrets.learn("session of staff", token)
        self.client.set_cookie(COOKIE, token)
        with self.client.application.app_context():
            self.csrf = csrf_token(token)
        visit = self.is_booked_by_phone()
        self.is_looked_up(visit)
        self.is_moved_about(visit)
        self.fills_the_list()
        self.takes_time_off()
        self.tapped("/sign-out")
        self.csrf = re.findall(r'name="csrf" value="(\w+)"', self.client.get("/staff/sign-in").text)[0]
        self.tapped("/sign-in", 401, name=NAME, password=NAME)
        self.client.delete_cookie(COOKIE)

    def tapped(self, path: str, *statuses: int, **fields: Any) -> TestResponse:
        answer = self.client.post(f"/staff{path}", data={"csrf": self.csrf, **fields})
        assert answer.status_code in (statuses or (303,)), (
            path,
            answer.status_code,
            plain(answer.text)[:900],
        )
        return answer

    def is_booked_by_phone(self) -> str:
        wish = {"visit_type": "follow-up", "mode": "telemedicine", "state": "TX"}
        time = {"time": f"{at(10, 10).isoformat()}|one|"}
        born = {f"birth_date_{name.removeprefix('birth_')}": value for name, value in BIRTH.items()}
        helper = {
            "helper_name": NAME,
            "helper_email": HELPER_EMAIL,
            "relationship": "child",
            "receives": "also",
        }
        typed = {
            "key": "k" * 20,
            **wish,
            **time,
            "name": NAME,
            "email": EMAIL,
            "phone": PHONE,
            **born,
            **helper,
        }
        typed |= {"language": "en", "helper_language": "en", "consent_telehealth:1": "yes"}
        for page in ("/book", "/book/details"):
            assert self.client.get(f"/staff{page}", query_string={**wish, **time}).status_code == 200
        self.tapped("/book/details", 422, **{**typed, "phone": NAME, "email": ADDRESS})
        return self.tapped("/book/details", **typed).headers["Location"].split("?")[0].rpartition("/")[2]

    def is_looked_up(self, visit: str) -> None:
        found = self.tapped("/find", words=NAME).headers["Location"]
        assert LAST_SHOWN in self.client.get(found).text
        pages = ("/week", "/schedule", "/numbers", "/numbers.csv", "/find", "/password")
        for page in (*pages, *(f"/visits/{visit}/{each}" for each in ("move", "contact", "video"))):
            assert self.client.get(f"/staff{page}").status_code == 200, page
        self.tapped("/language", language="en")
        self.tapped("/password", 422, old=NAME, password=FIRST)

    def is_moved_about(self, visit: str) -> None:
        path = f"/visits/{visit}"
        self.tapped(f"{path}/confirm")
        self.tapped(f"{path}/whereabouts", **PLACE)
        self.tapped(f"{path}/whereabouts", 409, **{**PLACE, "state": "LA"})
        self.tapped(f"{path}/contact", 422, recipient="patient", email=NAME)
        self.tapped(f"{path}/contact", recipient="patient", email=EMAIL, phone=PHONE, language="es")
        self.tapped(f"{path}/move", state="TX", time=f"{at(10, 13).isoformat()}|one|")
        self.tapped(f"{path}/join", 409)
        self.tapped(f"{path}/mail-again", recipient="patient")
        self.by_staff(f"/v1{path}/mail-again", recipient="patient")
        self.tapped(f"{path}/revoke-links", recipient="patient")
        self.tapped(f"{path}/end-helper")
        for act in ("arrive", "undo", "no-show", "undo"):
            self.tapped(f"{path}/{act}")
        self.tapped(f"{path}/cancel", reason="patient")
        other = self.another(10, 15)["id"]
        self.tapped(f"/visits/{other}/entered-in-error", reason="double-entry")
        self.learn_links()

    def fills_the_list(self) -> None:
        """Tasks that speak of her, and the messages that nobody heard."""
        task = self.looked_at("/v1/tasks")["items"][0]["id"]
        for act in ("claim", "release", "claim"):
            self.tapped(f"/tasks/{task}/{act}")
        self.tapped(f"/tasks/{task}/done", note="called")
        task = self.looked_at("/v1/tasks")["items"][0]["id"]
        done: dict[str, Any] = {"note": "called"}
        for act in ("claim", "release", "claim", "done"):
            self.by_staff(f"/v1/tasks/{task}/{act}", 200, **done if act == "done" else {})
        self.tapped(f"/messages/{self.unheard()}/again")
        self.by_staff(f"/v1/messages/{self.unheard()}/resend", 202)

    def unheard(self) -> int:
        """A confirmation that is still true and that a server refused in the end."""
        true = "m.kind = 'confirmed' AND m.channel = 'email' AND m.state = 'sent' AND m.sequence = v.sequence"
        theirs = "messages m JOIN visits v ON v.id = m.visit_id AND v.status = 'booked'"
        newest = f"SELECT max(m.id) FROM {theirs} WHERE {true}"
        with self.house.run.db.transaction() as session:
            refused = f"UPDATE messages SET state = 'failed' WHERE id = ({newest}) RETURNING id"
            found = session.execute(text(refused)).scalar_one()
        assert str(found) in str(self.looked_at("/v1/messages?status=failed"))
        return int(found)

    def takes_time_off(self) -> None:
        """Over a visit of hers."""
        self.another(11, 13, practitioner="one")
        stretch = {"practitioner": "one", "start": "2026-12-11T12:00", "end": "2026-12-11T15:00"}
        self.tapped("/time-off", **{f"off_{name}": value for name, value in stretch.items()})
        entry = self.looked_at("/v1/time-off")["items"][0]["id"]
        assert self.client.get(f"/staff/time-off/{entry}").status_code == 200
        self.looked_at(f"/v1/time-off/{entry}")
        self.tapped(f"/time-off/{entry}/delete")
        more = {"practitioner": "one", "start": "2026-12-12T12:00", "end": "2026-12-12T15:00"}
        self.tapped(
            "/extra-hours",
            mode_telemedicine="yes",
            **{f"extra_{name}": value for name, value in more.items()},
        )
        hours = self.looked_at("/v1/extra-hours")["items"][0]["id"]
        self.tapped(f"/extra-hours/{hours}/delete", 200)
        for route, extra in (("time-off", {}), ("extra-hours", {"modes": ["telemedicine"]})):
            span = {"practitioner": "one", "start": at(12, 9).isoformat(), "end": at(12, 10).isoformat()}
            made = self.by_staff(f"/v1/{route}", 201, **span, **extra)["id"]
            assert self.client.delete(f"/v1/{route}/{made}", headers=self.staff).status_code == 200

    # ------------------------------------------------------------------------------------------ her own pages

    def calls_for_a_callback(self) -> None:
        """From the form: an emergency, and a call that is due the same day; with a helper, and a slip."""
        for yes, form in (("T1", {}), ("T4", {"name": NAME, "phone": CALL_PHONE})):
            person = Filling(self.client).start()
            person.send(who="me")
            self.house.secrets.learn("secret id", person.id)
            person.send(reason="asked")
            person.answer_no(**{yes: "yes"})
            if person.path == "call":
                person.send(**{**form, "phone": NAME})
                person.send(**form)
        person = Filling(self.client).to_times("follow-up", "telemedicine")
        self.house.secrets.learn("secret id", person.id)
        for page in ("who", "reason", "how", "where", "needs", "times"):
            assert self.client.get(f"/book/{person.id}/{page}").status_code == 200
        person.post(f"/book/{person.id}/who", who="other")
        with suppress(AssertionError, IndexError):
            person.send(**TYPED_HELPER, **TYPED, email=EMAIL)

    def helps_herself(self) -> None:
        visit = self.another(
            14,
            10,
            booked_by={"name": FIRST, "relationship": "child", "email": HELPER_EMAIL, "receives": "also"},
        )
        person = Person(self.client, visit).arrive()
        own = f"/my/{visit['id']}"
        for page in ("", "/move", "/convert", "/cancel", "/contact", "/where", "/agree", "/invite.ics"):
            assert self.client.get(own + page).status_code in (200, 303), page
        self.sent(person, "/coming", coming="yes")
        self.sent(person, "/where", state="TX", address=ADDRESS, phone=PHONE)
        self.sent(person, "/where", state="TX", address=ADDRESS, phone=NAME)
        self.sent(person, "/contact", email=NAME, phone=EMAIL, **BIRTH)
        self.sent(person, "/contact", email=EMAIL, phone=PHONE, language="en", channels="email", **BIRTH)
        self.sent(person, "/agree", agree="privacy:1")
        moved = f"{at(15, 11).isoformat()}||one"
        self.client.get(f"{own}/move/check", query_string={"slot": moved})
        self.sent(person, "/move/check", slot=moved, sure="yes")
        self.sent(person, "/cancel", reason="time-does-not-suit")
        self.sent(person, "/leave")
        asked = self.another(16, 15, visit_type="asked", triage=self.answered())
        person = Person(self.client, asked).arrive()
        person.get(f"/my/{asked['id']}/safety", mode="in_person")
        self.sent(Person(self.client, asked), "/safety", **dict.fromkeys(("T1", "T4", "T7", "T9"), "no"))
        self.client.get("/find-appointment")
        self.client.post("/find-appointment", data={"email": EMAIL, **BIRTH}, content_type=FORM)
        self.client.post("/find-appointment", data={"email": NAME, "phone": NAME, **BIRTH}, content_type=FORM)

    def sent(self, person: Person, page: str, **typed: str) -> None:
        """A form of hers, with the token that each of them carries."""
        path = f"/my/{person.visit['id']}{page}"
        person.get(path)
        fields = (
            next((form.fields for form in person.forms if form.method == "post"), {})
            if person.page.status_code == 200
            else {}
        )
        if not fields:
            person.get(f"/my/{person.visit['id']}")
            fields = next((form.fields for form in person.forms if form.method == "post"), {})
        csrf = {name: values for name, values in fields.items() if name in ("csrf", "version")}
        self.client.post(path, data={**csrf, **typed}, content_type=FORM)

    def wants_to_hear_nothing(self) -> None:
        """By the small links of a mail."""
        letters = b"\n".join(words for _, words in self.house.letters())
        for page, form in (("unsubscribe", {"reminders": "on"}), ("not-you", {"person": "other"})):
            found = re.findall(rf"/{page}/([\w-]+)".encode(), letters)
            token = found[-1].decode()
            self.house.secrets.learn("link", *(each.decode() for each in found))
            assert self.client.get(f"/{page}/{token}").status_code == 200, page
            self.client.post(f"/{page}/{token}", data=form, content_type=FORM)
        said = self.client.post("/v1/not-you", json={}, headers={"Authorization": f"Bearer {token}"})
        assert said.status_code == 204

    # ---------------------------------------------------------------------------------------- other programs

    def is_dealt_with_by_programs(self) -> None:
        """Of the clinic, by key."""
        for day, acts in (
            (18, ("decline",)),
            (17, ("approve", "arrive", "no-show", "undo", "revoke-links")),
            (21, ("entered-in-error",)),
        ):
            kind = {"visit_type": "reviewed"} if "approve" in acts or "decline" in acts else {}
            path = f"/v1/visits/{self.another(day, 14, **kind)['id']}"
            for act in acts:
                reason = {"recipient": "patient"} if act == "revoke-links" else {}
                self.post_anyhow(f"{path}/{act}", reason, self.staff)
            for look in ("/messages", "/slots?mode=telemedicine&from=2026-12-08&to=2026-12-09"):
                self.looked_at(path + look)
        hold = self.post(
            "/v1/holds",
            {
                "visit_type": "follow-up",
                "mode": "telemedicine",
                "state": "TX",
                "start": at(22, 10).isoformat(),
            },
            201,
        )["id"]
        self.house.secrets.learn("secret id", hold)
        assert self.client.delete(f"/v1/holds/{hold}").status_code == 204
        self.looked_at("/v1/audit?limit=100")
        self.looked_at(
            "/v1/slots?visit_type=follow-up&mode=telemedicine&state=LA&from=2026-12-08&to=2026-12-09"
        )
        self.looked_at("/v1/triage?visit_type=asked")
        hook = self.by_staff("/v1/webhooks", 201, label="Other", url=self.house.web.url("/other"))
        path = f"/v1/webhooks/{hook['id']}"
        rotated = self.by_staff(f"{path}/rotate")
        self.house.secrets.learn("secret of a hook", hook["secret"], rotated["secret"])
        self.looked_at("/v1/webhooks")
        self.looked_at(path)
        assert self.client.patch(path, json={"label": "More"}, headers=self.staff).status_code == 200
        self.by_staff("/v1/webhooks/replay", 202, webhook=hook["id"])
        assert self.client.delete(path, headers=self.staff).status_code == 200

    def is_reported_by_providers(self) -> None:
        """A text that came to nothing, in the words of the provider, who repeats the number."""
        path = "/v1/inbound/twilio/status"
        for status, code in (("undelivered", "30003"), ("failed", PHONE), ("delivered", "")):
            form = {
                "MessageSid": "SM00000000000000000000000000000001",
                "MessageStatus": status,
                "To": PHONE,
                "From": "+14095550100",
                "ErrorCode": code,
                "ErrorMessage": f"{NAME} at {PHONE} is away",
            }
            self.client.post(path, data=form, headers={"X-Twilio-Signature": signature(path, form)})

    def is_in_the_mailbox(self) -> None:
        """Of a real IMAP server, where there is one: her answer, a bounce, words for people, and poison."""
        if not installed():
            return
        with self.house.run.db.transaction() as session:
            sent = "SELECT message_id FROM messages WHERE channel = 'email' AND state = 'sent' LIMIT 1"
            id = str(session.execute(text(sent)).scalar_one())
            uid = str(
                session.execute(
                    text("SELECT uid FROM visits WHERE id = :id"), {"id": self.visit["id"]}
                ).scalar_one()
            )
        own = {"From": f"{NAME} <{EMAIL}>"}
        letters = (
            reply(answered_by(uid, attendee=EMAIL).replace("CN=Pat", f"CN={NAME}"), **own),
            bounce(id, status="4.4.1", action="delayed").replace(b"pat0@patients.example", EMAIL.encode()),
            bounce(id).replace(b"pat0@patients.example", EMAIL.encode()),
            mail(part("text/plain", f"I live at {ADDRESS} and was born {BORN}"), **own),
            nested(1_000).replace(b"pat0@patients.example", EMAIL.encode()),
        )
        with TemporaryDirectory(prefix="visits-dovecot-") as folder, dovecot(Path(folder)) as server:
            server.deliver("clinic", *letters)
            read_mailbox(replace(self.house.run.desk, mailbox=server.mailbox("clinic")))
            closed = replace(server, tls=server.starttls)
            read_mailbox(replace(self.house.run.desk, mailbox=closed.mailbox("clinic")))

    def is_in_the_hands_of_operators(self) -> None:
        """What the command says ends in terminals and journals; her mail comes in by it, too."""
        root, environ = logging.getLogger(), environment(self.house.run.settings)
        handlers, level = root.handlers[:], root.level
        raw = mail(part("text/plain", f"I am {NAME}, call {PHONE}"), From=f"{NAME} <{EMAIL}>")
        for command in COMMANDS:
            said = CliRunner().invoke(main, command, input=raw, env=environ)
            assert said.exception is None or isinstance(said.exception, SystemExit), (command, said.exception)
            self.house.printed.append(said.output.encode())
        root.handlers[:], root.level = handlers, level

    # ---------------------------------------------------------------------------------------- all the rest

    def is_turned_away_everywhere(self) -> None:
        """Each door there is, for staff and for nobody, with nothing where it belongs."""
        self.client.set_cookie(COOKIE, NAME)
        for rule in self.client.application.url_map.iter_rules():
            if "static" in rule.rule or rule.rule.startswith(("/look", "/health")):
                continue
            for method in {"GET", "POST", "PATCH", "DELETE"} & (rule.methods or set()):
                self.knocks(rule, method)
        self.client.delete_cookie(COOKIE)

    def knocks(self, rule: Rule, method: str) -> None:
        named: dict[str, Any] = dict.fromkeys(rule.arguments, NAME)
        known = {"id": 404_404_404 if "<int:id>" in rule.rule else self.visit["id"], "act": "arrive"}
        built = rule.build({**named, **{name: value for name, value in known.items() if name in named}})
        assert built, rule.rule
        words: dict[str, Any] = {
            "query_string": {"name": NAME, "email": EMAIL, "from": BORN, "q": PHONE},
            "method": method,
        }
        if built[1].startswith("/v1"):
            heads = {**self.staff, "User-Agent": NAME, "Idempotency-Key": f"{EMAIL}-{PHONE}"}
            self.client.open(built[1], json={**WRONG, "patient": WRONG}, headers=heads, **words)
        else:
            self.client.open(built[1], data=WRONG, content_type=FORM, headers={"Referer": NAME}, **words)

    # -------------------------------------------------------------------------------------------- the video

    def meets_by_jitsi(self) -> None:
        """The clinic's own server: from the row of her room to the address, minted for the moment."""
        visit = self.another(23, 10)
        house = gatehouse(self.house.run, jitsi())
        self._begin(house, visit["id"])
        gate = visit["links"]["join"].removeprefix(house.run.desk.public_url)
        form = {
            "state": "TX",
            "place": "building",
            "address": ADDRESS,
            "phone": PHONE,
            "agree": "telehealth:1",
        }
        answer = house.client.post(gate, data=form, content_type=FORM)
        assert answer.status_code == 303, answer.text
        answers = [answer.headers["Location"]]
        path = f"/v1/visits/{visit['id']}/join"
        answers.append(house.client.post(path, json={}, headers=self.staff).get_json()["url"])
        for each in answers:
            token = each.partition("jwt=")[2]
            self.house.secrets.learn("room", each, token, each.partition("?")[0].rpartition("/")[2])
            claims = jwt.decode(token, options={"verify_signature": False})
            self.house.tickets.append(claims)

    def _begin(self, house: GateHouse, visit: str) -> None:
        with house.run.db.transaction() as session:
            now = {"now": house.run.db.now(session), "id": visit}
            times = "starts_at = :now, ends_at = :now + interval '30 minutes'"
            session.execute(text(f"UPDATE visits SET {times} WHERE id = :id"), now)
        house.keep_rooms()


LAST_SHOWN = NAME.split()[1]


def _publishes(asked: Asked) -> Reply:
    if "broken" in asked.path:
        return Reply(500, f"{NAME}, born {BORN}".encode())
    return Reply(200, calendar(DINNER))
