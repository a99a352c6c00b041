"""Which line of a TOML document says what.

`tomllib` gives values without their place. This scanner follows a document that `tomllib` has accepted and
notes where every table, key and array element begins; it understands structure only, never values.
"""

import re
import tomllib
from bisect import bisect_left

Loc = tuple[str | int, ...]
"""A place in the document, such as `("practitioners", 1, "hours", 0, "opens")`; indexes count from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    # A multi-line string may end in up to two quotes of its own before the three that close it.
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


class Lines:
    """The places of one document; `text` must be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._at = 0
        self._lines: dict[Loc, int] = {(): 1}
        self._elements: dict[Loc, int] = {}
        self._document()

    def of(self, loc: Loc) -> int:
        """The line, from 1, on which this or the nearest thing around it begins."""
        while loc not in self._lines:
            loc = loc[:-1]
        return self._lines[loc]

    def _document(self) -> None:
        table: Loc = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Loc:
        """`[a.b]`, or `[[a.b]]` that opens the next element of a list."""
        start, many = self._at, self._text.startswith("[[", self._at)
        self._at += 2 if many else 1
        loc = self._resolve(self._key(), start, many=many)
        self._at += 2 if many else 1
        return loc

    def _resolve(self, key: tuple[str, ...], start: int, *, many: bool) -> Loc:
        loc: Loc = ()
        for part in key[:-1]:
            loc = self._latest((*loc, part))
            self._note(loc, start)
        loc = (*loc, key[-1])
        self._note(loc, start)
        if many:
            self._elements[loc] = self._elements.get(loc, -1) + 1
        loc = self._latest(loc)
        self._note(loc, start)
        return loc

    def _latest(self, loc: Loc) -> Loc:
        """`[a.b]` under `[[a]]` belongs to the last `a`."""
        return (*loc, self._elements[loc]) if loc in self._elements else loc

    def _pair(self, table: Loc) -> None:
        start = self._at
        loc = table
        for part in self._key():
            loc = (*loc, part)
            self._note(loc, start)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(loc)

    def _key(self) -> tuple[str, ...]:
        """A dotted key; the position is left on the sign after it."""
        parts = [self._key_part()]
        while self._peek() == ".":
            self._at += 1
            parts.append(self._key_part())
        return tuple(parts)

    def _key_part(self) -> str:
        self._skip(_SPACE)
        quoted = self._peek() in "\"'"
        raw = self._skip(_STRING if quoted else _BARE_KEY)
        self._skip(_SPACE)
        return str(tomllib.loads(f"key = {raw}")["key"]) if quoted else raw

    def _value(self, loc: Loc) -> None:
        sign = self._peek()
        if sign == "[":
            self._array(loc)
        elif sign == "{":
            self._inline_table(loc)
        else:
            self._skip(_STRING if sign in ('"', "'") else _SCALAR)

    def _array(self, loc: Loc) -> None:
        index = 0
        while self._next_in("]"):
            self._note((*loc, index), self._at)
            self._value((*loc, index))
            index += 1

    def _inline_table(self, loc: Loc) -> None:
        while self._next_in("}"):
            self._pair(loc)

    def _next_in(self, end: str) -> bool:
        """Go to the next element, past the sign before it; False, and past the end, where there is none."""
        self._skip(_BLANK)
        if self._peek() in "[{,":
            self._at += 1
            self._skip(_BLANK)
        closed = self._peek() == end
        self._at += closed
        return not closed

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None, "not valid TOML"
        self._at = found.end()
        return found.group()

    def _note(self, loc: Loc, at: int) -> None:
        self._lines.setdefault(loc, bisect_left(self._ends, at) + 1)
