"""The search for the canary finds it, however it is written; a search that finds nothing proves nothing."""

import base64
import json
from urllib.parse import quote_plus

import pytest

from tests.canary.values import ADDRESS, BORN, EMAIL, NAME, PERSON, Secrets, found_in

WRITTEN = {
    "as it is": NAME.encode(),
    "in capitals": NAME.upper().encode(),
    "in an address": quote_plus(NAME).encode(),
    "in JSON": json.dumps({"name": NAME}).encode(),
    "as hex": f"\\x{NAME.encode().hex()}".encode(),
    "in base64": base64.b64encode(json.dumps([["x", NAME], {}]).encode()),
    "in base64, one on": base64.b64encode(json.dumps([["xy", NAME], {}]).encode()),
    "in base64, two on": base64.urlsafe_b64encode(json.dumps([["xyz", NAME], {}]).encode()),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_name_is_found(how: str) -> None:
    assert "last name" in found_in(b"before " + WRITTEN[how] + b" after", PERSON)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"born {BORN}", "birth date"),
        ("datetime.date(1957, 3, 14)", "birth date"),
        (f"<{EMAIL.upper()}>", "mail"),
        ("call (409) 555-0143", "number at the gate"),
        (ADDRESS, "address"),
    ],
)
def test_all_else_is_found(text: str, what: str) -> None:
    assert what in found_in(text.encode(), PERSON)


def test_what_is_sealed_or_somebody_elses_is_not() -> None:
    other = b"Pat Example, 1960-02-29, pat@patients.example, +14095550123"
    assert found_in(other + bytes(range(256)), PERSON) == set()


def test_what_is_learned_on_the_way_is_looked_for() -> None:
    secrets = Secrets()
    secrets.learn("token", "aB3-x_9")
    assert found_in(b"GET /v/aB3-x_9/join", secrets.without("first name")) == {"token"}
