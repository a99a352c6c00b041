"""Reading a stranger's calendar in a process that ends in time, whatever stands in it."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.services.outside import expanding
from scheduler.services.outside.expanding import NoCalendar, expand
from tests.calendars.test_busy import AT_TEN, SPAN, calendar

HOSTILE_ZONE = """BEGIN:VTIMEZONE
TZID:Evil
BEGIN:STANDARD
DTSTART:19700101T000000
RRULE:FREQ=MINUTELY
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700101T000030
RRULE:FREQ=MINUTELY
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:DAYLIGHT
END:VTIMEZONE
"""
IN_THAT_ZONE = "DTSTART;TZID=Evil:20261208T100000\nDTEND;TZID=Evil:20261208T110000"
SECONDLY = "DTSTART:19700101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"
NEVER = "DTSTART:20261208T100000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"


def test_a_calendar_comes_back_as_times() -> None:
    stretches, complete = expand(calendar(AT_TEN), SPAN)
    (only,) = stretches
    assert (only.start, only.end) == (
        datetime(2026, 12, 8, 16, tzinfo=UTC),
        datetime(2026, 12, 8, 17, tzinfo=UTC),
    )
    assert (only.uid, complete) == ("e0", True)


@pytest.mark.parametrize(
    "content",
    [calendar(IN_THAT_ZONE, around=HOSTILE_ZONE), calendar(SECONDLY), calendar(NEVER)],
    ids=["zone", "secondly", "never"],
)
def test_a_calendar_that_would_keep_us_busy_for_ever_is_given_up(content: bytes) -> None:
    assert len(content) < 600
    began = time.monotonic()
    with pytest.raises(NoCalendar) as refused:
        expand(content, SPAN, within=1)
    assert refused.value.code in ("too-slow", "too-many")
    assert time.monotonic() - began < 4


def test_a_calendar_of_many_levels_is_read_like_others() -> None:
    event = calendar(AT_TEN).split(b"BEGIN:VEVENT", 1)[1].rsplit(b"END:VCALENDAR", 1)[0]
    deep = b"BEGIN:X\r\n" * 8_000 + b"END:X\r\n" * 8_000
    content = b"BEGIN:VCALENDAR\r\n" + deep + b"BEGIN:VEVENT" + event + b"END:VCALENDAR\r\n"
    assert len(expand(content, SPAN)[0]) == 1


def test_a_reader_that_fails_says_that_nothing_could_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "child.py"
    script.write_text("raise SystemError")
    monkeypatch.setattr(expanding, "CHILD", [*expanding.CHILD[:2], str(script)])
    with pytest.raises(NoCalendar, match="unreadable"):
        expand(calendar(AT_TEN), SPAN)


def test_what_is_no_calendar_says_so() -> None:
    with pytest.raises(NoCalendar, match="not-a-calendar"):
        expand(b"<html>Sign in</html>", SPAN)


def test_the_reader_gets_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever found a way into it would find nothing there."""
    monkeypatch.setenv("VISITS_ENCRYPTION_KEYS", "a secret")
    script = tmp_path / "child.py"
    script.write_text("import os, json; print(json.dumps({'unreadable': ' '.join(sorted(os.environ))}))")
    monkeypatch.setattr(expanding, "CHILD", [*expanding.CHILD[:2], str(script)])
    assert "VISITS_ENCRYPTION_KEYS" in os.environ
    with pytest.raises(NoCalendar) as said:
        expand(b"", SPAN)
    assert set(said.value.code.split()) <= {"LC_CTYPE", "PATH", "PYTHONTZPATH"}
