"""Forms as the API's own schemas read them: one rule for a field, however it is sent."""

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from scheduler.api.problems import fault_of
from scheduler.api.texts import texts
from scheduler.domain.errors import Fault, Invalid
from scheduler.web import speech

M = TypeVar("M", bound=BaseModel)


def read(schema: type[M], values: Mapping[str, object]) -> M:
    """The form as the schema has it; what was left empty counts as not said. Raises Invalid."""
    try:
        return schema.model_validate(said(values))
    except ValidationError as error:
        raise Invalid([fault_of(each) for each in error.errors()]) from None


def said(values: Mapping[str, object]) -> dict[str, object]:
    """Without what was left empty, on all levels."""
    kept: dict[str, object] = {}
    for name, value in values.items():
        inner = said(value) if isinstance(value, Mapping) else value
        if inner not in ("", None, {}, []):
            kept[name] = inner
    return kept


def field(name: str) -> str:
    """A field of the form that was sent, without white space around it."""
    return request.form.get(name, "").strip()


def birth_date(typed: Mapping[str, str], name: str = "birth") -> str:
    """Of three fields, as it is written for programs; what is no number stays none."""
    year, month, day = (typed[f"{name}_{part}"] for part in ("year", "month", "day"))
    return f"{year:0>4}-{month:0>2}-{day:0>2}"


def day_of(text: str) -> date | None:
    """A day as programs write it; None for what is none, or lies where no calendar of ours begins or ends."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def version() -> int | None:
    """The version of the visit that the form was made for."""
    given = field("version")
    return int(given) if given.isdecimal() and len(given) < 10 else None


def explained(faults: Mapping[str, Fault]) -> dict[str, str]:
    known = texts(speech.language())["faults"]
    return {id: known[fault.code] for id, fault in faults.items()}


def errors_of(invalid: Invalid, ids: Mapping[str, str] | None = None) -> dict[str, str]:
    """Texts by the id of the field: `/patient/birth_date` is `birth_date`, unless `ids` says otherwise."""
    renamed = ids or {}
    by_id = {
        renamed.get(fault.pointer, fault.pointer.rpartition("/")[2] or "form"): fault
        for fault in reversed(invalid.faults)
    }
    return explained(by_id)
