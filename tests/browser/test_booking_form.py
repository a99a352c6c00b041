"""The booking form of docs/examples as patients use it: a real browser, another origin, the whole service."""

import re
from datetime import datetime

import pytest
from playwright.sync_api import Route, expect

from tests.browser.form import Form, clock
from tests.browser.world import Json, World

pytestmark = pytest.mark.browser

KIND, LABEL = "follow-up", "Follow-up"
VIDEO, IN_PERSON = "telemedicine", "in_person"
PHONE = "409-555-0100"  # the example clinic's


at_phone_width = pytest.mark.parametrize("form", ["phone"], indirect=True)
"""Where a wider screen would show nothing else."""


def on_the_way(form: Form, slot: Json) -> Form:
    """Somebody who has chosen a time and said who they are."""
    form.ask(LABEL, "By video")
    form.choose(slot)
    form.fill()
    return form


def same(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)


def test_a_video_visit_is_booked_from_the_clinics_website(form: Form, world: World) -> None:
    slot = world.slots(KIND, VIDEO)[3]
    on_the_way(form, slot).book.click()
    form.expect_booked(slot)
    expect(form.done).to_contain_text("By video")
    expect(form.done).to_contain_text(form.mail)
    for link in ("Join the video visit", "Change or cancel"):
        expect(form.page.get_by_role("link", name=link)).to_have_attribute("href", re.compile("^http"))


@at_phone_width
def test_two_presses_for_more_days_show_no_time_twice(form: Form, world: World) -> None:
    form.ask(LABEL, "By video")
    for days in (15, 25):
        more = form.page.get_by_role("button", name="Show more days")
        more.evaluate("(button) => { button.click(); button.click(); }")
        expect(form.page.locator("details")).to_have_count(days)
    shown = form.page.locator("details").last.locator(".times button").all_text_contents()
    assert len(shown) == len(set(shown)) > 0


@at_phone_width
def test_a_visit_in_person_says_where(form: Form, world: World) -> None:
    form.ask(LABEL, "In person")
    form.first_time.click()
    form.fill()
    form.book.click()
    expect(form.done).to_contain_text("Exampleville, TX 00000")
    assert form.bodies()[0]["location"] in ("main", "north")


def test_the_mails_invite_has_the_chosen_start(form: Form, world: World) -> None:
    slot = world.slots(KIND, VIDEO)[-1]
    on_the_way(form, slot).book.click()
    form.expect_booked(slot)
    assert world.invite_to(form.mail).start == datetime.fromisoformat(slot["start"])


@at_phone_width
def test_the_panel_tells_the_time_that_was_shown_though_the_practitioner_works_in_another_zone(
    form: Form, world: World
) -> None:
    slot = next(each for each in world.slots(KIND, VIDEO) if each["practitioners"] == ["example-three"])
    on_the_way(form, slot).book.click()
    form.expect_booked(slot)


def test_a_time_that_is_taken_meanwhile_costs_nothing_typed_and_another_one_can_be_booked(
    form: Form, world: World
) -> None:
    slot = world.slots(KIND, VIDEO)[1]
    on_the_way(form, slot)
    world.somebody_else_takes(KIND, VIDEO, slot["start"])
    form.book.click()
    expect(form.trouble).to_be_focused()
    expect(form.trouble).to_contain_text("This time was just taken")
    form.expect_kept()
    next_free = world.slots(KIND, VIDEO)
    form.trouble.get_by_role("button", name=re.compile(r"\d:\d\d")).first.click()
    expect(form.book).to_be_focused()
    form.book.click()
    expect(form.page.get_by_role("heading", name="Your visit is booked")).to_be_visible()
    chosen = form.bodies()[-1]["start"]
    form.expect_booked({"start": chosen})
    assert any(same(chosen, each["start"]) for each in next_free)


def test_an_invalid_mail_is_said_on_top_and_at_the_field_and_stays_as_it_was_typed(
    form: Form, world: World
) -> None:
    form.ask(LABEL, "By video")
    form.first_time.click()
    form.fill(Email="rosa@", Month="13")
    form.book.click()
    expect(form.trouble).to_be_focused()
    expect(form.page).to_have_title(re.compile("^Error: About you"))
    form.expect_kept(Email="rosa@", Month="13")
    expect(form.field("Email")).to_have_accessible_description(re.compile("like name@example.com"))
    expect(form.field("Email")).to_have_attribute("aria-invalid", "true")
    form.trouble.get_by_role("link", name="real date").click()
    expect(form.field("Month")).to_be_focused()
    form.trouble.get_by_role("link", name="email address").click()
    expect(form.field("Email")).to_be_focused()
    form.fill()
    form.book.click()
    expect(form.page.get_by_role("heading", name="Your visit is booked")).to_be_visible()


@at_phone_width
def test_a_form_that_is_empty_asks_for_what_it_needs(form: Form, world: World) -> None:
    form.press("Show free times")
    expect(form.trouble).to_contain_text("Choose why you are coming.")
    form.ask(LABEL, "By video")
    form.first_time.click()
    form.book.click()
    for text in ("Write your full name.", "Write a real date"):
        expect(form.trouble.get_by_role("link", name=text)).to_be_visible()
    form.fill(Email="")
    form.book.click()
    form.trouble.get_by_role("link", name="Give an email address or a phone number.").click()
    expect(form.field("Email")).to_be_focused()


def test_a_double_click_books_once(form: Form, world: World) -> None:
    slot = world.slots(KIND, VIDEO)[2]
    before = world.visits()
    on_the_way(form, slot).book.dblclick()
    form.expect_booked(slot)
    assert world.visits() == before + 1
    assert world.invite_to(form.mail).start == datetime.fromisoformat(slot["start"])


def test_an_answer_that_gets_lost_does_not_book_twice(form: Form, world: World) -> None:
    slot, before = world.slots(KIND, VIDEO)[4], world.visits()
    on_the_way(form, slot)

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            assert route.fetch().status == 201
            route.abort()
        else:
            route.fallback()

    form.page.route("**/v1/visits", lose)
    form.book.click()
    expect(form.trouble).to_contain_text("We do not know whether your booking has arrived.")
    expect(form.trouble).to_contain_text(PHONE)
    form.expect_kept()
    form.page.unroute("**/v1/visits")
    form.press("Try again")
    form.expect_booked(slot)
    assert len(form.keys()) == 1 and len(form.sent) == 2
    assert world.visits() == before + 1


def test_a_service_without_its_database_says_so_and_books_when_it_is_back(form: Form, world: World) -> None:
    slot = world.slots(KIND, VIDEO)[5]
    on_the_way(form, slot)
    world.postgres.stop()
    try:
        form.book.click()
        expect(form.trouble).to_contain_text("We cannot answer at the moment")
        expect(form.trouble).to_contain_text("Nothing was booked.")
        expect(form.trouble).to_contain_text(PHONE)
        form.expect_kept()
    finally:
        world.postgres.start()
    form.press("Try again")
    form.expect_booked(slot)
    assert len(form.keys()) == 1


def test_a_website_that_is_not_allowed_shows_the_phone_number_and_not_a_blank_page(
    form: Form, world: World
) -> None:
    form.page.goto(world.page("127.0.0.1"))
    expect(form.trouble).to_contain_text("We cannot be reached at the moment")
    expect(form.trouble.get_by_role("link", name=PHONE)).to_have_attribute("href", "tel:+14095550100")
    expect(form.page.get_by_role("button", name="Try again")).to_be_visible()


def test_every_step_fits_its_screen(form: Form, world: World) -> None:
    form.page.get_by_role("radio", name=re.compile(f"^{LABEL}")).check()
    form.expect_to_fit()
    form.ask(LABEL, "By video")
    form.expect_to_fit()
    form.choose(world.slots(KIND, VIDEO)[6])
    form.fill(Email="rosa@")
    form.book.click()
    expect(form.trouble).to_be_visible()
    form.expect_to_fit()
    form.field("Email").fill(form.mail)
    form.book.click()
    expect(form.done).to_be_visible()
    form.expect_to_fit()


@at_phone_width
def test_back_keeps_the_answers_and_does_not_lead_out_of_a_booked_visit(form: Form, world: World) -> None:
    slot = world.slots(KIND, VIDEO)[7]
    on_the_way(form, slot)
    form.page.go_back()
    expect(form.first_time).to_be_visible()
    form.page.go_back()
    expect(form.page.get_by_role("radio", name=re.compile(f"^{LABEL}"))).to_be_checked()
    form.press("Show free times")
    form.choose(slot)
    form.expect_kept()
    form.book.click()
    form.expect_booked(slot)
    form.page.go_back()
    form.expect_booked(slot)


def test_a_spanish_browser_is_answered_in_spanish_and_a_switch_loses_nothing(
    spanish: Form, world: World
) -> None:
    page, slot = spanish.page, world.slots(KIND, VIDEO)[8]
    page.get_by_role("radio", name="Seguimiento 15 minutos").check()
    page.get_by_role("radio", name="Por video").check()
    page.get_by_label("¿En qué estado estará durante la consulta?").select_option("TX")
    spanish.press("Ver horas libres")
    expect(page.get_by_text("Todas las horas están en hora central.")).to_be_visible()
    spanish.press("English")
    spanish.choose(slot)
    spanish.fill()
    spanish.press("Español")
    expect(page.get_by_label("Nombre completo")).to_have_value("Rosa Example")
    spanish.press("Reservar esta cita")
    expect(page.get_by_role("heading", name="Su cita está reservada")).to_be_focused()
    assert spanish.bodies()[0]["patient"]["language"] == "es"


@at_phone_width
def test_who_books_before_a_switch_of_language_is_answered_is_written_to_as_they_read(
    form: Form, world: World
) -> None:
    on_the_way(form, world.slots(KIND, VIDEO)[9])
    form.page.route("**/v1/clinic", lambda route: None)  # no answer comes
    form.press("Español")
    form.press("Reservar esta cita")
    expect(form.page.get_by_role("heading", name="Su cita está reservada")).to_be_focused()
    assert form.bodies()[0]["patient"]["language"] == "es"


def test_times_are_written_as_americans_write_them() -> None:
    assert [clock(datetime(2026, 1, 1, hour, 5)) for hour in (0, 9, 12, 13)] == [  # noqa: DTZ001
        "12:05 AM",
        "9:05 AM",
        "12:05 PM",
        "1:05 PM",
    ]
