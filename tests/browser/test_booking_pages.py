"""The booking form page by page in a real browser, from the first question to the invite in the mailbox."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.booking import CHILD, FOLLOW_UP, NAME, NECK, Booking
from tests.browser.conftest import SIZES, opened
from tests.browser.world import World, a_mail

pytestmark = pytest.mark.browser

PHONE = re.compile(r"409\D+555\D0100")  # the example clinic's


@pytest.fixture(params=SIZES)
def booking(request: pytest.FixtureRequest, browser: Browser, world: World) -> Iterator[Booking]:
    """Somebody with a phone, or at a desk; whatever the policy of the pages keeps out fails the test."""
    with opened(browser, SIZES[request.param], "en-US") as page:
        refused: list[str] = []
        page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
        yield Booking(page, world).open()
    assert not [each for each in refused if "Failed to load resource" not in each]


on_a_phone = pytest.mark.parametrize("booking", ["phone"], indirect=True)
"""Where a wider screen would show nothing else."""


# ---------------------------------------------------------------------------------------------------- stories


def test_a_visit_in_person_is_booked_and_the_invite_says_when(booking: Booking, world: World) -> None:
    start = booking.to_check()
    for said in (NAME, booking.mail, "March 27, 1954"):
        expect(booking.page.get_by_text(said)).to_be_visible()
    booking.book()
    booking.expect_booked()
    expect(booking.page.get_by_text("Exampleville, TX 00000")).to_be_visible()
    change = booking.page.get_by_role("link", name="Change or cancel")
    expect(change).to_have_attribute("target", "_top")
    assert world.invite_to(booking.mail).start == start
    letter = world.letter_to(booking.mail)
    assert (change.get_attribute("href") or "nowhere") in letter and "Exampleville, TX 00000" in letter


def test_a_video_visit_asks_where_and_is_read_by_the_patients_own_clock(
    booking: Booking, world: World
) -> None:
    booking.for_me()
    booking.because(FOLLOW_UP)
    booking.by_video("Texas")
    booking.box("Show times in").select_option(label="Eastern time")
    booking.press("Show these times")
    expect(booking.page.get_by_text("All times are in Eastern time.")).to_be_visible()
    start = booking.take()
    booking.say_who()
    booking.agree()
    booking.book()
    booking.expect_booked()
    expect(booking.page.get_by_text(re.compile(r"at the clinic \((Central|Mountain) time\)"))).to_be_visible()
    expect(booking.page.get_by_text("By video")).to_be_visible()
    assert world.invite_to(booking.mail).start == start


@on_a_phone
def test_a_parent_books_for_a_child_and_all_messages_go_to_the_parent(booking: Booking, world: World) -> None:
    parent = a_mail()
    booking.for_somebody_else()
    booking.because(FOLLOW_UP)
    booking.come()
    start = booking.take()
    booking.write_who(name="Kim Example", **CHILD)
    booking.say_who_books("parent", parent)
    booking.go_on()
    booking.agree()
    booking.book()
    booking.expect_booked()
    assert world.invite_to(parent).start == start
    assert world.invites_to(booking.mail) == []


@on_a_phone
def test_a_minor_who_books_alone_is_told_what_to_do(booking: Booking) -> None:
    booking.to_about()
    booking.say_who(**CHILD)
    expect(booking.problem).to_be_focused()
    expect(booking.problem).to_contain_text("needs a parent or guardian to book")
    expect(booking.box("Full name")).to_have_value(NAME)


def test_an_emergency_is_said_at_once_and_no_time_can_be_had(booking: Booking, world: World) -> None:
    before = world.visits()
    booking.for_me()
    booking.because(NECK)
    booking.answer_safety(3)
    expect(booking.heading("Get help now")).to_be_focused()
    call = booking.page.get_by_role("link", name="Call 911")
    expect(call).to_have_attribute("href", "tel:911")
    expect(call).to_be_in_viewport()
    booking.page.goto(booking.page.url.replace("/emergency", "/times"))
    booking.see("safety")
    assert booking.page.get_by_role("radio", checked=True).count() == 0
    assert world.visits() == before


@on_a_phone
def test_who_must_talk_with_the_clinic_first_leaves_a_number_and_then_comes_in_person(
    booking: Booking, world: World
) -> None:
    booking.for_me()
    booking.because(NECK)
    booking.answer_safety(6)
    booking.see("call")
    booking.box("Full name").fill(NAME)
    booking.box("Phone number").fill("409 555 0123")
    booking.press("Ask for a call")
    expect(booking.heading("We have your number")).to_be_focused()
    booking.page.get_by_role("link", name="Choose a time", exact=True).click()
    expect(booking.page.get_by_text("only a visit in person is possible")).to_be_visible()
    expect(booking.page.get_by_role("radio", name="By video")).to_have_count(0)
    booking.come()
    start = booking.take()
    booking.say_who()
    booking.agree()
    booking.book()
    booking.expect_booked()
    assert world.invite_to(booking.mail).start == start


# ------------------------------------------------------------------------------------------ what may go wrong


def test_a_time_that_is_lost_costs_nothing_typed_and_the_nearest_ones_are_offered(
    booking: Booking, world: World
) -> None:
    lost = booking.to_check(1)
    world.end_holds()
    world.somebody_else_takes("follow-up", "in_person", lost.isoformat())
    booking.book()
    told = booking.page.get_by_role("alert").filter(has_text="This time is no longer free")
    expect(told).to_be_focused()
    offered = booking.page.locator(".offers button")
    nearest = datetime.fromisoformat((offered.first.get_attribute("value") or "").partition("|")[0])
    assert abs(nearest - lost).days == 0 and nearest != lost
    offered.first.click()
    for said in (NAME, booking.mail, "March 27, 1954"):
        expect(booking.page.get_by_text(said)).to_be_visible()
    booking.book()
    booking.expect_booked()
    assert world.invite_to(booking.mail).start == nearest


@on_a_phone
def test_the_end_of_the_held_time_is_told_politely_and_more_is_given_once(
    booking: Booking, world: World
) -> None:
    page = booking.page
    page.clock.install()
    booking.to_about()
    more = page.get_by_role("button", name="I need more time")
    expect(page.get_by_text(re.compile("We keep this time for you until"))).to_be_visible()
    expect(more).to_be_hidden()
    booking.write_who(email="rosa@")
    page.clock.fast_forward(8 * 60 * 1000 + 30_000)
    expect(more).to_be_visible()
    more.click()
    expect(booking.box("Email address")).to_have_value("rosa@")
    expect(more).to_have_count(0)
    page.clock.fast_forward(11 * 60 * 1000)
    expect(page.get_by_text("We no longer keep this time for you")).to_be_visible()


@on_a_phone
def test_mistakes_are_listed_on_top_each_with_the_way_to_its_field(booking: Booking) -> None:
    page = booking.page
    booking.to_about()
    booking.say_who(email="rosa@", month="13", name="")
    expect(booking.problem).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: About you"))
    booking.problem.get_by_role("link", name="Write the full name.").click()
    expect(booking.box("Full name")).to_be_focused()
    booking.problem.get_by_role("link", name=re.compile("real date of birth")).click()
    expect(booking.box("Month")).to_be_focused()
    expect(booking.box("Email address")).to_have_value("rosa@")
    expect(booking.box("Email address")).to_have_accessible_description(re.compile("name@example.com"))
    page.reload()
    expect(booking.box("Email address")).to_have_value("rosa@")


@on_a_phone
def test_a_slip_in_the_address_is_asked_about_and_not_refused(booking: Booking) -> None:
    booking.to_about()
    booking.say_who(email="rosa.example@gmial.com")
    expect(booking.page.get_by_text("Did you mean rosa.example@gmail.com?")).to_be_visible()
    booking.page.get_by_role("checkbox", name=re.compile("is right$")).check()
    booking.go_on()
    booking.see("agree")


@on_a_phone
def test_back_shows_every_answer_again_and_leads_on_to_where_one_was(booking: Booking) -> None:
    booking.to_check()
    page = booking.page
    for question in ("agree", "about", "times", "needs", "how", "reason"):
        page.go_back()
        booking.see(question)
    expect(page.get_by_role("radio", name=re.compile("^Follow-up"))).to_be_checked()
    booking.go_on()
    booking.see("check")
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("checkbox").first).to_be_checked()
    page.get_by_role("link", name="Back").click()
    expect(booking.box("Full name")).to_have_value(NAME)


@on_a_phone
def test_reload_is_harmless_on_every_page_and_books_nothing_twice(booking: Booking, world: World) -> None:
    before = world.visits()
    booking.to_check()
    booking.page.reload()
    booking.book()
    booking.expect_booked()
    reference = booking.reference
    booking.page.reload()
    booking.expect_booked()
    booking.page.go_back()
    booking.page.reload()
    booking.expect_booked()
    assert booking.reference == reference
    assert world.visits() == before + 1


@on_a_phone
def test_a_double_click_books_once(booking: Booking, world: World) -> None:
    before = world.visits()
    booking.to_check()
    booking.page.get_by_role("button", name="Book this appointment").dblclick()
    booking.expect_booked()
    assert world.visits() == before + 1
    assert world.invite_to(booking.mail)


@on_a_phone
def test_the_language_can_be_changed_on_the_way_and_the_mails_follow_the_wish(
    booking: Booking, world: World
) -> None:
    booking.to_about()
    booking.page.get_by_role("link", name="Español").click()
    booking.language = "es"
    booking.see("about")
    booking.say_who()
    booking.agree()
    booking.book()
    booking.expect_booked()
    assert booking.page.locator("html").get_attribute("lang") == "es"


@on_a_phone
def test_with_the_database_away_there_is_the_phone_and_what_to_do_in_an_emergency(
    booking: Booking, world: World
) -> None:
    booking.to_check()
    page = booking.page
    world.postgres.stop()
    try:
        booking.press("Book this appointment")
        expect(page.get_by_role("main").get_by_role("link", name=PHONE)).to_be_visible()
        booking.open()
        expect(page.get_by_role("main").get_by_role("link", name=PHONE)).to_be_visible()
        expect(page.get_by_text("If this is an emergency, call 911.")).to_be_visible()
    finally:
        world.postgres.start()
    booking.open().to_check()
    booking.book()
    booking.expect_booked()
