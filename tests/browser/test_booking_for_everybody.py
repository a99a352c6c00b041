"""The booking form without scripts, by keys alone, enlarged, in the dark, and as axe-core reads it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.axe import faults
from tests.browser.booking import FOLLOW_UP, NAME, NECK, Booking
from tests.browser.conftest import SIZES, opened
from tests.browser.screens import FOUR_TIMES, TOO_SMALL, TWICE_AS_LARGE, UNSEEN_FOCUS
from tests.browser.world import World, a_mail

pytestmark = pytest.mark.browser

Look = Callable[[str], None]


@contextmanager
def somebody(
    browser: Browser, world: World, language: str = "en", size: ViewportSize | None = None, **how: object
) -> Iterator[Booking]:
    locale = {"en": "en-US", "es": "es-MX"}[language]
    with opened(browser, size or SIZES["phone"], locale, **how) as page:
        yield Booking(page, world, language).open()


def walk(booking: Booking, look: Look) -> None:
    """Through every page of the form; `look` is called on each."""
    page, say = booking.page, booking.say
    look("who")
    booking.go_on()
    look("who, nothing chosen")
    booking.for_somebody_else()
    look("reason")
    booking.because(NECK)
    look("safety")
    booking.go_on()
    look("safety, nothing answered")
    booking.answer_safety(1)
    look("emergency")
    page.get_by_role("link", name=say["emergency"]["callback"]).click()
    look("call, urgent")
    page.go_back()
    page.get_by_role("link", name=say["emergency"]["mistake"]).click()
    booking.answer_safety(4)
    look("call")
    booking.box(say["about"]["name"]).fill(NAME)
    booking.box(say["about"]["phone"]).fill("409 555 0123")
    booking.press(say["call"]["ask"])
    look("called")
    page.get_by_role("link", name=say["call"]["times"], exact=True).click()
    look("how, in person alone")
    page.goto(page.url.replace("/how", "/safety"))
    booking.answer_safety(7)
    look("how")
    page.get_by_role("radio", name=re.compile(say["modes"]["telemedicine"])).check()
    booking.go_on()
    look("where")
    booking.box(say["where"]["label"]).select_option(value="abroad")
    booking.go_on()
    look("where, abroad")
    booking.box(say["where"]["label"]).select_option(label="Texas")
    booking.go_on()
    look("needs")
    booking.need_nothing()
    look("times")
    lost = booking.take()
    look("about, for somebody else")
    booking.go_on()
    look("about, empty")
    booking.write_who()
    booking.say_who_books("child", a_mail())
    booking.go_on()
    look("agree")
    booking.go_on()
    look("agree, what is needed is not ticked")
    booking.agree()
    look("check")
    booking.world.end_holds()
    booking.world.somebody_else_takes("follow-up", "telemedicine", lost.isoformat())
    booking.book()
    look("times, lost")
    page.locator(".offers button").first.click()
    booking.book()
    booking.expect_booked()
    look("done")
    booking.open("/11111111-1111-4111-8111-111111111111/times")
    look("no such form")


def test_without_scripts_a_visit_is_booked_just_so(browser: Browser, world: World) -> None:
    with somebody(browser, world, java_script_enabled=False) as booking:
        booking.to_about()
        booking.say_who(email="rosa@")
        expect(booking.problem).to_be_visible()
        expect(booking.problem.get_by_role("link")).to_have_attribute("href", "#email")
        booking.say_who()
        booking.agree()
        booking.book()
        expect(booking.heading("Your appointment is booked")).to_be_visible()
        assert world.invite_to(booking.mail)


def test_with_keys_alone_a_visit_is_booked_and_focus_is_always_seen(browser: Browser, world: World) -> None:
    with somebody(browser, world, size=SIZES["desktop"]) as booking:
        page = booking.page

        def tab_to(name: str) -> None:
            """Forward until something of that name has the focus."""
            for _ in range(60):
                page.keyboard.press("Tab")
                assert not page.evaluate(UNSEEN_FOCUS), page.evaluate("document.activeElement.outerHTML")
                focused = page.locator(":focus")
                label = focused.evaluate("(each) => each.labels?.[0]?.innerText ?? each.innerText")
                if label.startswith(name):
                    return
            raise AssertionError(f"no way to {name}")

        def choose(name: str, *moves: str) -> None:
            tab_to(name)
            for move in (*moves, "Space", "Enter"):
                page.keyboard.press(move)

        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        choose("Me")
        booking.see("reason")
        tab_to("New patient evaluation")
        while not page.get_by_role("radio", name=re.compile("^Follow-up")).is_checked():
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        booking.see("how")
        choose("In person")
        booking.see("needs")
        tab_to("Continue")
        page.keyboard.press("Enter")
        booking.see("times")
        tab_to("First free time")
        page.keyboard.press("Enter")
        booking.see("about")
        typed = {"Full name": NAME, "Month": "3", "Day": "27", "Year": "1954", "Email": booking.mail}
        for label, text in typed.items():
            tab_to(label)
            page.keyboard.type(text)
        page.keyboard.press("Enter")
        booking.see("agree")
        choose("Example text")
        booking.see("check")
        tab_to("Book this appointment")
        page.keyboard.press("Enter")
        booking.expect_booked()
        assert world.invite_to(booking.mail)


def test_somebody_who_wants_nothing_to_move_sees_nothing_move(browser: Browser, world: World) -> None:
    with somebody(browser, world) as booking:
        booking.page.emulate_media(reduced_motion="reduce")
        booking.for_me()
        booking.because(FOLLOW_UP)
        moving = "[...document.querySelectorAll('*')].filter((each) => each.getAnimations().length).length"
        assert booking.page.evaluate(moving) == 0
        styles = (
            "[...document.querySelectorAll('*')].map((each) => getComputedStyle(each).transitionDuration)"
        )
        assert set(booking.page.evaluate(styles)) == {"0s"}


ENLARGED = {"en": [], "es": [TWICE_AS_LARGE, FOUR_TIMES, SIZES["phone"]]}
"""Spanish has the longer words."""


@pytest.mark.timeout(300)  # 46 times axe, beside whatever else the machine does
@pytest.mark.parametrize(("language", "colours"), [("en", "light"), ("es", "dark")])
def test_no_page_has_a_fault_that_axe_can_find_and_every_page_fits(
    browser: Browser, world: World, language: str, colours: str
) -> None:
    found: dict[str, list[str]] = {}
    with somebody(browser, world, language) as booking:
        page = booking.page
        page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]

        def look(name: str) -> None:
            expect(page.locator("html")).to_have_attribute("lang", language)
            assert page.get_by_role("heading", level=1).count() == 1, name
            assert page.locator("a[href^='tel:']").count() > 0, f"{name}: no number to call"
            said = faults(page)
            for size in ENLARGED[language]:
                page.set_viewport_size(size)
                if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                    said.append(f"scrolls sideways at {size['width']}")
            found[name] = said + [f"too small: {each}" for each in page.evaluate(TOO_SMALL)]

        walk(booking, look)
        page.evaluate("document.querySelector('main').append(document.createElement('img'))")
        assert faults(page), "axe looks"
    assert {name: said for name, said in found.items() if said} == {}
    assert len(found) == 23
