"""What keeps private things private: sealed values, keyed hashes, derived links, and a dump without names."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler.bootstrap import Runtime
from scheduler.db.models import Base, Link
from scheduler.db.secrets import CannotOpen, Links, Lookup, Vault, token_hash
from scheduler.domain.people import Person
from scheduler.services.booking.making import book
from tests.cast import at
from tests.services.asking import request

OLD, NEW = {"k1": bytes(range(32))}, {"k2": bytes(range(32, 64))}
ROW, OTHER = uuid4(), uuid4()


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_whatever_is_sealed_opens_again(text: str) -> None:
    vault = Vault(OLD)
    assert vault.open("patients.name", ROW, vault.seal("patients.name", ROW, text)) == text


def test_the_same_text_never_looks_the_same_twice() -> None:
    vault = Vault(OLD)
    assert len({vault.seal("patients.name", ROW, "Pat") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("place", "row"),
    [("patients.name", OTHER), ("patients.birth_date", ROW), ("recipients.name", ROW)],
)
def test_a_value_that_was_moved_elsewhere_does_not_open(place: str, row: UUID) -> None:
    vault = Vault(OLD)
    sealed = vault.seal("patients.name", ROW, "Pat Example")
    with pytest.raises(CannotOpen) as refused:
        vault.open(place, row, sealed)
    assert "Pat" not in str(refused.value)


def test_a_value_under_another_key_of_the_same_name_does_not_open() -> None:
    sealed = Vault(OLD).seal("patients.name", ROW, "Pat Example")
    with pytest.raises(CannotOpen):
        Vault({"k1": bytes(range(1, 33))}).open("patients.name", ROW, sealed)


def test_a_value_under_a_key_that_nobody_has_says_so() -> None:
    sealed = Vault(OLD).seal("patients.name", ROW, "Pat Example")
    with pytest.raises(CannotOpen, match="not in the keyring"):
        Vault(NEW).open("patients.name", ROW, sealed)


def test_a_rotated_keyring_opens_the_old_and_seals_with_the_new() -> None:
    old = Vault(OLD).seal("patients.name", ROW, "Pat Example")
    rotated = Vault({**NEW, **OLD})
    assert rotated.open("patients.name", ROW, old) == "Pat Example"
    assert Vault(NEW).open("patients.name", ROW, rotated.seal("patients.name", ROW, "Pat")) == "Pat"


def damaged(sealed: bytes) -> Iterator[bytes]:
    """Every single byte changed, every length cut off, something added."""
    for at_byte in range(len(sealed)):
        yield sealed[:at_byte] + bytes([sealed[at_byte] ^ 1]) + sealed[at_byte + 1 :]
        yield sealed[:at_byte]
    yield sealed + b"\0"


def test_a_damaged_value_is_refused_wherever_the_damage_is() -> None:
    vault = Vault(OLD)
    for spoilt in damaged(vault.seal("patients.name", ROW, "Pat")):
        with pytest.raises(CannotOpen):
            vault.open("patients.name", ROW, spoilt)


def test_a_hash_finds_equal_values_and_needs_the_key() -> None:
    lookup, other = Lookup(OLD["k1"]), Lookup(NEW["k2"])
    assert lookup.hash("email", "pat@patients.example") == lookup.hash("email", "pat@patients.example")
    assert lookup.hash("email", "pat@patients.example") != other.hash("email", "pat@patients.example")
    assert len(lookup.hash("email", "pat@patients.example")) == 32


def test_hashes_of_different_things_are_kept_apart() -> None:
    lookup = Lookup(OLD["k1"])
    assert lookup.hash("email", "1960") != lookup.hash("birth_date", "1960")
    assert lookup.hash("identity", "ab", "c") != lookup.hash("identity", "a", "bc")


def test_a_link_is_the_same_weeks_later_and_from_another_process() -> None:
    assert Links(OLD).token("k1", ROW, OTHER, "manage", 0) == Links(OLD).token("k1", ROW, OTHER, "manage", 0)


def test_a_link_has_128_bits_and_fits_into_an_address() -> None:
    token = Links(OLD).token("k1", ROW, OTHER, "manage", 0)
    assert len(base64.urlsafe_b64decode(token + "==")) == 16
    assert token.replace("-", "").replace("_", "").isalnum()
    assert len(token) == 22


def test_whatever_differs_makes_another_link() -> None:
    links = Links({**OLD, **NEW})
    tokens = [
        links.token("k1", ROW, OTHER, "manage", 0),
        links.token("k2", ROW, OTHER, "manage", 0),
        links.token("k1", OTHER, ROW, "manage", 0),
        links.token("k1", ROW, ROW, "manage", 0),
        links.token("k1", ROW, OTHER, "join", 0),
        links.token("k1", ROW, OTHER, "manage", 1),
        links.token("k1", ROW, OTHER, "manage", 11),
    ]
    assert all(one != other for one, other in combinations(tokens, 2))


def test_the_first_key_of_the_ring_makes_new_links_and_the_others_old_ones() -> None:
    rotated = Links({**NEW, **OLD})
    assert rotated.active == "k2"
    assert rotated.token("k1", ROW, OTHER, "join", 0) == Links(OLD).token("k1", ROW, OTHER, "join", 0)


CANARY = Person(
    name="Quillonia Zyxwander",
    birth_date=date(1957, 8, 23),
    email="quillonia.zyxwander@patients.example",
    phone="+14095550187",
    language="es",
)

WORDS = ("quillonia", "zyxwander", "patients.example", "4095550187", "409-555-0187", "409) 555-0187")
DATES = ("1957-08-23", "19570823", "08/23/1957", "1957, 8, 23")


def dump(run: Runtime) -> Iterator[tuple[str, Any]]:
    """Every value of every table."""
    with run.db.transaction() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                yield from ((f"{table.name}.{column}", value) for column, value in row._mapping.items())


def readable(value: object) -> str:
    """As somebody with the dump would search it."""
    return value.decode("latin-1").lower() if isinstance(value, bytes) else str(value).lower()


def test_a_stolen_dump_names_no_patient(run: Runtime) -> None:
    visit = book(run.desk, replace(request(at(3, 10)), patient=CANARY)).visit
    secrets = [*WORDS, *DATES, visit.reference, visit.reference.replace("-", ""), visit.manage_token]
    assert visit.join_link
    secrets.append(visit.join_link.split("/v/")[1].split("/")[0])
    values = [(column, readable(value)) for column, value in dump(run)]
    assert len(values) > 100
    assert [(c, secret) for c, value in values for secret in secrets if secret.lower() in value] == []


def test_of_a_link_only_its_hash_is_kept(run: Runtime) -> None:
    visit = book(run.desk, request(at(3, 10))).visit
    with run.db.transaction() as session:
        kept = set(session.scalars(select(Link.hash)))
    assert token_hash(visit.manage_token) in kept
    assert all(len(each) == 32 for each in kept)
