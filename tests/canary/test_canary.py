"""A patient with unmistakable values goes through everything; then nothing is found where it may not be.

Each place is searched in a test of its own, and each search is tried on something that was planted there.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from scheduler.embedded.postgres import EmbeddedPostgres
from tests.canary.house import House, house
from tests.canary.rest import WholeStory
from tests.canary.values import BORN, EMAIL, FIRST, HEALTH, NAME, PHONE, found_in
from tests.databases import QUICK
from tests.dovecot import MISSING, installed
from tests.embedded.conftest import temporary_folder

pytestmark = [pytest.mark.whole, pytest.mark.timeout(300)]  # whoever comes first starts all of it

OWN_ADDRESSES = ("mail", "new mail", "refused mail", "helper's mail")
CLEAN: set[str] = set()
NOTHING_OF_HERS = {
    "GET /docs/static/<path:filename>",
    "GET /health/live",
    "GET /health/ready",
    "GET /look/<version>/accent.css",
    "GET /look/<version>/logo.svg",
    "GET /metrics",
    "GET /problems/<slug>",
    "GET /rehearsal-room/<name>",
    "GET /static/<version>/<path:name>",
    "POST /staff/sign-in",
}
"""What knows of no patient; the search of the figures reads them, and staff sign in elsewhere."""


@pytest.fixture(scope="module")
def told() -> Iterator[House]:
    """The house, after the story; on a server of its own, whose log tells of her alone."""
    with (
        temporary_folder() as folder,
        EmbeddedPostgres(folder / "postgres", QUICK) as server,
        house(folder, server) as lived,
    ):
        WholeStory(lived).tell()
        yield lived


def test_the_story_was_told_to_its_end(told: House) -> None:
    """Else nothing was found because nothing happened."""
    assert len(told.smtp.messages) >= 8 and len(told.short_messages()) >= 1
    assert len(told.web.asked) >= 10 and len(told.zoom.requests) >= 3
    logs, redis = told.said_in_logs(), told.passed_through_redis()
    assert b"answered" in logs and b"unexpected" in logs and b"UndefinedTable" in logs
    assert b"Task deliver" in logs and b"did " in logs and b"ERROR:" in logs
    assert redis.count(b"deliver") >= 10 and b"LIMITS" in redis.upper()


def test_every_door_led_somewhere(told: House) -> None:
    """A new one has no place in the story yet: give it one, or say here that nothing of hers is behind it."""
    rules = told.client.application.url_map.iter_rules()
    asked = {(method, rule.rule) for rule in rules for method in rule.methods or ()}
    doors = {f"{method} {rule}" for method, rule in asked if method not in ("HEAD", "OPTIONS")}
    assert doors - told.walked == NOTHING_OF_HERS - told.walked


@pytest.mark.dovecot
def test_the_mailbox_was_read(told: House) -> None:
    if not installed():
        pytest.skip(MISSING)
    with told.run.db.transaction() as session:
        came = set(session.scalars(text("SELECT outcome FROM inbound_mails")))
    assert came == {"recorded", "bounced", "delayed", "other", "set-aside"}


def test_no_log_has_anything_of_the_patient(told: House) -> None:
    assert found_in(told.said_in_logs(), told.secrets.all()) == CLEAN


def test_nothing_of_the_patient_ever_went_through_redis(told: House) -> None:
    assert found_in(told.passed_through_redis(), told.secrets.all()) == CLEAN


def test_figures_have_none(told: House) -> None:
    assert found_in(told.metrics(), told.secrets.all()) == CLEAN


def test_programs_elsewhere_hear_none(told: House) -> None:
    assert found_in(told.hooks(), told.secrets.all()) == CLEAN


def test_the_video_vendor_hears_none(told: House) -> None:
    assert found_in(told.vendor(), told.secrets.all()) == CLEAN


def test_the_clinics_own_video_server_hears_none_but_the_room(told: House) -> None:
    names = [each["context"]["user"]["name"] for each in told.tickets]
    assert names == ["Patient", "Example Clinic"]
    assert found_in(str(told.tickets).encode(), told.secrets.without("room")) == CLEAN


def test_subscribed_calendars_have_none(told: House) -> None:
    assert len(told.feeds) == 2
    assert found_in(b"".join(told.feeds), told.secrets.all()) == CLEAN


def test_the_command_says_nothing_of_her_to_whoever_calls_it(told: House) -> None:
    assert all(told.printed) and b"other" in told.printed[0], told.printed[0]
    assert found_in(b"\n".join(told.printed), told.secrets.all()) == CLEAN


def test_no_column_of_the_database_has_any_in_the_clear(told: House) -> None:
    """What kinds of visits there are stands in the clinic file, which is there."""
    hidden = told.secrets.without(*HEALTH, "secret id")
    kept = {name: found_in(rows, hidden) for name, rows in told.tables().items()}
    assert {name: found for name, found in kept.items() if found} == {}
    assert {"visits", "recipients", "patients", "whereabouts", "callbacks", "consents"} <= kept.keys()


def test_mails_say_no_more_than_they_may(told: House) -> None:
    """A greeting by first name, links; nothing of health, no number, and no address but whose it is."""
    greeted = ("first name", "helper's first name")
    for to, words in told.letters():
        own = [name for name in OWN_ADDRESSES if found_in(to.encode(), {name: told.secrets.all()[name]})]
        assert found_in(words, told.secrets.without(*greeted, "link", *own)) == CLEAN, to


def test_texts_say_no_name_at_all(told: House) -> None:
    for _, words in told.short_messages():
        assert found_in(words, told.secrets.without("link")) == CLEAN


# --------------------------------------------------------------------------- the searches themselves


def test_a_name_in_a_log_would_be_found(told: House) -> None:
    logging.getLogger("scheduler.services.booking.making").warning("booked for %s", NAME)
    assert "last name" in found_in(told.said_in_logs(), told.secrets.all())


def test_a_number_in_a_task_would_be_found(told: House) -> None:
    told.broker.lpush("urgent", f'{{"body": "{PHONE}"}}')
    assert found_in(told.passed_through_redis(), told.secrets.all()) == {"phone"}


def test_a_birth_date_in_a_column_would_be_found(told: House) -> None:
    with told.run.db.transaction() as session:
        session.execute(text("UPDATE tasks SET note = :note"), {"note": f"born {BORN}".encode()})
    assert found_in(told.tables()["tasks"], told.secrets.all()) == {"birth date"}


def test_an_address_in_a_hook_would_be_found(told: House) -> None:
    assert found_in(told.hooks() + f'{{"to": "{EMAIL}"}}'.encode(), told.secrets.all()) >= {"mail"}


def test_every_mail_can_be_read(told: House) -> None:
    """Or the search would have seen nothing but base64."""
    greeted = [words for _, words in told.letters() if found_in(words, {"first name": (FIRST,)})]
    assert greeted


def test_the_folder_of_the_processes_has_their_words(told: House) -> None:
    assert {each.suffix for each in Path(told.folder).iterdir()} == {".log"}
    assert len(list(told.folder.glob("*.log"))) == 2
