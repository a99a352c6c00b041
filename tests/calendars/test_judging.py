"""What is said of all objects of a run, and that no run with a broken one passes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.calendars.feed import event, feed
from scheduler.calendars.invite import Method, as_file, invite
from scheduler.channels.mime import Mail, compose
from tests.calendars.cast import IN_PERSON, VIDEO
from tests.calendars.judging import FEED, FILE, Kept, judge
from tests.calendars.recording import keep_letters, keeper, kept
from tests.calendars.test_feed import FULL, GONE, PLAIN

ROOT = Path(__file__).parents[2]

GOOD = [
    Kept(invite(VIDEO), "REQUEST", "test_booking"),
    Kept(invite(IN_PERSON, Method.CANCEL), "CANCEL", "test_cancelling"),
    Kept(as_file(invite(VIDEO), Method.REQUEST), FILE, "test_file"),
    Kept(feed("Dr. Lee", map(event, (PLAIN, FULL, GONE))), FEED, "test_feed"),
    Kept(feed("Nobody", ()), FEED, "test_feed_without_visits"),
]

read_by_all = pytest.mark.usefixtures("ical_js", "libical")  # leaves the test out where one is missing
pytestmark = [pytest.mark.node, pytest.mark.libical]


@read_by_all
def test_good_objects_of_all_kinds_are_counted_and_nothing_is_said_of_them(tmp_path: Path) -> None:
    verdict = judge(GOOD, tmp_path)
    assert [*verdict.lines()] == []
    assert str(verdict) == (
        "calendar objects: 5 (CANCEL 1, REQUEST 1, feed 2, file 1)"
        " read by our lint, vobject, ical.js, libical: no fault, one instant"
    )


@read_by_all
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (b"STATUS:CONFIRMED", b"STATUS:COMPLETED", "libical: "),
        (b"CLASS:PRIVATE", b"CLASS:PUBLIC", "our lint: not opaque and private"),
        (b"DTSTART:", b"DTSTART;TZID=America/New_York:", "our lint: DTSTART is not in UTC"),
        (b"DTSTART:20261203T1930", b"DTSTART:20261203T193", "vobject: unreadable"),
        (b"END:VEVENT\r\n", b"", "ical.js: "),
    ],
)
def test_a_fault_is_said_with_who_found_it_and_the_test_that_made_it(
    tmp_path: Path, right: bytes, wrong: bytes, said: str
) -> None:
    broken = Kept(GOOD[0].content.replace(right, wrong, 1), "REQUEST", "test_moving")
    lines = [*judge([*GOOD, broken, broken], tmp_path).lines()]
    assert any(line.startswith(said) for line in lines), lines
    assert all(line.endswith(": 2 objects, the first of test_moving") for line in lines), lines


@read_by_all
def test_an_instant_that_others_read_otherwise_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.calendars.judging._instants", lambda content: [[0.0, 60.0]])
    lines = [*judge(GOOD[:1], tmp_path).lines()]
    assert lines == [
        f"{reader}: other instants than our lint reads: 1 objects, the first of test_booking"
        for reader in ("ical.js", "libical", "vobject")
    ]


def test_a_reader_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    verdict = judge(GOOD, tmp_path)
    assert verdict.left_out == {"ical.js": "node is not on PATH", "libical": "no C compiler on PATH"}
    assert "read by our lint, vobject: no fault" in str(verdict)


def test_what_mails_carry_is_kept_once_with_the_method_of_their_headers(tmp_path: Path) -> None:
    content = GOOD[1].content
    letter = Mail(
        message_id="<one@clinic.example>",
        date=VIDEO.made_at,
        sender=VIDEO.organizer,
        recipient="maria@patients.example",
        subject="Your appointment on Dec 3",
        text="It does not take place.",
        html="<p>It does not take place.</p>",
        calendar=content,
        calendar_method="CANCEL",
    )
    keep_letters(
        keeper(tmp_path), [compose(letter), compose(replace(letter, calendar=None)), compose(letter)]
    )
    ((found, kind, test),) = kept(tmp_path)
    assert (found, kind) == (content, "CANCEL")
    assert test.endswith("::test_what_mails_carry_is_kept_once_with_the_method_of_their_headers")


# ------------------------------------------------------------------------------------------------ whole runs

SUITE = """
from scheduler.calendars.feed import feed
from scheduler.calendars.invite import invite
from {taker} import invite as taken
from tests.calendars.cast import VIDEO

def test_a_letter(): assert taken(VIDEO)
def test_the_same_letter(): assert invite(VIDEO)
def test_a_feed(): assert feed("Dr. Lee", ())
"""
WRITER = "scheduler.calendars.invite"
TAKER = "scheduler.services.outbox.entries"
"""A module that takes the writer by name."""
PLANT = """
from scheduler.calendars import invite

invite._status = lambda facts, method: "COMPLETED"
"""


def run_of(
    folder: Path, plant: str = "", *how: str, taker: str = WRITER, **environment: str
) -> tuple[int, str]:
    """The exit status and what stands at the end of a run of a small suite of its own.

    `taker` is the module that its tests have the writer from; `plant` is there before anything is recorded.
    """
    (folder / "conftest.py").write_text(plant, encoding="utf-8")
    (folder / "test_letters.py").write_text(SUITE.format(taker=taker), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    plugin = ["-p", "xdist.plugin", "-p", "tests.calendars.recording", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, *how, str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment},
    )
    return run.returncode, run.stdout


def test_a_run_says_how_many_objects_it_made_and_each_counts_once(tmp_path: Path) -> None:
    status, said = run_of(tmp_path, f"import {TAKER}", "-n", "1", taker=TAKER)
    assert status == 0, said
    assert "calendar objects: 2 (REQUEST 1, feed 1)" in said


def test_a_fault_planted_in_the_writer_fails_the_run_although_all_tests_pass(tmp_path: Path) -> None:
    status, said = run_of(tmp_path, PLANT, "-n", "0")
    assert status == 1
    assert "3 passed" in said
    assert "CALENDAR FAULT our lint: another STATUS than the METHOD's: 1 objects, the first of " in said
    assert "test_letters.py::test_a_letter" in said


SILENT = """
import tests.calendars.recording as recording

recording.SURE = "test_letters.py"
recording.record = lambda keep: None
"""


def test_a_run_that_kept_nothing_of_what_it_made_fails(tmp_path: Path) -> None:
    status, said = run_of(tmp_path, SILENT, "-n", "0", "--rootdir", str(tmp_path))
    assert status == 1, said
    assert "CALENDAR FAULT nothing was kept, and tests of invites have passed" in said


@pytest.mark.parametrize("strict", [True, False])
def test_a_missing_reader_fails_a_run_in_which_nothing_may_be_left_out(tmp_path: Path, strict: bool) -> None:
    environment = {"PATH": str(tmp_path), **({"VISITS_TESTS_NOTHING_LEFT_OUT": "1"} if strict else {})}
    status, said = run_of(tmp_path, "", "-n", "0", **environment)
    assert status == int(strict)
    assert "libical was LEFT OUT over all calendar objects: no C compiler on PATH" in said
