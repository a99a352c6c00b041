"""Mails that somebody made to stop us: they are set aside in no time, and the next one is read."""

import logging
from collections.abc import Callable
from time import process_time

import pytest

from scheduler.services.inbound import receiving
from tests.calendars.test_replies import MINUTELY
from tests.channels.inbound.letters import BODY, calendar, mail, nested, part, reply
from tests.channels.inbound.test_mime import HOSTILE
from tests.services.inbound.conftest import Booked

READ: dict[str, Callable[[str], bytes]] = {
    "a rule for every minute": lambda uid: reply(
        calendar(uid, before=MINUTELY).replace("DTSTART:", "DTSTART;TZID=x:")
    ),
    "two numbers, of which the first counts": lambda uid: reply(calendar(uid, more="SEQUENCE:7\r\n")),
    "a byte order mark": lambda uid: reply("\ufeff" + calendar(uid)),
    "latin-1": lambda uid: reply(calendar(uid, more="COMMENT:ma\u00f1ana\r\n")).decode().encode("latin-1"),
    "a part of 900 KB beside it": lambda uid: mail(
        part("application/pdf", "x" * 900_000), part("text/calendar", calendar(uid))
    ),
}
SET_ASIDE: dict[str, Callable[[str], bytes]] = {
    **{name: (lambda uid, make=make: make()) for name, make in HOSTILE.items()},  # type: ignore[misc]
    "an object of 100 KB": lambda uid: reply(calendar(uid, more=f"COMMENT:{'x' * 100_000}\r\n")),
    "two UIDs": lambda uid: reply(calendar(uid, more="END:VEVENT\r\nBEGIN:VEVENT\r\nUID:other\r\n")),
    "no number": lambda uid: reply(calendar(uid).replace("SEQUENCE:0", "SEQUENCE:x")),
}


@pytest.mark.parametrize("make", READ.values(), ids=READ.keys())
def test_what_looks_odd_is_read_in_no_time(visit: Booked, make: Callable[[str], bytes]) -> None:
    began = process_time()
    assert visit.get(make(visit.uid)) == "confirmed"
    assert process_time() - began < 2


def test_what_cannot_be_read_is_set_aside_and_the_visit_is_as_it_was(visit: Booked) -> None:
    for make in SET_ASIDE.values():
        began = process_time()
        assert visit.get(make(visit.uid)) == "set-aside"
        assert process_time() - began < 2
    assert (visit.tasks, visit.answers, visit.row.version) == (["mail-set-aside"], [], 1)
    assert visit.get(reply(calendar(visit.uid))) == "confirmed"


def test_a_fault_of_our_own_sets_the_mail_aside_and_says_nothing_of_it(
    visit: Booked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(*_: object) -> None:
        raise RecursionError

    raw = reply(calendar(visit.uid, more="COMMENT:sciatica\r\n"))
    with caplog.at_level(logging.DEBUG), monkeypatch.context() as patched:
        patched.setattr(receiving, "take_answer", stumble)
        assert visit.get(raw) == "set-aside"
    assert "sciatica" not in caplog.text
    assert "pat0@" not in caplog.text
    assert visit.tasks == ["mail-set-aside"]
    assert visit.get(raw) == "repeated"


def test_what_people_write_is_left_to_people(visit: Booked) -> None:
    assert visit.get(mail(part("text/plain", BODY))) == "other"
    assert visit.get(b"Subject: hello\r\n\r\nI shall be late.") == "other"
    assert visit.get(b"") == "other"
    assert visit.get(nested(3)) == "other"
    assert visit.tasks == []
