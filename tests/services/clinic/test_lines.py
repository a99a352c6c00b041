"""Every value of a TOML document is found on its line, however it is written."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.services.clinic.lines import Lines, Loc
from tests.services.clinic.files import EXAMPLE, SMALL

TRICKY = """\
# [not.a.table]
title = "a # no comment" # [[nor.this]]
"quoted key" . 'and "another"' = 1
long = \"\"\"
[fake]
fake = "x\\\\"
ends in quotes \\\"\"\"\"\"
raw = '''
[[fake]]
it's '' fine'''
list = [ # why
  1, # one, ] }
  [ 2,
    3 ],
  { a = 1, b = { c = "}" } },
  "]", '#',
  1979-05-27 07:32:00,
]
after.list = true

[ table . "sub.table" ]  # comment
x = -1.5e3
x2.y = []
empty = {}

[[people]]
[people.address]
street = "1"
[[people.pets]]
name = "a"
[[people.pets]]
name = "b"
[[people]]
[[people.pets]]
name = "c"
[people.pets.vet]
name = "d"
"""

EXPECTED: dict[Loc, int] = {
    ("title",): 2,
    ("quoted key", 'and "another"'): 3,
    ("long",): 4,
    ("raw",): 8,
    ("list",): 11,
    ("list", 0): 12,
    ("list", 1): 13,
    ("list", 1, 1): 14,
    ("list", 2, "a"): 15,
    ("list", 2, "b", "c"): 15,
    ("list", 3): 16,
    ("list", 4): 16,
    ("list", 5): 17,
    ("after", "list"): 19,
    ("table",): 21,
    ("table", "sub.table"): 21,
    ("table", "sub.table", "x"): 22,
    ("table", "sub.table", "x2", "y"): 23,
    ("table", "sub.table", "empty"): 24,
    ("people",): 26,
    ("people", 0): 26,
    ("people", 0, "address"): 27,
    ("people", 0, "address", "street"): 28,
    ("people", 0, "pets", 0, "name"): 30,
    ("people", 0, "pets", 1): 31,
    ("people", 0, "pets", 1, "name"): 32,
    ("people", 1): 33,
    ("people", 1, "pets", 0): 34,
    ("people", 1, "pets", 0, "name"): 35,
    ("people", 1, "pets", 0, "vet", "name"): 37,
}


@pytest.mark.parametrize("loc", EXPECTED, ids=str)
def test_a_value_is_found_on_its_line(loc: Loc) -> None:
    assert Lines(TRICKY).of(loc) == EXPECTED[loc]


def test_what_is_not_there_is_found_where_it_belongs() -> None:
    lines = Lines(TRICKY)
    assert lines.of(("people", 1, "pets", 0, "age")) == 34
    assert lines.of(("list", 1, 9)) == 13
    assert lines.of(("nothing", 0)) == 1


def places(value: Any, loc: Loc = ()) -> Iterator[Loc]:
    """Every place of a parsed document."""
    yield loc
    parts = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    for key, part in parts:
        yield from places(part, (*loc, key))


@pytest.mark.parametrize(
    "text", [TRICKY, SMALL, EXAMPLE.read_text("utf-8")], ids=["tricky", "small", "example"]
)
def test_every_place_that_the_parser_knows_has_a_line(text: str) -> None:
    assert_complete(text)


def assert_complete(text: str) -> None:
    """No place falls back to what is around it, and no line is outside of the document."""
    known = Lines(text)._lines
    assert set(places(tomllib.loads(text))) <= set(known)
    assert max(known.values()) <= text.count("\n") + 1


KEYS = st.sampled_from(["a", "b-1", '"c.d"', "'e #'", '"f\\u0022"'])
SIGNS = st.text("ab\"'#[]{}=,. é", max_size=8)
BLANKS = st.sampled_from(["", " ", "\n", " # ] } \" '\n", "\r\n\t"])


def basic(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def multi_line(text: str) -> str:
    return '"""\n' + text.replace('"', '\\"').replace("=", "\n=") + '"""'


STRINGS = SIGNS.map(basic) | SIGNS.map(multi_line) | SIGNS.map(lambda text: "'" + text.replace("'", "") + "'")
SCALARS = STRINGS | st.sampled_from(["1", "-2.5e3", "true", "08:00:00", "2026-12-24", "1979-05-27 07:32:00Z"])


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    parts = [draw(BLANKS) + part + draw(BLANKS) for part in draw(st.lists(inner, max_size=4))]
    last = draw(st.sampled_from(["", ","])) if parts else ""
    return "[" + ",".join(parts) + last + draw(BLANKS) + "]"


@st.composite
def inline_tables(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    keys = draw(st.lists(KEYS, unique=True, max_size=3))
    return "{" + ", ".join(f"{key} = {draw(inner)}" for key in keys) + " }"


VALUES: st.SearchStrategy[str] = st.recursive(
    SCALARS, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=8
)


HEADERS = st.sampled_from(["", "[t]", "[[l]]", "[l.s]", "[[l.m]]", '[ t . "u v" ]'])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Tables, lists of tables and pairs in every spelling; not each is valid."""
    parts = []
    for header in draw(st.lists(HEADERS)):
        parts.append(header + draw(st.sampled_from(["", "  # [c]"])))
        for key in draw(st.lists(KEYS, unique=True, max_size=3)):
            parts.append(f"{key} = {draw(VALUES)}")
    return "\n".join(parts)


@given(documents())
def test_whatever_the_parser_accepts_has_lines_for_all_its_places(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert_complete(text)


@given(st.lists(st.tuples(KEYS, VALUES), unique_by=lambda pair: pair[0], max_size=5))
def test_a_pair_begins_where_it_was_written(pairs: list[tuple[str, str]]) -> None:
    text, expected = "", []
    for key, value in pairs:
        text += "# comment\n"
        expected.append(text.count("\n") + 1)
        text += f"{key} = {value}\n"
    assert [Lines(text).of((name,)) for name in tomllib.loads(text)] == expected
