"""Every page of the front desk, for everybody who may come by."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text, update

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.db.engine import Database
from scheduler.db.models import StaffSession
from scheduler.domain.actors import SYSTEM
from scheduler.domain.scopes import Scope
from scheduler.services.accounts.keeping import disable_account
from scheduler.services.booking.making import book
from scheduler.services.hours.time_off import take_off
from scheduler.web.guards import csrf_token
from tests.cast import at
from tests.conftest import serving, settings_for
from tests.pages.staff.desk import COOKIE, EVERYTHING, signed_in
from tests.processes import database
from tests.services.asking import request

VISITS, SCHEDULE = Scope.VISITS, Scope.SCHEDULE

PAGES: dict[str, Scope | None] = {
    "GET /staff": None,
    "GET /staff/password": None,
    "POST /staff/password": None,
    "POST /staff/language": None,
    "POST /staff/sign-out": None,
    "POST /staff/tasks/<int:id>/claim": VISITS,
    "POST /staff/tasks/<int:id>/release": VISITS,
    "POST /staff/tasks/<int:id>/done": VISITS,
    "GET /staff/day": VISITS,
    "GET /staff/week": VISITS,
    "GET /staff/visits/<uuid:id>": VISITS,
    "POST /staff/visits/<uuid:id>/<act>": VISITS,
    "POST /staff/visits/<uuid:id>/cancel": VISITS,
    "POST /staff/visits/<uuid:id>/entered-in-error": VISITS,
    "POST /staff/visits/<uuid:id>/mail-again": VISITS,
    "POST /staff/visits/<uuid:id>/revoke-links": VISITS,
    "POST /staff/visits/<uuid:id>/end-helper": VISITS,
    "GET /staff/visits/<uuid:id>/video": VISITS,
    "POST /staff/visits/<uuid:id>/join": VISITS,
    "POST /staff/visits/<uuid:id>/whereabouts": VISITS,
    "GET /staff/visits/<uuid:id>/move": VISITS,
    "POST /staff/visits/<uuid:id>/move": VISITS,
    "GET /staff/visits/<uuid:id>/contact": VISITS,
    "POST /staff/visits/<uuid:id>/contact": VISITS,
    "GET /staff/book": VISITS,
    "GET /staff/book/details": VISITS,
    "POST /staff/book/details": VISITS,
    "GET /staff/find": VISITS,
    "POST /staff/find": VISITS,
    "GET /staff/schedule": SCHEDULE,
    "POST /staff/time-off": SCHEDULE,
    "GET /staff/time-off/<uuid:id>": SCHEDULE,
    "POST /staff/extra-hours": SCHEDULE,
    "POST /staff/extra-hours/<uuid:id>/delete": SCHEDULE,
    "GET /staff/calls": VISITS,
    "GET /staff/messages": Scope.MESSAGES,
    "POST /staff/messages/<int:id>/again": Scope.MESSAGES,
    "GET /staff/numbers": VISITS,
    "GET /staff/numbers.csv": VISITS,
    "POST /staff/time-off/<uuid:id>/delete": SCHEDULE,  # last: it takes away what the others look at
}
"""What each page asks of an account; None is open to everybody who is signed in."""

OPEN_TO_ALL = {"GET /staff/sign-in", "POST /staff/sign-in"}

OUTSIDE = ("nobody", "garbage", "over", "idle", "disabled")
INSIDE = (*(str(scope) for scope in Scope), "all")
ENDING = "POST /staff/sign-out"


class World:
    """One visit, one absence, one task; and everybody's cookie."""

    def __init__(self, run: Runtime) -> None:
        self.run = run
        self.client = serving(run).test_client()
        self.visit = book(run.desk, request(at(8, 10), visit_type="reviewed")).visit.id
        self.absence = take_off(run.desk, "one", at(12, 9), at(12, 10), SYSTEM).entry.id
        self.tokens = {str(scope): signed_in(run, f"only-{scope}", frozenset({scope})) for scope in Scope}
        self.tokens["all"] = signed_in(run, "everything", EVERYTHING)
        self.tokens["garbage"] = "nothing"
        for name, column, ago in (
            ("over", "created_at", timedelta(hours=12)),
            ("idle", "seen_at", timedelta(minutes=15)),
        ):
            self.tokens[name] = signed_in(run, f"was-{name}", EVERYTHING)
            with run.db.transaction() as session:
                newest = session.execute(
                    text("SELECT account_id FROM staff_sessions ORDER BY created_at DESC LIMIT 1")
                ).scalar_one()
                theirs = update(StaffSession).where(StaffSession.account_id == newest)
                session.execute(theirs.values({column: getattr(StaffSession, column) - ago}))
        self.tokens["disabled"] = signed_in(run, "disabled", EVERYTHING)
        with run.db.transaction() as session:
            disable_account(session, "disabled", run.db.now(session))

    def ask(self, page: str, who: str, csrf: bool = True, there: bool = True) -> tuple[int, str]:
        """The status, and where it leads."""
        method, _, rule = page.partition(" ")
        self.client.delete_cookie(COOKIE)
        token = self.tokens.get(who)
        if token:
            self.client.set_cookie(COOKIE, token)
        with self.client.application.app_context():
            data = {"csrf": csrf_token(token or "nobody") if csrf else ""}
        answer = self.client.open(
            self.address(rule, there), method=method, data=data if method == "POST" else None
        )
        return answer.status_code, answer.headers.get("Location", "")

    def address(self, rule: str, there: bool = True) -> str:
        thing = self.absence if "time-off" in rule else self.visit
        rule = re.sub(r"<uuid:id>", str(thing if there else uuid4()), rule)
        return rule.replace("<act>", "arrive").replace("<int:id>", "404404404")

    def everything(self) -> list[str]:
        tables = ("visits", "claims", "messages", "visit_events", "links", "recipients", "tasks", "time_off")
        more = ("extra_hours", "staff_accounts", "holds", "patients")
        with self.run.db.single() as connection:
            return [
                str(
                    connection.execute(
                        text(f"SELECT array_agg(t::text ORDER BY t::text) FROM {each} t")
                    ).scalar()
                )
                for each in (*tables, *more)
            ]


@pytest.fixture(scope="module")
def world(postgres: str) -> Iterator[World]:
    with database(postgres, "staff_pages") as url:
        run = bootstrap(settings_for(url))
        yield World(run)
        run.db.dispose()


def test_every_page_is_in_the_table(world: World) -> None:
    rules = world.client.application.url_map.iter_rules()
    found = {
        f"{method} {re.sub('<any[^>]*:act>', '<act>', rule.rule)}"
        for rule in rules
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set())
        if rule.rule.startswith("/staff")
    }
    assert found == PAGES.keys() | OPEN_TO_ALL


@pytest.mark.parametrize("page", PAGES)
def test_who_is_not_signed_in_is_led_to_the_door(world: World, page: str) -> None:
    before = world.everything()
    answers = {who: world.ask(page, who) for who in OUTSIDE}
    assert all(status == 303 and to.startswith("/staff/sign-in") for status, to in answers.values()), answers
    assert world.everything() == before


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("POST")])
def test_a_form_without_its_token_does_nothing(world: World, page: str) -> None:
    before = world.everything()
    assert world.ask(page, "all", csrf=False)[0] == 403
    assert world.everything() == before


@pytest.mark.parametrize("page", [page for page, scope in PAGES.items() if scope])
def test_an_account_without_the_scope_is_told_so_and_changes_nothing(world: World, page: str) -> None:
    before = world.everything()
    lacking = [who for who in INSIDE if who not in ("all", str(PAGES[page]))]
    answers = {who: world.ask(page, who)[0] for who in lacking}
    assert set(answers.values()) == {403}, answers
    assert world.everything() == before


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("GET") and "csv" not in page])
def test_no_page_is_kept_or_framed_or_has_anything_from_elsewhere(world: World, page: str) -> None:
    world.client.set_cookie(COOKIE, world.tokens["all"])
    answer = world.client.get(world.address(page.split()[1]))
    headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert re.findall(r"(?:src|href|action)=[\"'](?:https?:)?//", answer.text) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != ENDING])
def test_an_account_with_the_scope_is_answered(world: World, page: str) -> None:
    scope = PAGES[page]
    may = (str(scope), "all") if scope else INSIDE
    answers = {who: world.ask(page, who)[0] for who in may}
    assert not {status for status in answers.values() if status == 403 or status >= 500}, answers
    if page.startswith("GET"):
        assert set(answers.values()) == {200}


@pytest.mark.parametrize("page", [page for page in PAGES if "<uuid:id>" in page])
def test_what_there_is_not_is_not_found(world: World, page: str) -> None:
    assert world.ask(page, "all", there=False)[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_does_nothing_though_the_cookie_comes_along(
    world: World, headers: dict[str, str]
) -> None:
    before = world.everything()
    world.client.set_cookie(COOKIE, world.tokens["all"])
    with world.client.application.app_context():
        data = {"csrf": csrf_token(world.tokens["all"])}
    asked = world.client.post(f"/staff/visits/{world.visit}/approve", data=data, headers=headers)
    assert asked.status_code == 403
    assert world.everything() == before


def test_looking_changes_nothing_but_the_audit(world: World) -> None:
    before = world.everything()
    for page in PAGES:
        if page.startswith("GET"):
            world.ask(page, "all")
    assert world.everything() == before


def test_the_front_desk_is_not_counted_and_its_door_is(clinic: Database, migrated: str) -> None:
    run = bootstrap(settings_for(migrated, limit_reads="2/minute", web_workers=1))
    client = serving(run).test_client()
    assert {client.get("/staff/day").status_code for _ in range(5)} == {303}
    assert [client.get("/staff/sign-in").status_code for _ in range(3)] == [200, 200, 429]
    run.db.dispose()
