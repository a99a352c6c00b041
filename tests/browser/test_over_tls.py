"""A browser that speaks https to a proxy before gunicorn, as in production: there cookies are `__Host-`."""

import re
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from scheduler.bootstrap import open_database
from scheduler.db.engine import Database
from scheduler.db.models import Recipient, StaffAccount
from scheduler.domain.messages import ChannelName
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.keeping import create_account
from scheduler.services.accounts.passwords import hashed
from scheduler.services.telling.suppressing import suppress
from tests.browser.axe import faults
from tests.browser.conftest import SIZES, opened
from tests.cast import at, wish
from tests.conftest import settings_for
from tests.processes import api, database
from tests.web import Asked, Reply, ScriptedWeb, certified

pytestmark = pytest.mark.browser

NOT_HANDED_ON = {"connection", "transfer-encoding", "content-length", "server", "date", "set-cookie"}
"""As they came: they are of one connection, or stand in an answer more than once."""
PASSWORD = "four plain words here"


class Clinic(NamedTuple):
    inside: str
    """Where gunicorn answers, without TLS."""
    outside: str
    """Where people find it."""
    db: Database


def handed_on(inside: str, session: requests.Session, asked: Asked) -> Reply:
    """What a proxy does with a request: it says who asked and how, and changes nothing."""
    said = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
    answer = session.request(
        asked.method,
        inside + asked.path,
        headers={**asked.headers, "Accept-Encoding": "identity", **said},
        data=asked.body,
        allow_redirects=False,
        timeout=10,
    )
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_HANDED_ON}
    return Reply(answer.status_code, answer.content, headers, answer.raw.headers.getlist("Set-Cookie"))


@pytest.fixture(scope="module")
def clinic(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("tls")
    with (
        closing(ScriptedWeb(context=certified(folder))) as proxy,
        database(postgres, "over_tls") as url,
        api(settings_for(url, public_url=proxy.url(""), trusted_proxies=1, web_workers=1), folder) as inside,
        requests.Session() as session,
    ):
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        proxy.script = partial(handed_on, inside, session)
        db = open_database(settings_for(url))
        yield Clinic(inside, proxy.url(""), db)
        db.dispose()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened(browser, SIZES["phone"], "en-US", ignore_https_errors=True) as page:
        yield page


def booked(clinic: Clinic, number: int) -> dict[str, Any]:
    answer = requests.post(f"{clinic.inside}/v1/visits", json=wish(at(8, 10 + number), number), timeout=10)
    assert answer.status_code == 201, answer.text
    visit: dict[str, Any] = answer.json()
    return visit


def test_the_link_of_a_mail_becomes_a_cookie_that_only_this_host_may_set_and_read(
    clinic: Clinic, page: Page
) -> None:
    visit = booked(clinic, 0)
    assert visit["links"]["manage"] == f"{clinic.outside}/v/{visit['token']}"
    page.goto(visit["links"]["manage"])
    expect(page).to_have_url(f"{clinic.outside}/my/{visit['id']}")
    (cookie,) = page.context.cookies()
    assert cookie["name"].startswith("__Host-visit-")
    told = {name: cookie[name] for name in ("secure", "httpOnly", "sameSite", "path", "domain", "expires")}
    assert told == {
        "secure": True,
        "httpOnly": True,
        "sameSite": "Lax",
        "path": "/",
        "domain": "localhost",  # without a dot before it: of this host alone
        "expires": -1,
    }
    assert page.evaluate("document.cookie") == ""


def test_a_visit_is_confirmed_and_moved_over_tls(clinic: Clinic, page: Page) -> None:
    visit = booked(clinic, 1)
    page.goto(visit["links"]["manage"])
    page.get_by_role("radio", name="Yes, I will").check()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("This appointment is confirmed.")
    page.get_by_role("link", name="Change the time").click()
    page.locator("details[open] button[name=slot]").nth(2).click()
    page.get_by_role("radio", name="Yes, change it").check()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Your appointment has a new time.")
    headers = {"Authorization": f"Bearer {visit['token']}"}
    now = requests.get(f"{clinic.inside}/v1/visits/{visit['id']}", headers=headers, timeout=10).json()
    assert now["start"] != visit["start"]
    assert now["sequence"] == visit["sequence"] + 1


def test_without_the_cookie_the_clean_address_opens_nothing(clinic: Clinic, page: Page) -> None:
    visit = booked(clinic, 2)
    page.goto(visit["links"]["manage"])
    page.context.clear_cookies()
    page.goto(f"{clinic.outside}/my/{visit['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("We cannot find this appointment"))


def test_staff_sign_in_over_tls_and_have_an_address_mailed_again(clinic: Clinic, page: Page) -> None:
    visit = booked(clinic, 3)
    with clinic.db.transaction() as session:
        now = clinic.db.now(session)
        create_account(session, "pat", frozenset(Scope), "en", now)
        session.execute(update(StaffAccount).values(password_is_ours=False, password_hash=hashed(PASSWORD)))
        address = select(Recipient.email_hash).where(Recipient.visit_id == visit["id"])
        suppress(session, ChannelName.EMAIL, session.scalars(address).one() or b"", "bounced", now)
    page.goto(f"{clinic.outside}/staff/visits/{visit['id']}")
    page.get_by_label("Name").fill("pat")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Mail comes back: nothing is sent there.")).to_be_visible()
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["secure"], cookie["httpOnly"]) == ("__Host-staff", True, True)
    page.locator("summary", has_text="Mail this address again").click()
    assert faults(page) == []
    page.get_by_role("button", name="Mail this address again").click()
    expect(page.get_by_role("status")).to_contain_text("This address gets mail again.")
    expect(page.get_by_text("Mail comes back")).to_have_count(0)
