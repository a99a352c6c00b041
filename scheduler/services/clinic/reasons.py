"""What pydantic found, in words for the administrator of a clinic."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from scheduler.services.clinic.lines import Loc
from scheduler.services.clinic.table import Table
from scheduler.services.clinic.values import shown


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place of the document."""

    loc: Loc
    reason: str


def findings(error: ValidationError) -> Iterator[Finding]:
    for each in error.errors(include_url=False):
        # A dictionary's faulty key is told from its value by a last "[key]": no place in the file.
        loc = tuple(part for part in each["loc"] if part != "[key]")
        say = _REASONS.get(each["type"])
        yield Finding(loc, say(loc, each.get("ctx", {}), each["input"]) if say else each["msg"])


def _said(text: str) -> "Reason":
    return lambda loc, ctx, value: text


def _unknown_key(loc: Loc, ctx: Mapping[str, Any], value: object) -> str:
    near = get_close_matches(str(loc[-1]), sorted(_keys(Table)), n=1)
    return "is not a known key" + (f'; did you mean "{near[0]}"?' if near else "")


def _keys(table: type[Table]) -> set[str]:
    below = (_keys(each) for each in table.__subclasses__())
    return set(table.model_fields).union(*below)


def _one_of(loc: Loc, ctx: Mapping[str, Any], value: object) -> str:
    return f'"{shown(value)}" is not one of {ctx["expected"]}'


def _own_words(loc: Loc, ctx: Mapping[str, Any], value: object) -> str:
    return str(ctx["error"])


def _out_of_range(loc: Loc, ctx: Mapping[str, Any], value: object) -> str:
    limit = f"at least {ctx['ge']:g}" if "ge" in ctx else f"at most {ctx['le']:g}"
    return f"{shown(value)} must be {limit}"


Reason = Callable[[Loc, Mapping[str, Any], object], str]

_REASONS: Mapping[str, Reason] = {
    "missing": _said("is missing"),
    "extra_forbidden": _unknown_key,
    "enum": _one_of,
    "literal_error": _one_of,
    "value_error": _own_words,
    "greater_than_equal": _out_of_range,
    "less_than_equal": _out_of_range,
    "string_type": _said('must be a text in quotes, such as "text"'),
    "int_type": _said("must be a whole number"),
    "float_type": _said("must be a number"),
    "bool_type": _said("must be true or false, without quotes"),
    "list_type": _said("must be a list, such as [1, 2]"),
    "tuple_type": _said("must be a list, such as [1, 2]"),
    "dict_type": _said("must be a table with keys of its own"),
    "model_type": _said("must be a table with keys of its own"),
    "too_short": _said("must not be empty"),
    "string_pattern_mismatch": _said('must be the number of a question, such as "T1"'),
}
