"""The front desk's day in a real browser: at a desk, on a tablet, with keys alone, and unseen."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect
from sqlalchemy import update

from scheduler.db.engine import Database
from scheduler.db.models import StaffAccount
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.keeping import create_account
from scheduler.services.accounts.passwords import hashed
from tests.browser.axe import faults
from tests.browser.conftest import PATIENCE
from tests.browser.screens import FOUR_TIMES, TWICE_AS_LARGE
from tests.browser.world import World, a_mail, eventually

pytestmark = pytest.mark.browser

PASSWORD = "four plain words here"
SIZES = {"desk": ViewportSize(width=1280, height=860), "tablet": ViewportSize(width=820, height=1100)}


class FrontDesk:
    """Somebody who works at the front desk, and what they see."""

    def __init__(self, page: Page, world: World) -> None:
        self.page = page
        self.world = world

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self.world.api}/staff{path}")

    def sign_in(self) -> None:
        self.open()
        self.page.get_by_label("Name").fill("pat")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="To do")).to_be_visible()

    def press(self, name: str, exact: bool = True) -> None:
        self.page.get_by_role("button", name=name, exact=exact).click()

    def type(self, key: str) -> None:
        """A single key, once the page has the scripts that listen for it."""
        self.page.wait_for_load_state()
        self.page.keyboard.press(key)

    def go(self, name: str) -> None:
        """To a page of the navigation."""
        self.page.get_by_role("navigation", name="Front desk").get_by_role("link", name=name).click()

    @property
    def told(self) -> Locator:
        return self.page.get_by_role("status")

    def book(self, name: str, mail: str) -> str:
        """For a caller, at the first time that is free; the address of the visit."""
        self.go("Book")
        self.page.get_by_role("button", name=re.compile("^Follow-up")).click()
        self.page.get_by_label("Mode").select_option("telemedicine")
        self.press("Show times")
        self.page.locator("button[name=time]").first.click()
        self.page.get_by_label("Full name of the patient").fill(name)
        for part, value in (("Month", "2"), ("Day", "29"), ("Year", "1960")):
            self.page.get_by_label(part, exact=True).fill(value)
        self.page.get_by_label("Phone").first.fill("409 555 0123")
        self.page.get_by_label("Email").first.fill(mail)
        self.page.get_by_label("State where the patient will be (video)").select_option("TX")
        for box in self.page.locator("input[name^=consent_]").all():
            box.check()
        self.press("Book this visit")
        expect(self.told).to_contain_text("The visit is booked.")
        return self.page.url.partition("?")[0]

    def faults(self) -> list[str]:
        return faults(self.page)


@pytest.fixture(scope="module")
def account(world: World) -> None:
    """Somebody with all scopes."""
    db = Database(world.postgres.url)
    with db.transaction() as session:
        create_account(session, "pat", frozenset(Scope), "en", db.now(session))
        session.execute(update(StaffAccount).values(password_is_ours=False, password_hash=hashed(PASSWORD)))
    db.dispose()


@pytest.fixture(params=SIZES)
def desk(
    request: pytest.FixtureRequest, browser: Browser, world: World, account: None
) -> Iterator[FrontDesk]:
    """A script that fails, or anything that the pages' policy keeps out, fails the test."""
    failures: list[str] = []
    size = SIZES[request.param]
    with closing(browser.new_context(viewport=size, locale="en-US")) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("console", lambda said: failures.append(said.text) if said.type == "error" else None)
        found = FrontDesk(page, world)
        found.sign_in()
        yield found
    assert not [each for each in failures if "status of 404" not in each]


at_the_desk = pytest.mark.parametrize("desk", ["desk"], indirect=True)
"""Where a tablet would show nothing else."""


def test_a_caller_is_booked_moved_cancelled_brought_back_and_found(desk: FrontDesk, world: World) -> None:
    mail, page = a_mail(), desk.page
    visit = desk.book("Rosa Example", mail)
    assert eventually(lambda: len(world.invites_to(mail)) == 1, 15), "the confirmation"

    page.get_by_role("link", name="Move", exact=True).click()
    page.locator("button[name=time]").nth(3).click()
    expect(desk.told).to_contain_text("The visit is moved")
    assert eventually(lambda: len(world.invites_to(mail)) == 2, 15), "the change"

    page.get_by_text("Cancel the visit").first.click()
    page.get_by_label("The patient wishes it").check()
    desk.press("Cancel the visit")
    expect(desk.told).to_contain_text("The visit is cancelled")
    assert eventually(lambda: len(world.invites_to(mail)) == 3, 15), "the cancellation"
    page.get_by_role("status").get_by_role("button", name=re.compile("^Undo")).click()
    expect(desk.told).to_contain_text("That was taken back.")
    assert eventually(lambda: len(world.invites_to(mail)) == 4, 15), "it stands again"
    first, *_, last = sorted(world.invites_to(mail), key=lambda each: each.sequence)
    assert first.uid == last.uid and last.sequence == 3

    desk.go("Find")
    page.get_by_label(re.compile("^Reference, phone")).fill(mail)
    desk.press("Find")
    expect(page.get_by_role("heading", name=re.compile("^1 found"))).to_be_visible()
    page.get_by_role("link", name="Rosa Example").click()
    expect(page).to_have_url(re.compile(f"^{visit}"))


@at_the_desk
def test_the_day_is_worked_with_keys_alone(desk: FrontDesk) -> None:
    page = desk.page
    visit = desk.book("Key Example", a_mail())
    page.get_by_role("link", name="Back to the day").click()
    card = page.locator(f"a[href='{visit[len(desk.world.api) :]}']")
    card.focus()
    desk.type("a")
    expect(desk.told).to_contain_text("Key Example: Marked as arrived.")
    card.focus()
    desk.type("c")
    expect(desk.told).to_contain_text("Key Example: Checked in.")
    desk.told.get_by_role("button", name=re.compile("^Undo")).press("Enter")
    expect(desk.told).to_contain_text("That was taken back.")
    card.focus()
    desk.type("Enter")
    expect(page.get_by_role("heading", name=re.compile("^Key Example born"))).to_be_visible()
    desk.type("/")
    expect(page.get_by_role("heading", name="Find a visit")).to_be_visible()
    desk.type("/")
    expect(page.get_by_label(re.compile("^Reference, phone"))).to_be_focused()


@at_the_desk
def test_arrows_go_from_visit_to_visit(desk: FrontDesk) -> None:
    page = desk.page
    desk.book("Arrow Example", a_mail())
    desk.book("Arrow Sample", a_mail())
    page.get_by_role("link", name="Back to the day").click()
    column = page.locator(".col", has_text="Arrow Example").first
    cards = column.locator("[data-visit]")
    cards.first.focus()
    if cards.count() > 1:
        desk.type("ArrowDown")
        expect(cards.nth(1)).to_be_focused()
        desk.type("ArrowUp")
        expect(cards.first).to_be_focused()
    desk.type("ArrowUp")
    expect(cards.first).to_be_focused()
    elsewhere = page.locator(".col", has_not_text="Arrow Example").locator("[data-visit]")
    if elsewhere.count():
        desk.type("ArrowRight")
        desk.type("ArrowRight")
        desk.type("n")
    expect(page.locator("[data-visit]:focus")).to_have_count(1)


@at_the_desk
def test_time_off_says_whom_it_hits(desk: FrontDesk) -> None:
    page = desk.page
    desk.book("Away Example", a_mail())
    day = page.get_by_role("link", name="Back to the day").get_attribute("href") or ""
    date = re.search(r"date=([\d-]+)", day)
    assert date
    desk.go("Time off")
    form = page.locator("form", has=page.get_by_role("heading", name="Enter time off"))
    for code in ("example-one", "example-two", "example-three"):
        form.get_by_label("Practitioner").select_option(code)
        form.get_by_label("From").fill(f"{date[1]}T00:00")
        form.get_by_label("Until").fill(f"{date[1]}T23:55")
        form.get_by_role("button").click()
        expect(desk.told).to_contain_text("The time off is entered")
        hit = page.get_by_role("link", name="Away Example").count()
        desk.press("Take back")
        if hit:
            return
        form = page.locator("form", has=page.get_by_role("heading", name="Enter time off"))
    raise AssertionError("somebody is with Away Example")


PAGES = {
    "to do": "",
    "day": "/day",
    "list": "/day?view=list",
    "week": "/week",
    "find": "/find",
    "book": "/book?visit_type=follow-up",
    "calls": "/calls",
    "time off": "/schedule",
    "messages": "/messages",
    "numbers": "/numbers",
    "account": "/password",
}


@at_the_desk
def test_no_page_has_a_fault_that_axe_can_find(desk: FrontDesk) -> None:
    visit = desk.book("Axe Example", a_mail())[len(desk.world.api) + len("/staff") :]
    pages = {**PAGES, "visit": visit, "move": f"{visit}/move", "contact": f"{visit}/contact"}
    faults = {}
    for name, path in pages.items():
        desk.open(path)
        faults[name] = desk.faults()
    desk.press("Sign out")
    faults["door"] = desk.faults()
    desk.page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert desk.faults(), "axe looks"
    assert {name: found for name, found in faults.items() if found} == {}


WIDTHS = {**SIZES, "desk at 200 %": TWICE_AS_LARGE, "narrowest phone": FOUR_TIMES}


@at_the_desk
def test_no_page_scrolls_sideways_on_any_screen(desk: FrontDesk) -> None:
    visit = desk.book("Narrow Example", a_mail())[len(desk.world.api) + len("/staff") :]
    wide = []
    for name, path in {**PAGES, "visit": visit, "move": f"{visit}/move"}.items():
        desk.open(path)
        for screen, size in WIDTHS.items():
            desk.page.set_viewport_size(size)
            if desk.page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                wide.append(f"{name} on the {screen}")
    assert wide == []
