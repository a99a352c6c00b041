"""iCalendar as lines: names, parameters and values as strings, and no idea of what they mean."""

import re
from dataclasses import dataclass

LONGEST_LINE = 75
"""Octets, without the line's end."""
ESCAPES = re.compile(r"\\(.|$)")
_VALUE = r'(?:"[^"]*"|[^";:,]*)'
_PARAMETER = re.compile(rf";([A-Za-z0-9-]+)=({_VALUE}(?:,{_VALUE})*)")
_LINE = re.compile(rf"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+={_VALUE}(?:,{_VALUE})*)*):(.*)", re.DOTALL)
_CARETS = re.compile(r"\^([\^n'])")


@dataclass(frozen=True, slots=True)
class Line:
    """Names are in capitals."""

    name: str
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value of a TEXT, unescaped."""
        return ESCAPES.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


def unfolded(content: bytes) -> list[str]:
    """The lines of an object that is written as it must be."""
    return content.replace(b"\r\n ", b"").decode(errors="replace").removesuffix("\r\n").split("\r\n")


def parse(line: str) -> Line:
    """Raises ValueError."""
    found = _LINE.fullmatch(line)
    if not found:
        raise ValueError("no content line")
    parameters = {name.upper(): _plain(value) for name, value in _PARAMETER.findall(found[2])}
    return Line(found[1].upper(), parameters, found[3])


def _plain(value: str) -> str:
    """A parameter's value without its quotes and RFC 6868's carets."""
    return _CARETS.sub(lambda found: {"^": "^", "n": "\n", "'": '"'}[found[1]], value.strip('"'))
