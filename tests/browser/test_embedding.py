"""The form on the clinic's website: two sites with names of their own, and no cookie between them."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.booking import FOLLOW_UP, Booking
from tests.browser.conftest import SIZES, opened
from tests.browser.form import Form
from tests.browser.world import World, eventually

pytestmark = pytest.mark.browser

LISTEN = """
window.told = [];
window.events = [];
addEventListener("message", (event) => window.told.push(event.data));
addEventListener("visit-booked", (event) => window.events.push(event.detail));
"""

PATIENCE = 4_000  # milliseconds that the form has to report


@pytest.fixture(scope="module")
def elsewhere(world: World) -> World:
    """The service under a name that is another site than the clinic's: 127.0.0.1 beside localhost."""
    return replace(world, api=world.api.replace("localhost", "127.0.0.1"))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened(browser, SIZES["phone"], "en-US") as page:
        yield page


def embedded(page: Page, world: World, host: str = "localhost") -> Booking:
    """The clinic's page with the form in it."""
    page.add_init_script(LISTEN)
    page.goto(world.embedding(host))
    return Booking(page, world, frame=page.frame_locator("iframe.visits-frame"))


def form_of(page: Page) -> Frame:
    return next(each for each in page.frames if each.parent_frame)


INSIDE = "innerHeight - Math.ceil(document.documentElement.getBoundingClientRect().height)"


def expect_to_fit(page: Page) -> None:
    """The frame becomes as high as what is in it: nothing scrolls inside, and nothing is left empty."""
    assert eventually(lambda: abs(form_of(page).evaluate(INSIDE)) <= 1, 5), form_of(page).evaluate(INSIDE)


def test_a_visit_is_booked_in_a_frame_of_another_site_without_any_cookie(
    page: Page, elsewhere: World
) -> None:
    booking = embedded(page, elsewhere)
    booking.see("who")
    assert form_of(page).evaluate("document.hasStorageAccess()") is False, (
        "cookies of other sites are blocked"
    )
    start = booking.to_check()
    booking.book()
    expect(booking.heading("Your appointment is booked")).to_be_visible()
    assert elsewhere.invite_to(booking.mail).start == start
    assert page.context.cookies() == []


def test_the_frame_is_as_high_as_each_page_in_it(page: Page, elsewhere: World) -> None:
    booking = embedded(page, elsewhere)
    booking.for_me()
    booking.see("reason")
    expect_to_fit(page)
    booking.because(FOLLOW_UP)
    booking.come()
    expect_to_fit(page)
    booking.here.locator("summary").nth(1).click()
    expect_to_fit(page)
    page.set_viewport_size(SIZES["desktop"])
    expect_to_fit(page)


def test_the_website_hears_that_a_visit_was_booked_and_nothing_about_anybody(
    page: Page, elsewhere: World
) -> None:
    booking = embedded(page, elsewhere)
    booking.to_check()
    assert page.evaluate("window.events") == []
    booking.book()
    expect(booking.heading("Your appointment is booked")).to_be_visible()
    expect(page.get_by_text("Thank you. We look forward to seeing you.")).to_be_visible()
    assert page.evaluate("window.events") == [{}]
    told: list[dict[str, Any]] = page.evaluate("window.told")
    assert {name for each in told for name in each} == {"from", "height", "page", "booked"}
    said = json.dumps(told)
    assert not any(each in said for each in ("Rosa", booking.mail, booking.reference, "/book/"))


def test_links_of_the_form_open_the_whole_window(page: Page, elsewhere: World) -> None:
    booking = embedded(page, elsewhere)
    booking.to_check()
    booking.book()
    expect(booking.heading("Your appointment is booked")).to_be_visible()
    for name in (re.compile("Change or cancel"), re.compile("555")):
        links = booking.here.get_by_role("link", name=name)
        assert {each.get_attribute("target") for each in links.all()} == {"_top"}


@pytest.mark.parametrize("why", ["the service is away", "the website is not one of the clinic's"])
def test_where_the_frame_does_not_report_there_is_a_plain_link_that_books(
    page: Page, elsewhere: World, world: World, why: str
) -> None:
    page.clock.install()
    if why == "the service is away":
        page.route("**/book?*site=*", lambda route: route.abort())
        embedded(page, elsewhere)
    else:
        embedded(page, world, host="127.0.0.1")
    link = page.get_by_role("link", name="Book an appointment")
    expect(page.locator("iframe")).to_be_attached()
    expect(link).to_have_count(0)
    page.clock.fast_forward(PATIENCE)
    expect(page.locator("iframe")).to_have_count(0)
    link.click()
    Booking(page, world).see("who")


def test_a_form_that_reported_stays_though_its_patient_takes_long(page: Page, elsewhere: World) -> None:
    page.clock.install()
    booking = embedded(page, elsewhere)
    booking.see("who")
    page.clock.fast_forward(10 * PATIENCE)
    booking.for_me()


def test_without_scripts_there_is_a_plain_link_that_books(browser: Browser, world: World) -> None:
    with opened(browser, SIZES["phone"], "en-US", java_script_enabled=False) as page:
        page.goto(world.embedding())
        page.get_by_role("link", name="Book an appointment").click()
        Booking(page, world).see("who")


def test_another_window_cannot_speak_for_the_form(page: Page, elsewhere: World) -> None:
    embedded(page, elsewhere).see("who")
    before = page.locator("iframe").get_attribute("height")
    page.evaluate("postMessage({from: 'visits', height: 19999, booked: true}, '*')")
    page.evaluate("new Promise((done) => setTimeout(done, 50))")
    assert page.locator("iframe").get_attribute("height") == before
    assert page.evaluate("window.events") == []


def test_a_form_of_ones_own_books_from_another_site(page: Page, elsewhere: World) -> None:
    slot = elsewhere.slots("follow-up", "telemedicine")[9]
    form = Form(page, elsewhere, SIZES["phone"]["width"]).open()
    form.ask("Follow-up", "By video")
    form.choose(slot)
    form.fill()
    form.book.click()
    form.expect_booked(slot)
    assert elsewhere.invite_to(form.mail)
    assert page.context.cookies() == []
