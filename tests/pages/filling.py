"""Somebody who fills in the booking form without scripts: follows redirects, presses buttons."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scheduler.api.bodies import FORM

ABOUT = {
    "name": "Pat Example",
    "birth_month": "2",
    "birth_day": "29",
    "birth_year": "1960",
    "email": "pat@patients.example",
    "phone": "(409) 555-0123",
}
HELPER = {
    "booker_name": "Sam Example",
    "relationship": "child",
    "booker_email": "sam@patients.example",
    "booker_phone": "",
    "receives": "also",
}
SLOT = re.compile(r'name="slot" value="([^"]+)"')
ACTION = re.compile(r'<form method="post" action="([^"]+)"')


@dataclass
class Filling:
    """`page` is what the person sees."""

    client: FlaskClient
    language: str = "en"
    page: TestResponse = field(init=False)

    def start(self, query: str = "") -> "Filling":
        self.open(f"/book{query}")
        return self

    def open(self, address: str) -> TestResponse:
        self.page = self.client.get(address, headers=self._headers, follow_redirects=True)
        return self.page

    @property
    def _headers(self) -> dict[str, str]:
        return {"Accept-Language": self.language}

    @property
    def path(self) -> str:
        """Where they are, without the form's id."""
        return self.page.request.path.rpartition("/")[2]

    @property
    def id(self) -> str:
        return self.page.request.path.split("/")[2]

    @property
    def text(self) -> str:
        return unescape(self.page.text)

    def send(self, **typed: Any) -> TestResponse:
        """Press the button of the page's form."""
        action = unescape(ACTION.findall(self.page.text)[0])
        return self.post(action, **typed)

    def post(self, action: str, **typed: Any) -> TestResponse:
        form = {"content_type": FORM, "headers": self._headers, "follow_redirects": True}
        self.page = self.client.post(action, data=typed, **form)
        return self.page

    @property
    def slots(self) -> list[str]:
        return [unescape(each) for each in SLOT.findall(self.page.text)]

    def to_times(self, reason: str = "follow-up", how: str = "in_person", **needs: Any) -> "Filling":
        self.start()
        self.send(who="me")
        self.send(reason=reason)
        if self.path == "safety":
            self.answer_no()
        self.send(how=how)
        if self.path == "where":
            self.send(where="TX")
        self.send(writes=self.language, **needs)
        assert self.path == "times", self.text
        return self

    def answer_no(self, **other: str) -> None:
        names = dict.fromkeys(re.findall(r'name="(T\d+)"', self.page.text), "no")
        self.send(**{**names, **other})

    def to_about(self, slot: int = 0, **how: Any) -> "Filling":
        self.to_times(**how)
        self.send(slot=self.slots[slot])
        assert self.path == "about", self.text
        return self

    def to_check(self, **how: Any) -> "Filling":
        self.to_about(**how)
        self.send(**ABOUT)
        if self.path == "agree":
            self.agree()
        assert self.path == "check", self.text
        return self

    def agree(self) -> None:
        self.send(
            agree=[unescape(each) for each in re.findall(r'name="agree" value="([^"]+)"', self.page.text)]
        )
