"""The demo's story, told over HTTP alone: what a website and a patient's mail program would see."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import requests

from scheduler.embedded.demo_mail import Invite, read_invite

Say = Callable[[str], None]
Json = dict[str, Any]

SEARCH_DAYS = 30
MAIL_SECONDS = 60.0
LOOK = 0.1
STATE = "TX"
"""Where those who come by video are: the example clinic's practitioners are licensed there."""


class Missing(Exception):
    """Something that the demo needs is not there, or says another thing than it should."""


@dataclass(frozen=True, slots=True)
class Example:
    mode: str
    name: str
    email: str
    birth_date: str


CAST = (
    Example("telemedicine", "Tele Example", "tele.patient@example.org", "1980-01-02"),
    Example("in_person", "Paula Example", "paula.patient@example.org", "1975-03-04"),
)


@dataclass(frozen=True, slots=True)
class Services:
    """Where the story plays; its session never asks a proxy."""

    api: str
    mailbox: str
    http: requests.Session

    def get(self, address: str, **query: str) -> requests.Response:
        return self._sound(self.http.get(address, params=query, timeout=20), address)

    def post(self, address: str, body: Json, key: str) -> Json:
        headers = {"Idempotency-Key": key}
        response = self.http.post(address, json=body, headers=headers, timeout=20)
        answer: Json = self._sound(response, address).json()
        return answer

    @staticmethod
    def _sound(response: requests.Response, address: str) -> requests.Response:
        if not response.ok:
            raise Missing(f"{address} answered {response.status_code}: {response.text[:1000]}")
        return response


def tell(api: str, mailbox: str, say: Say) -> None:
    """Raises `Missing` where the story does not go on as it should."""
    with requests.Session() as http:
        http.trust_env = False
        services = Services(api, mailbox, http)
        try:
            _tell(services, say)
        except requests.RequestException as error:
            raise Missing(f"No answer: {type(error).__name__} from {api} or {mailbox}.") from error


def _tell(services: Services, say: Say) -> None:
    booked = [(each, _book(services, each, say), time.monotonic()) for each in CAST]
    for example, visit, since in booked:
        _follow(services, example, visit, since, say)


def _book(services: Services, example: Example, say: Say) -> Json:
    kind = _visit_type(services, example.mode)
    slot = _first_slot(services, kind, example.mode)
    body = {**_booking(example, kind, slot), "consents": _consents(services, example.mode)}
    key, begin = str(uuid.uuid4()), time.monotonic()
    visit = services.post(f"{services.api}/v1/visits", body, key)
    took = time.monotonic() - begin
    say(
        f"{example.name} booked {visit['label']!r} ({example.mode}) with {visit['practitioner']} "
        f"for {visit['start']}: {visit['reference']} ({took:.2f} s)."
    )
    if services.post(f"{services.api}/v1/visits", body, key)["id"] != visit["id"]:
        raise Missing("The same booking, sent twice with one Idempotency-Key, made two visits.")
    say("  Sent again with the same Idempotency-Key: still one visit.")
    return visit


def _visit_type(services: Services, mode: str) -> Json:
    """One that a new patient gets at once; preferably one without safety questions."""
    types: list[Json] = services.get(f"{services.api}/v1/visit-types").json()["items"]
    fitting = [each for each in types if each["new_patients"] != "no" and _at_once(each, mode)]
    if not fitting:
        raise Missing(f"No visit type of this clinic lets a new patient book {mode} without approval.")
    return min(fitting, key=lambda each: bool(each.get("triage")))


def _at_once(kind: Json, mode: str) -> bool:
    return any(each["mode"] == mode and each["approval"] == "auto" for each in kind["modes"])


def _first_slot(services: Services, kind: Json, mode: str) -> Json:
    today = datetime.now(UTC).date()
    query = {"visit_type": kind["code"], "mode": mode, **_span(today)}
    slots: list[Json] = services.get(f"{services.api}/v1/slots", **query).json()["slots"]
    if not slots:
        raise Missing(f"{kind['code']} ({mode}) has no free time within {SEARCH_DAYS} days.")
    return slots[0]


def _span(first: date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": (first + timedelta(days=SEARCH_DAYS)).isoformat()}


def _consents(services: Services, mode: str) -> list[str]:
    """Everything that the clinic asks of somebody who comes that way."""
    texts: list[Json] = services.get(f"{services.api}/v1/clinic").json()["consents"]
    return [f"{each['kind']}:{each['version']}" for each in texts if mode in each["modes"]]


def _booking(example: Example, kind: Json, slot: Json) -> Json:
    patient = {"name": example.name, "birth_date": example.birth_date, "email": example.email}
    place = {"location": slot["location"]} if slot["location"] else {}
    return {
        "visit_type": kind["code"],
        "mode": example.mode,
        "state": STATE,
        "start": slot["start"],
        "practitioner": slot["practitioners"][0],
        **place,
        "new_patient": True,
        "patient": patient,
    }


def _follow(services: Services, example: Example, visit: Json, since: float, say: Say) -> None:
    mail_id = _wait_for_mail(services, example.email)
    took = time.monotonic() - since
    invite = read_invite(services.get(f"{services.mailbox}/api/v1/message/{mail_id}/raw").content)
    if invite is None:
        raise Missing(f"The mail to {example.name} carries no calendar invite.")
    _compare(invite, visit)
    say(f"{example.name}'s mail has come ({took:.2f} s): {invite.subject!r}.")
    say(f"  Its invite agrees with the API: {visit['start']}, sequence {invite.sequence}, UID {invite.uid}.")


def _wait_for_mail(services: Services, address: str) -> str:
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        messages: list[Json] = services.get(f"{services.mailbox}/api/v1/messages").json()["messages"]
        for each in messages:
            if _is_to(each, address):
                return str(each["ID"])
        time.sleep(LOOK)
    raise Missing(f"No mail to {address} within {MAIL_SECONDS:.0f} s.")


def _is_to(message: Mapping[str, Any], address: str) -> bool:
    return any(each["Address"] == address for each in message["To"])


def _compare(invite: Invite, visit: Json) -> None:
    """The API does not tell the calendar's UID yet; as soon as it does, the two must agree."""
    says = {
        "start": datetime.fromisoformat(visit["start"]),
        "end": datetime.fromisoformat(visit["end"]),
        "sequence": visit["sequence"],
        "uid": visit.get("uid", invite.uid),
    }
    for name, value in says.items():
        if getattr(invite, name) != value:
            raise Missing(f"The invite's {name} is {getattr(invite, name)}, the API's {value}.")
    if not invite.uid:
        raise Missing("The invite has no UID.")
