import io
import os

import pytest

from scheduler.embedded.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_line_stands_behind_the_name_of_who_wrote_it() -> None:
    stream = io.StringIO()
    Terminal(stream).say("one\ntwo", "api")
    assert stream.getvalue() == "api      | one\napi      | two\n"


def test_a_person_sees_colours_and_each_name_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen()
    terminal = Terminal(screen)
    for name in ("api", "worker", "api"):
        terminal.say("x", name)
    first, second, third = screen.getvalue().splitlines()
    assert first == third
    assert first.startswith("\x1b[")
    assert first[:5] != second[:5]


def test_who_wants_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Screen()
    Terminal(screen).say("x")
    assert "\x1b" not in screen.getvalue()


def test_bytes_that_are_no_text_are_shown_somehow() -> None:
    stream = io.StringIO()
    reading, writing = os.pipe()
    copying = Terminal(stream).follow("api", os.fdopen(reading, "rb"))
    os.write(writing, b"\xff\xfe\nlast line without an end")
    os.close(writing)
    copying.join(5)
    assert "last line without an end\n" in stream.getvalue()


def test_a_reader_that_went_away_stops_nobody() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        terminal = Terminal(stream)
        os.close(reading)
        terminal.say("x")
        terminal.say("y")
