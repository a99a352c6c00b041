"""Faulty bookings: every field says where it is wrong and why, and never what was typed."""

import copy
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import at, wish

GONE = object()
"""Leave the field out."""

CONTROLS = {
    "CR": "\r",
    "LF": "\n",
    "CRLF": "\r\n",
    "TAB": "\t",
    "VT": "\v",
    "FF": "\f",
    "NUL": "\x00",
    "ESC": "\x1b",
    "DEL": "\x7f",
    "NEL": "\x85",
    "LS": "\N{LINE SEPARATOR}",
    "PS": "\N{PARAGRAPH SEPARATOR}",
}
TEXTS = [
    "visit_type",
    "practitioner",
    "location",
    *(f"patient.{n}" for n in ("name", "email", "phone", "timezone")),
]

BAD: list[tuple[str, object, str]] = [
    *((field, GONE, "required") for field in ("visit_type", "mode", "start", "patient")),
    *((f"patient.{field}", GONE, "required") for field in ("name", "birth_date")),
    ("visit_type", None, "wrong-type"),
    ("visit_type", 5, "wrong-type"),
    ("visit_type", True, "wrong-type"),
    ("visit_type", ["follow-up"], "wrong-type"),
    ("visit_type", "", "too-short"),
    ("visit_type", "   ", "too-short"),
    ("visit_type", "x" * 65, "too-long"),
    ("visit_type", "no-such-visit", "unknown"),
    ("mode", None, "not-a-choice"),
    ("mode", "Telemedicine", "not-a-choice"),
    ("mode", "phone", "not-a-choice"),
    ("mode", 1, "not-a-choice"),
    ("mode", {}, "not-a-choice"),
    ("start", None, "not-an-instant"),
    ("start", 1796227200, "not-an-instant"),
    ("start", 1796227200.5, "not-an-instant"),
    ("start", "1796227200", "not-an-instant"),
    ("start", True, "not-an-instant"),
    ("start", [], "not-an-instant"),
    ("start", "", "not-an-instant"),
    ("start", "tomorrow at ten", "not-an-instant"),
    ("start", "2026-12-02", "not-an-instant"),
    ("start", "2026-12-02 10:00:00-06:00", "not-an-instant"),
    ("start", "2026-12-02T10:00:00", "not-an-instant"),
    ("start", "2026-02-30T10:00:00-06:00", "not-an-instant"),
    ("start", "2026-12-02T24:00:00-06:00", "not-an-instant"),
    ("start", "2026-12-02T10:60:00-06:00", "not-an-instant"),
    ("start", "2026-12-02T10:00:60-06:00", "not-an-instant"),
    ("start", "2026-12-02T10:00:00+99:99", "not-an-instant"),
    ("start", "2026-12-02T10:00:00-06:00\r\nX: y", "not-an-instant"),
    ("start", "9999-12-31T23:59:59-06:00", "out-of-range"),
    ("start", "0001-01-01T00:00:00+14:00", "out-of-range"),
    ("practitioner", 7, "wrong-type"),
    ("practitioner", "", "too-short"),
    ("practitioner", "nobody-here", "unknown"),
    ("location", 7, "wrong-type"),
    ("location", "nowhere-at-all", "unknown"),
    ("location", "main", "not-offered"),
    ("new_patient", "yes", "wrong-type"),
    ("new_patient", "true", "wrong-type"),
    ("new_patient", 1, "wrong-type"),
    ("new_patient", {}, "wrong-type"),
    ("patient", None, "wrong-type"),
    ("patient", [], "wrong-type"),
    ("patient", "Pat", "wrong-type"),
    ("patient.name", None, "wrong-type"),
    ("patient.name", 5, "wrong-type"),
    ("patient.name", "", "too-short"),
    ("patient.name", "    ", "too-short"),
    ("patient.name", "x" * 201, "too-long"),
    ("patient.name", "409 555 0123", "not-a-name"),
    ("patient.name", "!!!", "not-a-name"),
    ("patient.name", "{{7*7}}", "not-a-name"),
    ("patient.birth_date", None, "not-a-date"),
    ("patient.birth_date", "", "not-a-date"),
    ("patient.birth_date", "1961-02-29", "not-a-date"),
    ("patient.birth_date", "1960-13-01", "not-a-date"),
    ("patient.birth_date", "02/29/1960", "not-a-date"),
    ("patient.birth_date", "1960-2-9", "not-a-date"),
    ("patient.birth_date", "0", "not-a-date"),
    ("patient.birth_date", "-86400", "not-a-date"),
    ("patient.birth_date", "1960-02-29T00:00:00", "not-a-date"),
    ("patient.birth_date", 0, "not-a-date"),
    ("patient.birth_date", -310435200.0, "not-a-date"),
    ("patient.birth_date", True, "not-a-date"),
    ("patient.birth_date", "1960-02-29\n", "not-a-date"),
    ("patient.birth_date", "1899-12-31", "out-of-range"),
    ("patient.birth_date", "9999-12-31", "out-of-range"),
    ("patient.birth_date", "2026-12-02", "in-future"),
    ("patient.email", 5, "wrong-type"),
    ("patient.email", "", "not-an-email"),
    ("patient.email", "not-an-address", "not-an-email"),
    ("patient.email", "pat@nowhere", "not-an-email"),
    ("patient.email", "pat@patients..example", "not-an-email"),
    ("patient.email", "pat @patients.example", "not-an-email"),
    ("patient.email", "Pat <pat@patients.example>", "not-an-email"),
    ("patient.email", "pat@patients.example, eve@patients.example", "not-an-email"),
    ("patient.email", "x" * 250 + "@patients.example", "too-long"),
    ("patient.phone", 4095550123, "wrong-type"),
    ("patient.phone", "", "not-a-phone"),
    ("patient.phone", "555-0123", "not-a-phone"),
    ("patient.phone", "please call me", "not-a-phone"),
    ("patient.phone", "+999 123 456 789", "not-a-phone"),
    ("patient.phone", "(409) 555-0123 x55", "not-a-phone"),
    ("patient.phone", "4" * 41, "too-long"),
    ("patient.language", "fr", "not-offered"),
    ("patient.language", "EN", "not-a-choice"),
    ("patient.language", "english", "not-a-choice"),
    ("patient.language", "en\n", "control-characters"),
    ("patient.language", 5, "wrong-type"),
    ("patient.timezone", "Mars/Olympus_Mons", "not-a-zone"),
    ("patient.timezone", "../../etc/passwd", "not-a-zone"),
    ("patient.timezone", "/etc/localtime", "not-a-zone"),
    ("patient.timezone", "CST", "not-a-zone"),
    ("patient.timezone", "x" * 65, "too-long"),
    ("status", "booked", "unknown-field"),
    ("id", "d2b8f5a0-0000-4000-8000-000000000000", "unknown-field"),
    ("sequence", 7, "unknown-field"),
    ("hold", "x", "wrong-type"),
    ("patient.role", "admin", "unknown-field"),
    ("patient.first_name", "Pat", "unknown-field"),
    ("patient.a/b~c", "x", "unknown-field"),
    *((field, f"some{char}thing", "control-characters") for field in TEXTS for char in CONTROLS.values()),
    *(("patient.name", f"Pat{char}", "control-characters") for char in CONTROLS.values()),
]  # fmt: skip


def changed(field: str, value: object) -> dict[str, Any]:
    body: dict[str, Any] = copy.deepcopy(wish(at(2, 10)))
    *path, name = field.split(".")
    target = body
    for part in path:
        target = target[part]
    target.pop(name, None)
    if value is not GONE:
        target[name] = value
    return body


def faults(answer: TestResponse) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.get_json()
    body = answer.get_json()
    assert body["type"] == "/problems/validation"
    assert all(each["detail"] for each in body["errors"])
    return [(each["pointer"], each["code"]) for each in body["errors"]]


def pointer(field: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in field.split("."))


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_faulty_field_is_named_with_what_is_wrong(client: FlaskClient, language: str) -> None:
    wrong = []
    for field, value, code in BAD:
        answer = client.post(
            "/v1/visits", json=changed(field, value), headers={"Accept-Language": language}
        )  # fmt: skip
        if answer.status_code != 422 or faults(answer) != [(pointer(field), code)]:
            wrong.append((field, value, code, answer.get_json()))
    assert not wrong


def test_a_fault_never_repeats_what_was_typed(client: FlaskClient) -> None:
    canary = "CaNaRy-7f3a"
    fields = [*TEXTS, "mode", "start", "patient.birth_date", "patient.language", "new_patient", "patient"]
    for field in fields:
        for value in (canary, f"{canary}\r\n", [canary], {canary: canary} if field != "patient" else canary):
            answer = client.post("/v1/visits", json=changed(field, value))
            if answer.status_code != 201:
                assert canary not in answer.get_data(as_text=True), field
            assert canary not in str(answer.headers)


def test_all_faults_are_told_at_once(client: FlaskClient) -> None:
    body = {"mode": "x", "start": "x", "patient": {"email": "x", "phone": "x"}, "more": 1}
    assert sorted(faults(client.post("/v1/visits", json=body))) == [
        ("/mode", "not-a-choice"),
        ("/more", "unknown-field"),
        ("/patient/birth_date", "required"),
        ("/patient/email", "not-an-email"),
        ("/patient/name", "required"),
        ("/patient/phone", "not-a-phone"),
        ("/start", "not-an-instant"),
        ("/visit_type", "required"),
    ]


def test_what_only_the_clinic_can_know_is_told_at_once_too(client: FlaskClient) -> None:
    body = wish(at(2, 10), visit_type="reviewed", new_patient=False)
    body["patient"] |= {"language": "fr", "birth_date": "2026-12-30"}
    assert sorted(faults(client.post("/v1/visits", json=body))) == [
        ("/new_patient", "mismatch"),
        ("/patient/birth_date", "in-future"),
        ("/patient/language", "not-offered"),
    ]


def test_a_patient_needs_a_contact(client: FlaskClient) -> None:
    for contact in (GONE, None):
        assert faults(client.post("/v1/visits", json=changed("patient.email", contact))) == [
            ("/patient", "no-contact")
        ]


MALFORMED = {
    "nothing": b"",
    "half of an object": b'{"visit_type":',
    "not JSON": b"visit_type=follow-up",
    "two objects": b"{}{}",
    "single quotes": b"{'a': 1}",
    "not a number": b'{"a": NaN}',
    "a lone surrogate": b'{"visit_type": "\\ud800"}',
    "half of a pair in a name": b'{"patient": {"name": "Pat \\udfff"}}',
    "bytes that are no UTF-8": b'{"visit_type": "\xff\xfe"}',
    "a surrogate in UTF-8": b'{"visit_type": "\xed\xa0\x80"}',
    "UTF-16": '{"visit_type": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a raw NUL": b'{"a": "\x00"}',
    "ten thousand lists": b"[" * 10_000 + b"]" * 10_000,
    "three thousand objects": b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    "lists without an end": b"[" * 30_000,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_that_is_no_json_is_a_fault_of_the_whole(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/v1/visits", data=body, content_type="application/json")
    assert faults(answer) == [("", "malformed")]


def test_nesting_that_json_allows_is_still_no_visit(client: FlaskClient) -> None:
    deep = b'{"visit_type":' + b"[" * 900 + b"]" * 900 + b"}"
    answer = client.post("/v1/visits", data=deep, content_type="application/json")
    assert ("/visit_type", "wrong-type") in faults(answer)


@pytest.mark.parametrize("body", [[], [{}], "text", 5, 1.5, True, False, None, 10**400])
def test_json_that_is_no_object_is_refused(client: FlaskClient, body: object) -> None:
    raw = str(body).encode() if isinstance(body, int) and body > 1 else orjson.dumps(body)
    answer = client.post("/v1/visits", data=raw, content_type="application/json")
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/validation"


def test_ten_megabytes_are_too_much(client: FlaskClient) -> None:
    body = b'{"visit_type": "' + b"x" * 10_000_000 + b'"}'
    answer = client.post("/v1/visits", data=body, content_type="application/json")
    assert (answer.status_code, answer.get_json()["type"]) == (413, "/problems/payload-too-large")


def test_a_body_of_the_largest_size_is_read(client: FlaskClient) -> None:
    small = orjson.dumps(wish(at(2, 10)))
    largest = small + b" " * (32 * 1024 - len(small))
    assert client.post("/v1/visits", data=largest, content_type="application/json").status_code == 201
    assert client.post("/v1/visits", data=largest + b" ", content_type="application/json").status_code == 413


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "text/json",
        None,
        "application/jsonx",
        "*/*",
    ],
)
def test_only_json_is_taken(client: FlaskClient, content_type: str | None) -> None:
    body = orjson.dumps(wish(at(2, 10)))
    answer = client.post("/v1/visits", data=body, content_type=content_type)
    assert (answer.status_code, answer.get_json()["type"]) == (415, "/problems/unsupported-media-type")
