"""ETag and If-Match: whoever changes a visit may say which version they looked at."""

import re

from flask import request

from scheduler.domain.errors import Stale


def etag(version: int) -> str:
    return f'"{version}"'


def expected_version() -> int | None:
    """The version that If-Match names; None where there is no such header, or it is `*`.

    Raises Stale for a value that no version of ours ever was.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"(\d{1,18})"', header)
    if match is None:
        raise Stale
    return int(match[1])
