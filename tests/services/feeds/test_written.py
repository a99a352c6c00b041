"""Events are written once, and the ones that are asked for stay."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

import pytest

from scheduler.services.feeds.written import Key, Written


class Writer:
    def __init__(self) -> None:
        self.asked: list[Sequence[Key]] = []

    def __call__(self, keys: Sequence[Key]) -> Mapping[Key, bytes]:
        self.asked.append(keys)
        return {key: str(key.version).encode() for key in keys}


def keys(count: int) -> list[Key]:
    return [Key(uuid4(), number, "busy") for number in range(count)]


@pytest.fixture
def writer() -> Writer:
    return Writer()


def test_what_is_known_is_not_written_again(writer: Writer) -> None:
    written, three = Written(), keys(3)
    assert written.events(three, writer) == [b"0", b"1", b"2"]
    assert written.events(three, writer) == [b"0", b"1", b"2"]
    assert writer.asked == [three]


def test_only_what_changed_is_written(writer: Writer) -> None:
    written, (one, two) = Written(), keys(2)
    written.events([one, two], writer)
    newer = one._replace(version=7)
    assert written.events([newer, two], writer) == [b"7", b"1"]
    assert writer.asked[1:] == [[newer]]


def test_the_same_visit_is_written_in_each_style(writer: Writer) -> None:
    written, (one,) = Written(), keys(1)
    written.events([one], writer)
    other = one._replace(style="reference")
    written.events([other], writer)
    assert writer.asked == [[one], [other]]


def test_events_come_in_the_order_in_which_they_are_asked_for(writer: Writer) -> None:
    written, three = Written(), keys(3)
    written.events(three, writer)
    assert written.events(three[::-1], writer) == [b"2", b"1", b"0"]


def test_when_there_are_too_many_those_go_that_were_used_longest_ago(writer: Writer) -> None:
    written, (a, b, c) = Written(most=2), keys(3)
    written.events([a, b], writer)
    written.events([a], writer)
    written.events([c], writer)
    written.events([a, c], writer)
    assert writer.asked == [[a, b], [c]]
    written.events([b], writer)
    assert writer.asked[2:] == [[b]]


def test_more_than_are_kept_are_all_answered(writer: Writer) -> None:
    assert len(Written(most=2).events(keys(5), writer)) == 5
