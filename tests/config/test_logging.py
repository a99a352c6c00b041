"""Logs: one JSON object a line, and nothing in it that is not on the list."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from config.logging import EXTRAS, configure_logging, request_id
from scheduler.outgoing.http import Bounds, Outside
from tests.web import Reply, ScriptedWeb

log = logging.getLogger("tests.logging")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The service sets up the whole process's logs; the tests' own come back afterwards."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    levels = {each: each.level for each in (root, *map(logging.getLogger, ("alembic", "urllib3")))}
    yield
    root.handlers[:] = handlers
    for each, level in levels.items():
        each.setLevel(level)
    request_id.set("")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_log_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    log.info("did %s of %s", 2, 3)
    (line,) = lines(capsys)
    assert set(line) == {"at", "level", "name", "message", "request_id"}
    assert (line["level"], line["name"], line["message"]) == ("INFO", "tests.logging", "did 2 of 3")


def test_a_message_with_line_breaks_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    log.warning('a "quoted"\nand broken\r\nmessage\u2028')
    (line,) = lines(capsys)
    assert line["message"] == 'a "quoted"\nand broken\r\nmessage\u2028'


def test_the_extras_on_the_list_appear(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    log.info("answered", extra=dict.fromkeys(EXTRAS, 7))
    (line,) = lines(capsys)
    assert {name: line[name] for name in EXTRAS} == dict.fromkeys(EXTRAS, 7)


def test_what_is_not_on_the_list_never_appears(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    private = {"patient": "Canary", "email": "canary@patients.example", "body": {"name": "Canary"}}
    log.info("answered", extra={**private, "status": 200})
    written = capsys.readouterr().err
    assert "canary" not in written.lower()
    assert json.loads(written)["status"] == 200


def test_nothing_on_the_list_is_a_word_that_a_patient_wrote() -> None:
    assert not {"patient", "email", "phone", "address", "path", "url", "query", "body", "token"} & set(EXTRAS)


def test_text_for_people_has_no_extras_either(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "text")
    log.info("answered", extra={"patient": "Canary", "status": 200})
    written = capsys.readouterr().err
    assert written.endswith("INFO tests.logging answered\n")
    assert "Canary" not in written


def test_every_line_of_a_request_carries_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    request_id.set("abc123")
    log.info("one")
    logging.getLogger("somebody.elses.library").warning("two")
    assert [line["request_id"] for line in lines(capsys)] == ["abc123", "abc123"]


def test_an_error_is_written_with_its_trace_on_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    try:
        raise LookupError("gone")
    except LookupError:
        log.exception("failed")
    (line,) = lines(capsys)
    assert "LookupError: gone" in line["exc_info"]


def test_what_lies_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "json")
    log.info("chatter")
    log.warning("trouble")
    assert [line["message"] for line in lines(capsys)] == ["trouble"]


def test_setting_up_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    configure_logging("info", "json")
    log.info("once")
    assert len(lines(capsys)) == 1


def test_even_the_most_talkative_log_names_no_address_that_was_called(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A private calendar's address is a key to it, and `urllib3` says which ones it asked for."""
    configure_logging("debug", "json")
    with ScriptedWeb() as web:
        web.script = lambda asked: Reply(headers={"X-Broken": "\u00ff", " Bad Header": "1"})
        Outside(loopback=True).call("GET", web.url("/private-canary/basic.ics"), {}, Bounds(5, 100))
    assert "canary" not in capsys.readouterr().err
