"""When somebody is busy by another calendar, as the programs of this world write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scheduler.calendars import busy as module
from scheduler.calendars.busy import Busy, Unreadable, busy
from scheduler.domain.busy import Span

CENTRAL = ZoneInfo("America/Chicago")
SPAN = Span(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC), CENTRAL)

ZONE = """BEGIN:VTIMEZONE
TZID:Custom/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""


def calendar(*events: str, around: str = "") -> bytes:
    """`events` without their frame, each line on its own."""
    framed = "".join(f"BEGIN:VEVENT\nUID:e{n}\n{each.strip()}\nEND:VEVENT\n" for n, each in enumerate(events))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\n{around}{framed}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(*events: str, around: str = "", span: Span = SPAN) -> Busy:
    return busy(calendar(*events, around=around), span)


def times(found: Busy) -> list[str]:
    """In UTC: `12-08 16:00-17:00`, with the date of the end where it is another one."""

    def spelled(start: datetime, end: datetime) -> str:
        until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%m-%d %H:%M}"
        return f"{start:%m-%d %H:%M}-{until}"

    return [spelled(each.start, each.end) for each in found.stretches]


AT_TEN = "DTSTART;TZID=America/Chicago:20261208T100000\nDTEND;TZID=America/Chicago:20261208T110000"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (AT_TEN, ["12-08 16:00-17:00"]),
        ("DTSTART:20261208T160000Z\nDTEND:20261208T170000Z", ["12-08 16:00-17:00"]),
        ("DTSTART:20261208T160000Z\nDURATION:PT30M", ["12-08 16:00-16:30"]),
        ("DTSTART;TZID=Central Standard Time:20261208T100000\nDURATION:PT1H", ["12-08 16:00-17:00"]),
        ("DTSTART:20261208T100000\nDTEND:20261208T110000", ["12-08 16:00-17:00"]),
        ("DTSTART;VALUE=DATE:20261208\nDTEND;VALUE=DATE:20261210", ["12-08 06:00-12-10 06:00"]),
        ("DTSTART;VALUE=DATE:20261208", ["12-08 06:00-12-09 06:00"]),
        ("DTSTART;VALUE=DATE:20270314", ["03-14 06:00-03-15 05:00"]),
        ("DTSTART:20261208T160000Z", []),
        ("DTSTART:20261208T160000Z\nDTEND:20261208T160000Z", []),
        (f"{AT_TEN}\nTRANSP:TRANSPARENT", []),
        (f"{AT_TEN}\nTRANSP:OPAQUE", ["12-08 16:00-17:00"]),
        (f"{AT_TEN}\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", []),
        (f"{AT_TEN}\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", ["12-08 16:00-17:00"]),
        (f"{AT_TEN}\nSTATUS:CANCELLED", []),
        (f"{AT_TEN}\nSTATUS:TENTATIVE", ["12-08 16:00-17:00"]),
        ("DTSTART:20261130T220000Z\nDTEND:20261201T020000Z", ["12-01 00:00-02:00"]),
        ("DTSTART:20200101T000000Z\nDTEND:20300101T000000Z", ["12-01 00:00-04-01 00:00"]),
        ("DTSTART:20251208T160000Z\nDTEND:20251208T170000Z", []),
    ],
)
def test_an_event_takes_the_time_that_it_says(event: str, expected: list[str]) -> None:
    found = read(event)
    assert (times(found), found.complete) == (expected, True)


def test_a_zone_that_the_calendar_brings_along_is_understood() -> None:
    event = "DTSTART;TZID=Custom/Berlin:20261208T100000\nDURATION:PT1H"
    assert times(read(event, around=ZONE)) == ["12-08 09:00-10:00"]


def test_what_repeats_keeps_its_wall_clock_over_a_change_of_the_clocks() -> None:
    weekly = "DTSTART;TZID=America/Chicago:20270310T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=2"
    assert times(read(weekly)) == ["03-10 15:00-16:00", "03-17 14:00-15:00"]


def test_days_that_are_left_out_added_and_moved_are_so() -> None:
    series = f"""
{AT_TEN}
RRULE:FREQ=DAILY;COUNT=5
EXDATE;TZID=America/Chicago:20261209T100000
RDATE;TZID=America/Chicago:20261220T100000
"""
    moved = """
RECURRENCE-ID;TZID=America/Chicago:20261210T100000
DTSTART;TZID=America/Chicago:20261210T140000
DTEND;TZID=America/Chicago:20261210T150000
"""
    gone = """
RECURRENCE-ID;TZID=America/Chicago:20261211T100000
DTSTART;TZID=America/Chicago:20261211T100000
DTEND;TZID=America/Chicago:20261211T110000
STATUS:CANCELLED
"""
    content = calendar(series, moved, gone).replace(b"UID:e1", b"UID:e0").replace(b"UID:e2", b"UID:e0")
    assert times(busy(content, SPAN)) == [
        "12-08 16:00-17:00",
        "12-10 20:00-21:00",
        "12-12 16:00-17:00",
        "12-20 16:00-17:00",
    ]


def test_a_calendar_that_shows_only_when_somebody_is_busy_is_one_too() -> None:
    block = """BEGIN:VFREEBUSY
UID:f
FREEBUSY:20261208T160000Z/20261208T170000Z,20261209T160000Z/PT30M
FREEBUSY;FBTYPE=FREE:20261210T160000Z/PT30M
FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261211T160000Z/PT30M
END:VFREEBUSY
"""
    found = times(read(around=block))
    assert found == ["12-08 16:00-17:00", "12-09 16:00-16:30", "12-11 16:00-16:30"]


def test_several_calendars_in_one_file_all_count() -> None:
    content = calendar(AT_TEN) + calendar("DTSTART:20261209T160000Z\nDURATION:PT1H")
    assert times(busy(content, SPAN)) == ["12-08 16:00-17:00", "12-09 16:00-17:00"]


def test_floating_times_are_meant_where_the_practitioner_is() -> None:
    there = Span(SPAN.start, SPAN.end, ZoneInfo("Europe/Berlin"))
    event = "DTSTART:20261208T100000\nDTEND:20261208T110000"
    assert times(read(event, span=there)) == ["12-08 09:00-10:00"]


def test_an_empty_calendar_is_no_time_at_all() -> None:
    assert read() == Busy([], True)


def test_an_event_without_sense_spoils_nothing_but_the_certainty() -> None:
    for broken in ("DTSTART:nonsense", f"{AT_TEN}\nRRULE:FREQ=NEVER", "SUMMARY:no time"):
        found = read(AT_TEN, broken)
        assert "12-08 16:00-17:00" in times(found), broken
        assert len(found.stretches) == 1 or "RRULE" in broken


def test_that_an_event_had_to_be_left_out_is_said() -> None:
    assert not read(AT_TEN, "DTSTART:nonsense").complete
    assert not read(AT_TEN, "DTSTART:20261208T160000Z\nDTEND:nonsense").complete


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html>Sign in</html>",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        calendar(AT_TEN)[:-20],
        calendar(AT_TEN)[:60],
        b"\xff\xfe\0B\0E",
        b"\0" * 1000,
    ],
)
def test_what_is_no_whole_calendar_is_none(content: bytes) -> None:
    with pytest.raises(Unreadable, match="not-a-calendar"):
        busy(content, SPAN)


def test_more_than_anybody_does_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    with pytest.raises(Unreadable, match="too-many"):
        read("DTSTART:20261208T160000Z\nDURATION:PT1M\nRRULE:FREQ=HOURLY;COUNT=11")
