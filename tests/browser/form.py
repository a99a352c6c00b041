"""The booking form as a person meets it: by labels and names, not by how it is built."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.world import Json, World, a_mail

TYPED = {"Full name": "Rosa Example", "Month": "3", "Day": "27", "Year": "1954", "Phone": ""}
CLINIC_ZONE = ZoneInfo("America/Chicago")
TARGET = 44  # pixels that a finger needs

TOO_SMALL = f"""() => [...document.querySelectorAll("a, button, summary, select, .choice, .field input")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < {TARGET})
    .map((each) => each.textContent || each.id)"""


@dataclass
class Form:
    page: Page
    world: World
    width: int
    mail: str = field(default_factory=a_mail)
    sent: list[Request] = field(default_factory=list)
    """Every booking that left the browser."""

    def open(self) -> "Form":
        self.page.on("request", self._note)
        self.page.goto(self.world.page())
        return self

    def _note(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/v1/visits"):
            self.sent.append(request)

    def ask(self, kind: str, mode: str) -> None:
        self.page.get_by_role("radio", name=re.compile(f"^{kind}")).check()
        self.page.get_by_role("radio", name=mode).check()
        if mode == "By video":
            self.field("In which state will you be during the visit?").select_option("TX")
        self.press("Show free times")
        expect(self.first_time).to_be_visible()

    def choose(self, slot: Json) -> None:
        """The time of a slot, on the day under which it stands."""
        start = datetime.fromisoformat(slot["start"]).astimezone(CLINIC_ZONE)
        day = self.page.locator(f"[id='{start.date()}']")
        while not day.is_visible():
            self.press("Show more days")
        if day.get_attribute("open") is None:
            day.locator("summary").click()
        day.get_by_role("button", name=clock(start), exact=True).click()
        expect(self.book).to_be_visible()

    def fill(self, **other: str) -> None:
        """Who they are; `other` says what is typed otherwise."""
        for label, text in {**TYPED, "Email": self.mail, **other}.items():
            self.field(label).fill(text)
        if self.video_consent.is_visible():
            self.video_consent.check()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    @property
    def first_time(self) -> Locator:
        return self.page.get_by_role("button", name="First free time")

    @property
    def book(self) -> Locator:
        return self.page.get_by_role("button", name="Book this visit")

    @property
    def video_consent(self) -> Locator:
        return self.page.get_by_role("checkbox", name="I agree to a visit by video")

    @property
    def done(self) -> Locator:
        return self.page.locator("#done")

    @property
    def trouble(self) -> Locator:
        return self.page.get_by_role("region").filter(has=self.page.locator("#trouble-title"))

    def expect_booked(self, slot: Json) -> None:
        """The panel, in focus, with the time that was chosen, in the zone in which it was shown."""
        expect(self.page.get_by_role("heading", name="Your visit is booked")).to_be_focused()
        start = datetime.fromisoformat(slot["start"]).astimezone(CLINIC_ZONE)
        expect(self.done).to_contain_text(f"{start:%A, %B} {start.day}, {start.year}")
        expect(self.done.get_by_text(f"{clock(start)} –")).to_have_text(re.compile(r"^\d.*\(Central Time\)$"))
        expect(self.done.get_by_text(re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$"))).to_be_visible()

    def expect_kept(self, **other: str) -> None:
        """Nothing typed is lost."""
        for label, text in {**TYPED, "Email": self.mail, **other}.items():
            expect(self.field(label)).to_have_value(text)

    def expect_to_fit(self) -> None:
        """Nothing to scroll sideways, nothing too small for a finger."""
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width
        assert self.page.evaluate(TOO_SMALL) == []

    def bodies(self) -> list[Json]:
        """What was asked for, each time."""
        return [json.loads(request.post_data or "") for request in self.sent]

    def keys(self) -> set[str]:
        return {request.headers["idempotency-key"] for request in self.sent}


def clock(at: datetime) -> str:
    """As Americans write it: 1:45 PM."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"
