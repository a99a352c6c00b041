"""Keys as settings spell them: refused where somebody could guess them."""

import base64
import re
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.keys import KEY_BYTES, WeakKey, fresh_key, fresh_keys, parse_key, parse_keyring
from tests.conftest import example_key

ONE, TWO = example_key("one"), example_key("two")


@given(st.binary(min_size=32, max_size=32).filter(lambda key: len(set(key)) >= 8))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_key_is_read_with_and_without_its_padding(key: bytes) -> None:
    text = base64.urlsafe_b64encode(key).decode()
    assert parse_key(text) == parse_key(text.rstrip("=")) == key


@pytest.mark.parametrize("size", [0, 1, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused_and_both_lengths_are_said(size: int) -> None:
    with pytest.raises(WeakKey, match=f"holds {size} bytes where {KEY_BYTES} are needed"):
        parse_key(base64.urlsafe_b64encode(secrets.token_bytes(size)).decode())


@pytest.mark.parametrize("key", [bytes(32), b"a" * 32, b"changeme" * 4, b"1234567" * 4 + b"1234"])
def test_a_placeholder_is_not_taken_for_a_key(key: bytes) -> None:
    with pytest.raises(WeakKey, match="placeholder"):
        parse_key(base64.urlsafe_b64encode(key).decode())


@pytest.mark.parametrize("text", ["=", "a", "müll", "a" * 41])
def test_what_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(WeakKey):
        parse_key(text)


def test_the_first_key_of_a_ring_is_the_active_one() -> None:
    ring = parse_keyring(f"k2:{TWO}, k1:{ONE}")
    assert list(ring) == ["k2", "k1"]
    assert ring == {"k1": parse_key(ONE), "k2": parse_key(TWO)}


@pytest.mark.parametrize("text", [f"k1:{ONE},", f" k1:{ONE} ", f",k1:{ONE}"])
def test_a_stray_comma_or_space_does_no_harm(text: str) -> None:
    assert parse_keyring(text) == {"k1": parse_key(ONE)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        (ONE, "entries look like"),
        (f":{ONE}", "entries look like"),
        (f"K1:{ONE}", "entries look like"),
        (f"{'k' * 17}:{ONE}", "entries look like"),
        (f"k1:{ONE},k1:{TWO}", "the id k1 stands there twice"),
        ("k1:c2hvcnQ", "bytes where 32 are needed"),
    ],
)
def test_a_faulty_ring_says_what_is_wrong_and_never_the_key(text: str, reason: str) -> None:
    with pytest.raises(WeakKey, match=re.escape(reason)) as refused:
        parse_keyring(text)
    assert ONE not in str(refused.value)


def test_fresh_keys_are_strong_and_all_different() -> None:
    made = [fresh_key() for _ in range(50)]
    assert len({parse_key(key) for key in made}) == 50


def test_a_fresh_set_is_what_a_service_needs_to_start() -> None:
    keys = fresh_keys()
    rings = [parse_keyring(keys[f"VISITS_{name}_KEYS"]) for name in ("ENCRYPTION", "LINK")]
    values = [*rings[0].values(), *rings[1].values(), parse_key(keys["VISITS_LOOKUP_KEY"])]
    assert len(set(values)) == 3
