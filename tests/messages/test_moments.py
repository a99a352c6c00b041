from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from scheduler.messages.moments import Moment, clock, moment, same_clock
from scheduler.messages.words import REGIONS, WORDS, known_language


def at(wall: str, zone: str, language: str = "en", fold: int = 0) -> Moment:
    local = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return moment(local.astimezone(UTC), ZoneInfo(zone), language)


def test_a_date_is_said_with_its_weekday_in_both_languages() -> None:
    assert at("2026-12-01T14:30", "America/Chicago").date == "Tuesday, December 1, 2026"
    assert at("2026-12-01T14:30", "America/Chicago", "es").date == "martes, 1 de diciembre de 2026"


def test_a_subject_says_the_date_in_short() -> None:
    assert at("2026-12-01T14:30", "America/Chicago").short_date == "Dec 1"
    assert at("2026-12-01T14:30", "America/Chicago", "es").short_date == "1 de dic"


@pytest.mark.parametrize(
    ("wall", "english", "spanish"),
    [
        ("00:05", "12:05 AM", "12:05 a.\xa0m."),
        ("09:00", "9:00 AM", "9:00 a.\xa0m."),
        ("12:00", "12:00 noon", "12:00 del mediodía"),
        ("12:15", "12:15 PM", "12:15 p.\xa0m."),
        ("14:30", "2:30 PM", "2:30 p.\xa0m."),
    ],
)
def test_a_time_is_said_as_clocks_in_the_united_states_say_it(wall: str, english: str, spanish: str) -> None:
    assert at(f"2026-12-01T{wall}", "America/Chicago").time == english
    assert at(f"2026-12-01T{wall}", "America/Chicago", "es").time == spanish
    central = ZoneInfo("America/Chicago")
    instant = datetime.fromisoformat(f"2026-12-01T{wall}").replace(tzinfo=central).astimezone(UTC)
    assert [clock(instant, central, each) for each in ("en", "es")] == [english, spanish]


def test_spanish_says_one_oclock_in_the_singular() -> None:
    assert at("2026-12-01T13:30", "America/Chicago", "es").at_time == "la 1:30 p.\xa0m."
    assert at("2026-12-01T14:30", "America/Chicago", "es").at_time == "las 2:30 p.\xa0m."
    assert at("2026-12-01T13:30", "America/Chicago").at_time == "1:30 PM"


@pytest.mark.parametrize(
    ("zone", "english", "spanish"),
    [
        ("America/Chicago", "Central time", "hora del Centro"),
        ("US/Eastern", "Eastern time", "hora del Este"),
        ("America/Phoenix", "Arizona time", "hora de Arizona"),
        ("America/Mexico_City", "Mexico City time", "hora de Ciudad de México"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time", "hora de Buenos Aires"),
        ("UTC", "UTC", "UTC"),
        ("Etc/GMT+5", "UTC-5", "UTC-5"),
    ],
)
def test_a_zone_is_said_in_words(zone: str, english: str, spanish: str) -> None:
    assert at("2026-12-01T14:30", zone).zone == english
    assert at("2026-12-01T14:30", zone, "es").zone == spanish


def test_where_autumn_repeats_an_hour_the_offset_says_which_one() -> None:
    assert at("2026-11-01T01:30", "America/Chicago").zone == "Central time (CDT, UTC-5)"
    assert at("2026-11-01T01:30", "America/Chicago", fold=1).zone == "Central time (CST, UTC-6)"
    assert at("2027-04-04T01:45", "Australia/Lord_Howe", fold=1).zone == "Lord Howe time (UTC+10:30)"
    assert at("2026-11-01T02:00", "America/Chicago").zone == "Central time"


def test_no_two_instants_of_a_year_are_said_alike() -> None:
    for key in ("America/Chicago", "America/Anchorage", "Australia/Lord_Howe"):
        begin, zone = datetime(2026, 6, 1, tzinfo=UTC), ZoneInfo(key)
        instants = [begin + timedelta(minutes=30 * step) for step in range(2 * 24 * 365)]
        for language in WORDS:
            said = {(m.date, m.time, m.zone) for m in (moment(each, zone, language) for each in instants)}
            assert len(said) == len(instants)


def test_two_zones_share_a_clock_only_while_their_walls_show_the_same() -> None:
    summer, winter = datetime(2026, 7, 1, 18, tzinfo=UTC), datetime(2026, 12, 1, 18, tzinfo=UTC)
    chicago, mexico = ZoneInfo("America/Chicago"), ZoneInfo("America/Mexico_City")
    assert same_clock(winter, chicago, mexico)
    assert not same_clock(summer, chicago, mexico)


def test_every_zone_with_a_regions_name_exists_and_each_region_agrees_with_itself() -> None:
    assert set(REGIONS) <= available_timezones()
    leaders: dict[str, ZoneInfo] = {}
    for key, region in REGIONS.items():
        leader = leaders.setdefault(region, ZoneInfo(key))
        for month in range(1, 13):
            assert same_clock(datetime(2026, month, 15, 18, tzinfo=UTC), leader, ZoneInfo(key)), key


def test_each_language_has_words_for_everything() -> None:
    for words in WORDS.values():
        assert (len(words.weekdays), len(words.months), len(words.short_months)) == (7, 12, 12)
        assert set(words.zones) == set(REGIONS.values())


@pytest.mark.parametrize(
    ("tag", "language"),
    [("es", "es"), ("es-MX", "es"), ("ES_mx", "es"), ("en-US", "en"), ("vi", "en"), ("", "en")],
)
def test_a_language_without_texts_gets_the_first(tag: str, language: str) -> None:
    assert known_language(tag) == language
