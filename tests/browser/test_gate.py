"""The gate of a visit by video in a real browser, from our page into a vendor's of another origin."""

import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from scheduler.app import create_app
from scheduler.bootstrap import Runtime
from scheduler.domain.visits import Act
from scheduler.video.jitsi import Jitsi
from scheduler.web.texts import words
from tests.api.test_consents import TELEHEALTH
from tests.browser.axe import faults
from tests.browser.conftest import PATIENCE, SIZES
from tests.browser.form import TOO_SMALL
from tests.gatehouse import SECRET, START, GateHouse, gatehouse
from tests.pages.staff.desk import COOKIE, signed_in
from tests.web import Asked, Reply, ScriptedWeb, certified

pytestmark = pytest.mark.browser


def meeting(asked: Asked) -> Reply:
    """As vendors do, it leads on to another name of its own before there is anything to see."""
    if asked.headers["Host"].startswith("127.0.0.1"):
        port = asked.headers["Host"].rpartition(":")[2]
        return Reply(302, headers={"Location": f"https://localhost:{port}{asked.path}"})
    return Reply(200, b"<h1>In the room</h1>", {"Content-Type": "text/html"})


@dataclass
class Gate:
    """Somebody before the gate."""

    page: Page
    house: GateHouse
    visit: UUID
    vendor: ScriptedWeb
    api: str
    language: str = "en"

    def open(self) -> None:
        self.page.goto(self.api + self.house.link(self.visit))

    @property
    def say(self) -> Any:
        return words(self.language)["join"]

    def answer(self, state: str = "Texas", place: str = "building") -> None:
        self.page.get_by_label(self.say["state"]).select_option(label=state)
        self.page.get_by_label(self.say[place]).check()
        self.page.get_by_label(self.say["address"]).fill("1 Example Street, Exampleville")
        self.page.get_by_label(self.say["phone"], exact=True).fill("409 555 0123")
        consent = self.page.locator("input[name=agree]")
        if consent.count():
            consent.check()

    def go_in(self) -> None:
        self.page.get_by_role("button", name=self.say["enter"]).click()

    def expect_inside(self) -> None:
        expect(self.page.get_by_role("heading", name="In the room")).to_be_visible()
        assert self.page.url.startswith("https://localhost:")
        told = {asked.headers.get("Referer", "") for asked in self.vendor.asked}
        assert not [each for each in told if self.api in each], "the vendor hears nothing of our link"

    def expect_sound(self) -> None:
        """Axe, nothing to scroll sideways, nothing too small for a finger, and the emergency in sight."""
        assert faults(self.page) == []
        size = self.page.viewport_size
        assert size and self.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert self.page.evaluate(TOO_SMALL) == []
        expect(self.page.locator("p.emergency")).to_be_visible()


@contextmanager
def serving(house: GateHouse) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(house.run), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@contextmanager
def before(
    browser: Browser, run: Runtime, folder: Path, size: str = "phone", language: str = "en"
) -> Iterator[Gate]:
    """Five minutes before the start, for somebody who agreed to nothing yet; scripts are off on the phone."""
    with ScriptedWeb(meeting, certified(folder)) as vendor:
        house = gatehouse(run, Jitsi(f"https://127.0.0.1:{vendor.port}", "visits", SECRET, "jitsi"))
        visit = house.booked(language=language)
        house.in_force({"[holidays]": TELEHEALTH.format(version="1")})
        house.clock(START)
        context = browser.new_context(
            viewport=SIZES[size], ignore_https_errors=True, java_script_enabled=True, locale="en-US"
        )
        with serving(house) as api, closing(context):
            context.set_default_timeout(PATIENCE)
            yield Gate(context.new_page(), house, visit, vendor, api, language)


@pytest.mark.parametrize(("size", "language"), [("phone", "en"), ("phone", "es"), ("desktop", "en")])
def test_a_patient_answers_and_is_in_the_room(
    browser: Browser, run: Runtime, tmp_path: Path, size: str, language: str
) -> None:
    with before(browser, run, tmp_path, size, language) as gate:
        gate.open()
        expect(gate.page.get_by_role("heading", name=gate.say["title"])).to_be_visible()
        gate.expect_sound()
        gate.go_in()
        expect(gate.page.get_by_role("alert")).to_be_focused()
        expect(gate.page.get_by_role("alert").get_by_role("link")).to_have_count(5)
        gate.expect_sound()
        gate.answer()
        gate.go_in()
        gate.expect_inside()
        assert gate.house.status(gate.visit) == "arrived"
        gate.open()
        gate.expect_sound()
        gate.page.get_by_role("button", name=gate.say["enter_again"]).click()
        gate.expect_inside()


def test_slips_are_mended_and_drivers_park(browser: Browser, run: Runtime, tmp_path: Path) -> None:
    with before(browser, run, tmp_path) as gate:
        gate.open()
        gate.answer("Louisiana")
        gate.go_in()
        expect(gate.page.get_by_role("heading", name="We cannot see you by video there")).to_be_focused()
        expect(gate.page.get_by_label(gate.say["address"])).to_have_value("1 Example Street, Exampleville")
        gate.expect_sound()
        gate.answer("Texas", "driving")
        gate.go_in()
        expect(gate.page.get_by_role("heading", name="Please park first")).to_be_visible()
        gate.expect_sound()
        gate.page.get_by_role("link", name="I have parked now").click()
        gate.answer("Texas", "car")
        gate.go_in()
        gate.expect_inside()


def test_pages_of_a_closed_gate_are_sound(browser: Browser, run: Runtime, tmp_path: Path) -> None:
    with before(browser, run, tmp_path) as gate:
        gate.house.run.db.offset -= START - START.replace(hour=8)
        gate.open()
        expect(gate.page.get_by_role("heading", name="You are early")).to_be_visible()
        gate.expect_sound()
        gate.house.does(gate.visit, Act.CANCEL)
        gate.page.get_by_role("link", name="Look again").click()
        expect(gate.page.get_by_role("heading", name="This appointment was cancelled")).to_be_visible()
        gate.expect_sound()


def test_it_works_without_scripts(browser: Browser, run: Runtime, tmp_path: Path) -> None:
    with before(browser, run, tmp_path) as gate:
        context = browser.new_context(ignore_https_errors=True, java_script_enabled=False, locale="en-US")
        with closing(context):
            gate.page = context.new_page()
            gate.open()
            gate.answer()
            gate.go_in()
            gate.expect_inside()


def test_staff_go_in_from_their_page_in_a_window_of_its_own(
    browser: Browser, run: Runtime, tmp_path: Path
) -> None:
    with before(browser, run, tmp_path, "desktop") as gate:
        token = signed_in(gate.house.run, "pat", frozenset({"visits", "intake"}))  # type: ignore[arg-type]
        # The cookie is for https alone; this server has none.
        gate.page.set_extra_http_headers({"Cookie": f"{COOKIE}={token}"})
        gate.page.goto(f"{gate.api}/staff/visits/{gate.visit}/video")
        assert faults(gate.page) == []
        button = gate.page.get_by_role("button", name=re.compile("as host"))
        gate.page.evaluate("document.querySelector('main form').removeAttribute('target')")
        button.click()
        gate.expect_inside()
