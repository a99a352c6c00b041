"""Time zones come from the pinned package, whatever the machine has."""

import struct
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tzdata

from config.zones import use_pinned_zones

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def pinned_again() -> Iterator[None]:
    yield
    use_pinned_zones()


def stale_zones(folder: Path) -> Path:
    """A machine on which Chicago is three hours east of Greenwich."""
    place = folder / "America"
    place.mkdir()
    header = b"TZif" + b"\0" * 16 + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    zone = header + struct.pack(">lbb", 3 * 3600, 0, 0) + b"OLD\0"
    (place / "Chicago").write_bytes(zone)
    return folder


def offset() -> timedelta | None:
    return NOON.astimezone(zoneinfo.ZoneInfo("America/Chicago")).utcoffset()


def test_the_pinned_zones_win_over_those_of_the_machine(tmp_path: Path) -> None:
    zoneinfo.reset_tzpath([str(stale_zones(tmp_path))])
    zoneinfo.ZoneInfo.clear_cache()
    assert offset() == timedelta(hours=3)
    use_pinned_zones()
    assert offset() == timedelta(hours=-6)
    assert zoneinfo.TZPATH == ()


def test_the_version_is_that_of_the_package() -> None:
    assert use_pinned_zones() == tzdata.IANA_VERSION
    assert tzdata.IANA_VERSION >= "2026"


def test_every_zone_of_the_package_can_be_loaded() -> None:
    use_pinned_zones()
    assert all(NOON.astimezone(zoneinfo.ZoneInfo(key)) for key in zoneinfo.available_timezones())
    assert len(zoneinfo.available_timezones()) > 400


@pytest.mark.parametrize(
    ("key", "hours"),
    [("America/Vancouver", -7), ("America/Chicago", -6), ("America/Phoenix", -7), ("America/New_York", -5)],
)
def test_the_rules_of_this_year_are_known(key: str, hours: int) -> None:
    """British Columbia stays on summer time from 2026 on: with the rules before it would be eight."""
    use_pinned_zones()
    december = datetime(2026, 12, 3, 20, tzinfo=UTC)
    assert december.astimezone(zoneinfo.ZoneInfo(key)).utcoffset() == timedelta(hours=hours)
