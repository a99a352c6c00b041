"""By which channel a message goes, and when a text may come: examples, and rules over all of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.messages import ENDING, ChannelName, MessageKind, PlannedMessage
from scheduler.domain.routing import (
    MORNING,
    MOST_A_DAY,
    MOST_A_WEEK,
    NIGHT,
    NOON,
    Reach,
    dispatch,
    evening_before,
    is_night,
    morning_after,
    route,
    within_caps,
)

MAIL, TEXT, CALL = ChannelName.EMAIL, ChannelName.SMS, ChannelName.CALL
CHICAGO = ZoneInfo("America/Chicago")
ASIDE = {
    MessageKind.LINKS,
    MessageKind.WITHDRAWN,
    MessageKind.REPLY,
    MessageKind.ALERT,
    MessageKind.WEBHOOK,
}
KINDS = [each for each in MessageKind if each not in ASIDE]
ZONES = ["America/Chicago", "America/Anchorage", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "UTC"]
"""Of them some change their clocks within the year, at midnight even, and one has a strange offset."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS3, DAY1 = 72 * 60, 24 * 60


def reach(*reached: ChannelName, wished: Sequence[ChannelName] = (), zone: ZoneInfo = CHICAGO) -> Reach:
    return Reach(frozenset(reached), zone, frozenset(wished))


def central(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("kind", "offset", "by_both", "by_mail", "by_text"),
    [
        (MessageKind.RECEIVED, 0, (MAIL, TEXT), (MAIL,), (TEXT,)),
        (MessageKind.CONFIRMED, 0, (MAIL, TEXT), (MAIL,), (TEXT,)),
        (MessageKind.CHANGED, 0, (MAIL, TEXT), (MAIL,), (TEXT,)),
        (MessageKind.CANCELLED, 0, (MAIL, TEXT), (MAIL,), (TEXT,)),
        (MessageKind.JOIN, 60, (MAIL, TEXT), (MAIL,), (TEXT,)),
        (MessageKind.REMINDER, DAYS3, (MAIL,), (MAIL,), (TEXT,)),
        (MessageKind.REMINDER, DAY1, (TEXT,), (MAIL,), (TEXT,)),
    ],
)
def test_each_kind_has_its_way(
    kind: MessageKind,
    offset: int,
    by_both: tuple[ChannelName, ...],
    by_mail: tuple[ChannelName, ...],
    by_text: tuple[ChannelName, ...],
) -> None:
    assert route(kind, offset, reach(MAIL, TEXT)) == by_both
    assert route(kind, offset, reach(MAIL)) == by_mail
    assert route(kind, offset, reach(TEXT)) == by_text
    assert route(kind, offset, reach()) == (CALL,)


def test_whoever_chose_one_way_gets_what_is_no_change_that_way() -> None:
    both = {MAIL, TEXT}
    for wish in both:
        chosen = reach(MAIL, TEXT, wished=[wish])
        assert route(MessageKind.CONFIRMED, 0, chosen) == (wish,)
        assert {route(MessageKind.REMINDER, offset, chosen) for offset in (DAY1, DAYS3)} == {(wish,)}
    wants_both = reach(MAIL, TEXT, wished=[MAIL, TEXT])
    assert set(route(MessageKind.REMINDER, DAY1, wants_both)) == both


channels = st.frozensets(st.sampled_from([MAIL, TEXT]))
moments = st.integers(0, 2 * 365 * DAY1).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
zones = st.sampled_from(ZONES).map(ZoneInfo)


@given(st.sampled_from(KINDS), st.sampled_from([0, 60, DAY1, DAYS3]), channels, channels)
def test_everybody_hears_of_everything_and_nobody_by_what_does_not_reach_them(
    kind: MessageKind, offset: int, reached: frozenset[ChannelName], wished: frozenset[ChannelName]
) -> None:
    way = route(kind, offset, Reach(reached, CHICAGO, wished))
    assert way
    assert len(set(way)) == len(way)
    assert (way == (CALL,)) == (not reached)
    assert set(way) <= (reached or {CALL})
    if kind in ENDING | {MessageKind.CHANGED} and reached:
        assert set(way) == reached
    if kind is MessageKind.REMINDER and reached and wished != {MAIL, TEXT}:
        assert len(way) == 1


def reminder(due: datetime, expires: datetime, offset: int = DAY1) -> PlannedMessage:
    return PlannedMessage(MessageKind.REMINDER, offset, due, expires)


def test_a_reminder_text_that_would_come_at_night_comes_the_evening_before() -> None:
    (sent,) = dispatch(
        reminder(central(2, 7), central(3, 7)), reach(MAIL, TEXT), [central(3, 7)], central(1, 9)
    )
    assert (sent.channel, sent.message.due_at) == (TEXT, central(1, 20))


def test_where_that_evening_is_past_it_is_mailed_now() -> None:
    booked = central(1, 21, 30)
    (sent,) = dispatch(reminder(central(2, 7), central(3, 7)), reach(MAIL, TEXT), [central(3, 7)], booked)
    assert (sent.channel, sent.message.due_at) == (MAIL, booked)


def test_without_mail_it_waits_for_the_morning_and_where_that_is_too_late_somebody_calls() -> None:
    booked = central(1, 21, 30)
    (sent,) = dispatch(reminder(central(2, 7), central(3, 7)), reach(TEXT), [central(3, 7)], booked)
    assert (sent.channel, sent.message.due_at) == (TEXT, central(2, 8))
    (sent,) = dispatch(reminder(central(2, 6), central(2, 7), 60), reach(TEXT), [central(2, 7)], booked)
    assert sent.channel is CALL


def test_somebody_who_wants_both_gets_no_second_mail_for_a_text_that_would_be_too_late() -> None:
    both = reach(MAIL, TEXT, wished=[MAIL, TEXT])
    sent = dispatch(reminder(central(2, 7), central(3, 7)), both, [central(3, 7)], central(1, 22))
    assert [each.channel for each in sent] == [MAIL]


@pytest.mark.parametrize(
    ("starts", "due"),
    [
        ([central(2, 13)], central(2, 8)),
        ([central(2, 12)], central(2, 8)),
        ([central(2, 11, 45)], central(1, 22)),
        ([central(9, 9)], central(2, 8)),
        ([central(9, 9), central(2, 9)], central(1, 22)),  # moved away from a time at which nobody may come
        ([central(2, 9), central(9, 9)], central(1, 22)),
    ],
)
@pytest.mark.parametrize("kind", [MessageKind.CHANGED, MessageKind.CANCELLED, MessageKind.DECLINED])
def test_a_change_at_night_waits_where_nobody_misses_anything_by_it(
    kind: MessageKind, starts: list[datetime], due: datetime
) -> None:
    planned = PlannedMessage(kind, 0, central(1, 22), max(starts))
    (sent,) = dispatch(planned, reach(TEXT), starts, central(1, 22))
    assert sent.message.due_at == due


def test_what_answers_a_booking_comes_at_once_at_any_hour() -> None:
    for kind in (MessageKind.CONFIRMED, MessageKind.RECEIVED):
        planned = PlannedMessage(kind, 0, central(1, 23), central(9, 15))
        (sent,) = dispatch(planned, reach(TEXT), [central(9, 15)], central(1, 23))
        assert sent.message == planned


@given(moments, zones)
def test_evening_and_morning_lie_around_the_night(at: datetime, zone: ZoneInfo) -> None:
    if not is_night(at, zone):
        return
    before, after = evening_before(at, zone), morning_after(at, zone)
    assert before < at < after
    assert not is_night(before, zone)
    assert not is_night(after, zone)
    assert after - before <= timedelta(
        hours=38
    )  # Samoa once skipped a day; no zone here does so in these years
    assert after.astimezone(zone).time() == MORNING


@given(
    st.sampled_from(KINDS),
    channels,
    channels,
    zones,
    moments,
    st.integers(0, 10 * DAY1),
    st.sampled_from([0, 60, DAY1, DAYS3]),
)
def test_no_reminder_text_is_ever_planned_for_a_night_and_none_after_it_has_lost_its_sense(
    kind: MessageKind,
    reached: frozenset[ChannelName],
    wished: frozenset[ChannelName],
    zone: ZoneInfo,
    start: datetime,
    ahead: int,
    offset: int,
) -> None:
    now = start - timedelta(minutes=ahead)
    due = max(start - timedelta(minutes=offset), now)
    planned = PlannedMessage(kind, offset, due, start)
    for sent in dispatch(planned, Reach(reached, zone, wished), [start], now):
        at = sent.message.due_at
        assert at >= now
        assert at <= max(due, now) or sent.channel is TEXT
        assert at < start or at == due
        if sent.channel is TEXT and kind is MessageKind.REMINDER:
            assert MORNING <= at.astimezone(zone).time() < NIGHT
        if sent.channel is TEXT and at > due:
            assert kind is MessageKind.REMINDER or start >= datetime.combine(
                at.astimezone(zone).date(), NOON, zone
            )


@given(st.lists(st.integers(0, 20 * DAY1), max_size=30).map(sorted), zones)
def test_no_number_gets_more_reminder_texts_than_the_caps_allow(minutes: list[int], zone: ZoneInfo) -> None:
    begin, sent = datetime(2026, 10, 28, tzinfo=UTC), list[datetime]()
    for each in minutes:
        now = begin + timedelta(minutes=each)
        if within_caps(sent, now, zone):
            sent.append(now)
    days = [at.astimezone(zone).date() for at in sent]
    for day in set(days):
        assert days.count(day) <= MOST_A_DAY
        week = [each for each in days if date.fromordinal(day.toordinal() - 6) <= each <= day]
        assert len(week) <= MOST_A_WEEK


def test_a_number_that_has_rested_gets_texts_again() -> None:
    sent = [central(1, 9), central(2, 9), central(3, 9)]
    assert not within_caps(sent, central(4, 9), CHICAGO)
    assert not within_caps(sent, central(7, 20), CHICAGO)
    assert within_caps(sent, central(8, 8), CHICAGO)
    assert within_caps([central(1, 20)], central(2, 8), CHICAGO)
    assert not within_caps([central(1, 8)], central(1, 20), CHICAGO)
    assert time(8) == MORNING
