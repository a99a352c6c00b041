"""The booking form `/book` as a person meets it: question by question, by labels and names of buttons."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect

from scheduler.web.texts import words
from tests.browser.world import World, a_mail

NAME = "Rosa Example"
BORN = {"month": "3", "day": "27", "year": "1954"}
CHILD = {"month": "5", "day": "5", "year": "2019"}
FOLLOW_UP = {"en": "Follow-up", "es": "Seguimiento Una visita"}
NECK = {"en": "Neck evaluation", "es": "Evaluación del cuello"}
STATE = {"en": "Texas", "es": "Texas"}


@dataclass
class Booking:
    page: Page
    world: World
    language: str = "en"
    mail: str = field(default_factory=a_mail)
    frame: FrameLocator | None = None
    """Where the form stands, if it is in a frame of the clinic's website."""

    def open(self, query: str = "") -> "Booking":
        self.page.goto(f"{self.world.api}/book{query}")
        return self

    @property
    def here(self) -> Page | FrameLocator:
        return self.frame or self.page

    @property
    def say(self) -> Any:
        """The words of the form."""
        return words(self.language)["book"]

    @property
    def common(self) -> Any:
        return words(self.language)["common"]

    # ------------------------------------------------------------------------------------- what they see

    def heading(self, text: str) -> Locator:
        return self.here.get_by_role("heading", name=text, exact=True, level=1)

    def see(self, question: str) -> None:
        """The page of that name, as its texts call it."""
        expect(self.heading(self.say[question]["title"])).to_be_visible()

    @property
    def problem(self) -> Locator:
        return self.here.get_by_role("alert").filter(has_text=self.common["problem"])

    @property
    def reference(self) -> str:
        found = self.here.locator("dd", has_text=re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}$"))
        return found.inner_text()

    # -------------------------------------------------------------------------------------- what they do

    def press(self, name: str) -> None:
        self.here.get_by_role("button", name=name, exact=True).click()

    def go_on(self) -> None:
        self.press(self.common["continue"])

    def pick(self, label: str) -> None:
        """One of several, and on to the next page."""
        self.here.get_by_role("radio", name=re.compile(f"^{re.escape(label)}")).check()
        self.go_on()

    def box(self, label: str) -> Locator:
        return self.here.get_by_label(label, exact=True)

    def for_me(self) -> None:
        self.see("who")
        self.pick(self.say["who"]["me"])

    def for_somebody_else(self) -> None:
        self.pick(self.say["who"]["other"])

    def because(self, kind: dict[str, str]) -> None:
        self.see("reason")
        self.pick(kind[self.language])

    def answer_safety(self, *yes: int) -> None:
        """No to all, but yes to those with these numbers."""
        self.see("safety")
        groups = self.here.get_by_role("radiogroup")
        for number in range(1, groups.count() + 1):
            answer = self.common["yes" if number in yes else "no"]
            groups.nth(number - 1).get_by_role("radio", name=answer, exact=True).check()
        self.go_on()

    def come(self) -> None:
        self.see("how")
        self.pick(self.say["modes"]["in_person"])
        self.need_nothing()

    def by_video(self, state: str = "Texas") -> None:
        self.pick(self.say["modes"]["telemedicine"])
        self.see("where")
        self.box(self.say["where"]["label"]).select_option(label=state)
        self.go_on()
        self.need_nothing()

    def need_nothing(self) -> None:
        self.see("needs")
        self.go_on()
        self.see("times")

    def take(self, number: int = 0) -> datetime:
        """One of the times of the day that is open, counted from its first; when it begins."""
        button = self.here.locator("details[open] button[name=slot]").nth(number)
        value = button.get_attribute("value")
        assert value
        button.click()
        return datetime.fromisoformat(value.partition("|")[0])

    def say_who(self, **other: str) -> None:
        self.write_who(**other)
        self.go_on()

    def write_who(self, **other: str) -> None:
        """The patient of this form; `other` says what else is typed: name, email, phone, month, day, year."""
        about = self.say["about"]
        typed = {"name": NAME, "email": self.mail, "phone": "", **BORN, **other}
        for part in ("month", "day", "year"):
            self.box(self.common[part]).fill(typed[part])
        for name in ("name", "email", "phone"):
            self.box(about[name]).fill(typed[name])

    def say_who_books(self, relationship: str, email: str) -> None:
        """Of somebody who books for another; the first fields are the patient's."""
        about = self.say["about"]
        self.box(about["booker_name"]).fill("Sam Example")
        self.box(about["relationship"]).select_option(label=self.say["relationships"][relationship])
        self.box(about["booker_email"]).fill(email)
        self.here.get_by_role("radio", name=about["instead"], exact=True).check()

    def agree(self) -> None:
        self.see("agree")
        for box in self.here.get_by_role("checkbox").all():
            box.check()
        self.go_on()

    def book(self) -> None:
        self.see("check")
        self.press(self.say["check"]["book"])

    # ---------------------------------------------------------------------------------- whole stretches

    def to_times(self) -> "Booking":
        """In person, the shortest way."""
        self.for_me()
        self.because(FOLLOW_UP)
        self.come()
        return self

    def to_about(self, number: int = 0) -> datetime:
        self.to_times()
        start = self.take(number)
        self.see("about")
        return start

    def to_check(self, number: int = 0) -> datetime:
        start = self.to_about(number)
        self.say_who()
        self.agree()
        self.see("check")
        return start

    def expect_booked(self) -> None:
        expect(self.heading(self.say["done"]["title"])).to_be_focused()
