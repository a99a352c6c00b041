"""A patient's own visit in a real browser: from the link in the mail to the mail that tells the change."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import SIZES, opened
from tests.browser.screens import FOUR_TIMES, TOO_SMALL, TWICE_AS_LARGE, UNSEEN_FOCUS
from tests.browser.world import MAIL_SECONDS, World, a_mail, eventually

pytestmark = pytest.mark.browser

VIDEO, IN_PERSON = "telemedicine", "in_person"
LOCALES = {"en": "en-US", "es": "es-MX"}
BORN = {"Month": "3", "Day": "27", "Year": "1954"}
LATE = 60
"""Of the free times, counted from the first: one that is days away."""


class Patient:
    """Somebody who got a mail, and the browser in which they open its link."""

    def __init__(self, page: Page, world: World) -> None:
        self.page, self.world, self.mail = page, world, a_mail()

    def booked(self, mode: str = VIDEO, number: int = LATE, **more: object) -> "Patient":
        self.world.book("follow-up", mode, self.world.slots("follow-up", mode)[number], self.mail, **more)
        self.world.invite_to(self.mail)
        self.page.goto(self.world.link_to(self.mail))
        return self

    @property
    def title(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def told(self) -> Locator:
        return self.page.get_by_role("status")

    def pick(self, answer: str, button: str = "Continue") -> None:
        self.page.get_by_role("radio", name=answer).check()
        self.press(button)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()

    def take(self, number: int) -> datetime:
        """One of the free times of the day that is open; when it begins."""
        button = self.page.locator("details[open] button[name=slot]").nth(number)
        value = button.get_attribute("value")
        assert value
        button.click()
        return datetime.fromisoformat(value.partition("|")[0])

    def letters(self, count: int) -> None:
        """Wait until so many have come, with and without a calendar entry."""
        assert eventually(lambda: len(self.world.letters_to(self.mail)) == count, MAIL_SECONDS), count

    def mails(self, count: int) -> None:
        assert eventually(lambda: len(self.world.invites_to(self.mail)) == count, MAIL_SECONDS), count


@pytest.fixture(params=[*SIZES, "phone without scripts"])
def patient(request: pytest.FixtureRequest, browser: Browser, world: World) -> Iterator[Patient]:
    """With a phone, at a desk, and where scripts are off; what the pages' policy keeps out fails the test."""
    size, scripts = SIZES[request.param.split()[0]], "without" not in request.param
    with opened(browser, size, "en-US", java_script_enabled=scripts) as page:
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
        yield Patient(page, world)
    assert not [each for each in refused if "Failed to load resource" not in each]


on_a_phone = pytest.mark.parametrize("patient", ["phone"], indirect=True)
"""Where a wider screen would show nothing else."""


def test_a_visit_is_confirmed_moved_and_cancelled_from_the_link_in_the_mail(
    patient: Patient, world: World
) -> None:
    patient.booked()
    expect(patient.page).to_have_url(re.compile(r"/my/[0-9a-f-]{36}$"))
    expect(patient.title).to_have_text("Your appointment")
    patient.pick("Yes, I will")
    expect(patient.told).to_contain_text("This appointment is confirmed.")

    patient.follow("Change the time")
    start = patient.take(2)
    expect(patient.title).to_have_text("Is this right?")
    patient.pick("Yes, change it")
    expect(patient.told).to_contain_text("Your appointment has a new time.")
    patient.mails(2)
    first, moved = sorted(world.invites_to(patient.mail), key=lambda each: each.sequence)
    assert (moved.uid, moved.start, moved.sequence > first.sequence) == (first.uid, start, True)

    patient.follow("Cancel the appointment")
    patient.pick("I do not need it any more", "Cancel my appointment")
    expect(patient.title).to_have_text("This appointment is cancelled")
    patient.mails(3)
    patient.page.goto(world.link_to(patient.mail))
    expect(patient.title).to_have_text("This appointment is cancelled")


def test_a_video_visit_becomes_one_in_person_and_back(patient: Patient, world: World) -> None:
    patient.booked()
    patient.follow("Come in person instead")
    patient.page.get_by_role("button", name=re.compile("^Keep the same time|^First free time")).click()
    expect(patient.page.get_by_text("Exampleville, TX 00000")).to_be_visible()
    patient.pick("Yes, change it")
    expect(patient.told).to_contain_text("Your appointment is changed.")
    patient.follow("Make it a video visit")
    patient.page.get_by_label("State", exact=True).select_option(label="Texas")
    patient.press("Continue")
    patient.take(1)
    patient.pick("Yes, change it")
    expect(patient.page.get_by_text("By video")).to_be_visible()
    patient.mails(3)


@on_a_phone
def test_where_one_will_be_and_how_one_is_reached_are_told_there(patient: Patient, world: World) -> None:
    patient.booked()
    patient.follow("Say where you will be")
    patient.page.get_by_label("Where you will be", exact=True).fill("1 Example Street, Exampleville")
    patient.page.get_by_label("Phone number during the visit").fill("409 555 0123")
    patient.press("Save")
    expect(patient.told).to_contain_text("We know where you will be.")

    patient.follow("Change how we reach you")
    old, patient.mail = patient.mail, a_mail()
    patient.page.get_by_label("Email address").fill(patient.mail)
    for part, value in BORN.items():
        patient.page.get_by_label(part, exact=True).fill(value)
    patient.press("Save")
    expect(patient.told).to_contain_text("We reach you as you wish from now on.")
    world.invite_to(patient.mail)
    patient.page.goto(world.link_to(old))
    expect(patient.title).to_have_text("We cannot find this appointment")
    patient.page.goto(world.link_to(patient.mail))
    expect(patient.title).to_have_text("Your appointment")


@on_a_phone
def test_a_lost_link_comes_again_by_mail(patient: Patient, world: World) -> None:
    patient.booked()
    patient.page.goto(f"{world.api}/v/lost-and-gone")
    patient.follow("Send me my link again")
    for part, value in BORN.items():
        patient.page.get_by_label(part, exact=True).fill(value)
    patient.page.get_by_label("Email address").fill(patient.mail)
    patient.press("Send me the link")
    expect(patient.title).to_have_text("Please look at your email")
    patient.letters(2)
    assert all("/v/" in letter for letter in world.letters_to(patient.mail))


@on_a_phone
def test_a_time_that_is_taken_meanwhile_costs_nothing(patient: Patient, world: World) -> None:
    patient.booked(number=LATE + 20)
    patient.follow("Change the time")
    start = patient.take(5)
    world.somebody_else_takes("follow-up", VIDEO, start.isoformat())
    patient.pick("Yes, change it")
    expect(patient.page.get_by_role("alert")).to_be_focused()
    expect(patient.page.get_by_role("alert")).to_contain_text("This time is no longer free")
    patient.page.locator(".offers button").first.click()
    patient.pick("Yes, change it")
    expect(patient.told).to_contain_text("Your appointment has a new time.")


@on_a_phone
def test_keys_alone_are_enough_and_the_focus_is_always_seen(patient: Patient) -> None:
    patient.booked()
    keys = patient.page.keyboard
    for _ in range(20):
        keys.press("Tab")
        assert not patient.page.evaluate(UNSEEN_FOCUS)
        if patient.page.evaluate("document.activeElement.name === 'coming'"):
            break
    keys.press("Space")
    expect(patient.page.get_by_role("radio", name="Yes, I will")).to_be_checked()
    keys.press("Enter")
    expect(patient.told).to_be_focused()


@on_a_phone
def test_back_and_a_reload_ask_nothing_twice(patient: Patient, world: World) -> None:
    patient.booked()
    patient.follow("Change the time")
    patient.take(3)
    patient.pick("Yes, change it")
    expect(patient.told).to_be_visible()
    patient.page.reload()
    expect(patient.title).to_have_text("Your appointment")
    patient.mails(2)
    patient.page.go_back()
    expect(patient.title).to_have_text("Your appointment")
    patient.mails(2)


# --------------------------------------------------------------------------------------------- every page

Look = Callable[[str], None]


def walk(patient: Patient, look: Look) -> None:
    """Through every page of a visit, with and without errors."""
    page = patient.page
    visit = page.url.partition("?")[0]

    def press_on() -> None:
        page.locator("main form[method=post] button[type=submit]").first.click()

    look("the visit")
    press_on()
    look("the visit, nothing chosen")
    for name in ("where", "contact", "cancel"):
        page.goto(f"{visit}/{name}")
        look(name)
        press_on()
        look(f"{name}, empty")
    page.goto(f"{visit}/convert")
    look("times in person")
    page.locator("button[name=slot]").first.click()
    look("check")
    press_on()
    look("check, nothing chosen")
    page.locator("input[name=sure]").first.check()
    press_on()
    look("changed")
    page.goto(f"{visit}/convert")
    look("state")
    page.goto(f"{visit}/move")
    look("times")
    page.goto(f"{visit}/agree")
    look("agree, or nothing to agree to")
    page.goto(f"{visit}/cancel")
    page.locator("input[name=reason]").first.check()
    press_on()
    look("cancelled")
    page.goto(f"{visit}/move")
    look("refused")
    page.goto(f"{patient.world.api}/find-appointment")
    look("find")
    press_on()
    look("find, empty")
    page.goto(f"{patient.world.api}/v/nothing")
    look("no such visit")


@pytest.mark.parametrize(
    ("language", "colours", "size"), [("en", "light", "desktop"), ("es", "dark", "phone")]
)
def test_no_page_has_a_fault_that_axe_can_find_and_every_page_fits(
    browser: Browser, world: World, language: str, colours: str, size: str
) -> None:
    found: dict[str, list[str]] = {}
    with opened(browser, SIZES[size], LOCALES[language], color_scheme=colours) as page:
        patient = Patient(page, world).booked(
            number=LATE + 40, language=language, timezone="America/New_York"
        )

        def look(name: str) -> None:
            expect(page.locator("html")).to_have_attribute("lang", language)
            assert page.get_by_role("heading", level=1).count() == 1, name
            assert page.locator("a[href^='tel:']").count() > 0, f"{name}: no number to call"
            said = faults(page)
            for each in (TWICE_AS_LARGE, FOUR_TIMES, SIZES[size]):
                page.set_viewport_size(each)
                if page.evaluate("document.documentElement.scrollWidth") > each["width"]:
                    said.append(f"scrolls sideways at {each['width']}")
            found[name] = said + [f"too small: {each}" for each in page.evaluate(TOO_SMALL)]

        walk(patient, look)
    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == 20


def press_on(page: Page) -> None:
    page.locator("main form[method=post] button[type=submit]").first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize("language", LOCALES)
def test_the_pages_beside_those_of_the_visit_have_no_fault_either(
    browser: Browser, world: World, language: str
) -> None:
    with opened(browser, SIZES["phone"], LOCALES[language]) as page:
        patient = Patient(page, world).booked(number=LATE + 60, language=language)
        page.goto(world.link_to(patient.mail, "not-you"))
        found = {"not you": faults(page)}
        press_on(page)
        found["not you, said"] = faults(page)
        for path in ("problems/slot-taken", "nothing-here"):
            page.goto(f"{world.api}/{path}")
            found[path] = faults(page)
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize(
    ("language", "choice", "said"),
    [
        ("en", "No, no more reminders", "We send no reminders"),
        ("es", "No, no más recordatorios", "No enviamos recordatorios"),
    ],
)
def test_reminders_are_refused_behind_their_link_on_a_page_without_a_fault(
    browser: Browser, world: World, language: str, choice: str, said: str
) -> None:
    with opened(browser, SIZES["phone"], LOCALES[language]) as page:
        patient = Patient(page, world).booked(number=LATE + 80, language=language)
        world.remind()
        patient.letters(2)
        page.goto(world.link_to(patient.mail, "unsubscribe"))
        found = {"asked": faults(page) + page.evaluate(TOO_SMALL)}
        press_on(page)
        expect(page.get_by_role("alert")).to_be_focused()
        found["nothing chosen"] = faults(page) + page.evaluate(TOO_SMALL)
        page.get_by_role("radio", name=choice).check()
        press_on(page)
        expect(page.locator("main")).to_contain_text(said)
        found["refused"] = faults(page)
    assert found == {"asked": [], "nothing chosen": [], "refused": []}
