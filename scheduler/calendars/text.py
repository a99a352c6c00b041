"""Text that every calendar reads back as it was written.

Readers differ in what else than CR LF ends a line for them, and RFC 5545 forbids control characters; so
both are taken out before the library escapes the rest.
"""

import re
import unicodedata

_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}]")
_UNWRITABLE = {"Cc", "Cs"}
"""Control characters, and halves of a pair, which UTF-8 cannot hold."""


def lines(text: str) -> str:
    """Lines parted by line feeds, without control characters and without space at the ends."""
    return "\n".join(_printable(line).strip() for line in _LINE_ENDS.split(text)).strip()


def one_line(text: str) -> str:
    return " ".join(lines(text).split())


def _printable(line: str) -> str:
    return "".join(each for each in line.replace("\t", " ") if unicodedata.category(each) not in _UNWRITABLE)
