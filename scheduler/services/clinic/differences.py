"""What a new clinic file changes, line by line, for the person who applies it."""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.services.clinic.values import MINUTES_OF, shown

Document = Mapping[str, Any]

NAMED = {
    "locations": ("location", "code"),
    "practitioners": ("practitioner", "code"),
    "visit_types": ("visit type", "code"),
    "consents": ("consent", "kind"),
    "needs": ("need", "code"),
}
"""Sections that are lists: what one element is called, and the key by which it is known."""

LONG = 60
"""Texts of more characters are said to have changed, not repeated."""

DURATIONS = {
    *("extra_minutes", "buffer_before", "buffer_after", "notice", "cutoff", "step", "join"),
    "answer_within",
    "keep_places",
    "keep_callbacks",
    "no_show_after",
}


def differences(old: Document | None, new: Document) -> list[str]:
    """Readable lines, empty if nothing changes; documents are those of `check.document`."""
    before = old or {}
    return [
        line
        for section in new
        for line in (
            _elements(*NAMED[section], _keyed(before, section), _keyed(new, section))
            if section in NAMED
            else _table(section, before.get(section), new[section])
        )
    ]


def _keyed(document: Document, section: str) -> dict[str, Document]:
    key = NAMED[section][1]
    return {each[key]: each for each in document.get(section, [])}


def _elements(kind: str, key: str, old: Mapping[str, Document], new: Mapping[str, Document]) -> Iterator[str]:
    for code in new:
        if code not in old:
            yield f"{kind} {code}: new"
        else:
            yield from _table(f"{kind} {code}", old[code], new[code])
    for code in old:
        if code not in new:
            yield f"{kind} {code}: no longer in the file"


def _table(name: str, old: Document | None, new: Document | None) -> Iterator[str]:
    if old is None or new is None:
        yield from () if old == new else (f"{name}: {'new' if old is None else 'no longer in the file'}",)
        return
    before, after = _flat(old), _flat(new)
    for key in sorted(before.keys() | after.keys(), key=[*after, *before].index):
        if before.get(key) != after.get(key):
            yield f"{name}: {_change(key, before.get(key), after.get(key))}"


def _flat(table: Document, prefix: str = "") -> dict[str, Any]:
    """`{"modes": {"in_person": "auto"}}` as `{"modes.in_person": "auto"}`."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _change(key: str, old: object, new: object) -> str:
    if isinstance(old, list) or isinstance(new, list):
        return f"{key} changed{_members(old, new)}"
    if any(isinstance(each, str) and len(each) > LONG for each in (old, new)):
        return f"{key} changed"
    return f"{key} {_value(key, old)} -> {_value(key, new)}"


def _members(old: object, new: object) -> str:
    """What came and went, where the lists hold plain texts."""
    before, after = (each if isinstance(each, list) else [] for each in (old, new))
    if not all(isinstance(each, str) for each in (*before, *after)):
        return ""
    signs = [f"+{e}" for e in after if e not in before] + [f"-{e}" for e in before if e not in after]
    return f" ({', '.join(signs)})" if signs else ""


def _value(key: str, value: object) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and key in DURATIONS:
        return duration(value)
    return shown(value)


def duration(minutes: int) -> str:
    """240 as `4h`, 90 as `1h30min`; the form that the file takes."""
    days, rest = divmod(minutes, MINUTES_OF["d"])
    hours, rest = divmod(rest, MINUTES_OF["h"])
    if days and (hours or rest):
        hours, days = hours + 24 * days, 0
    parts = ((days, "d"), (hours, "h"), (rest, "min"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0min"
