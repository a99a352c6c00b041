"""What an operator is told when something is wrong, and how to mend it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import update

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.channels.email import EmailChannel
from scheduler.db.models import ChannelPause, Message, Recipient, WebhookEndpoint
from scheduler.domain.actors import Actor, ActorKind
from scheduler.domain.messages import ChannelName, MessageKind, MessageState
from scheduler.services.booking.making import book
from scheduler.services.clinic.apply import note_problem
from scheduler.services.hooks.keeping import Endpoint, add_endpoint, remove_endpoint
from scheduler.services.operations.doctor import RETRIED_LONG, WAYS_OUT, Finding, examine
from scheduler.services.operations.health import MESSAGES_LATE
from scheduler.services.outbox.hooks import GONE
from scheduler.services.outbox.sweeping import beat
from tests.cast import at
from tests.conftest import NOWHERE, example_key, settings_for
from tests.services.asking import request
from tests.smtp import ScriptedServer, eventually

HOUR = timedelta(hours=1)
INTEGRATOR = Actor(ActorKind.STAFF, "integrator")


@pytest.fixture
def smtp() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def examined(run: Runtime, redis: str, smtp: ScriptedServer) -> Callable[[], list[Finding]]:
    """A service in order, with a visit in it, each time it is looked at."""
    with run.db.transaction() as session:
        beat(session, run.db.now(session) - run.db.offset)
    book(run.desk, request(at(3, 10)))
    return lambda: examine(run.desk, redis, EmailChannel(smtp.url()).greet)


def wrong(findings: list[Finding]) -> dict[str, str]:
    return {each.part: each.said for each in findings if not each.well}


def all_messages(run: Runtime, **values: object) -> None:
    with run.db.transaction() as session:
        session.execute(update(Message).values(**values))


def test_where_all_is_well_each_part_says_so(examined: Callable[[], list[Finding]]) -> None:
    found = examined()
    assert wrong(found) == {}
    assert {each.part for each in found} == WAYS_OUT.keys() - {"no_clinic", "evictions", "mailbox"}


def test_without_a_database_the_rest_is_still_looked_at(smtp: ScriptedServer) -> None:
    away = bootstrap(settings_for(NOWHERE))
    found = wrong(examine(away.desk, away.settings.redis_url, EmailChannel(smtp.url()).greet))
    assert found.keys() == {"database", "redis"}
    assert "127.0.0.1" not in str(found)


def test_a_message_that_nobody_takes_is_named(run: Runtime, examined: Callable[[], list[Finding]]) -> None:
    with run.db.single() as connection:
        since = run.db.now(connection) - 2 * MESSAGES_LATE
    all_messages(run, next_at=since)
    assert "due since" in wrong(examined())["due messages"]


def test_a_message_that_is_tried_again_and_again_is_named_with_the_last_answer(
    run: Runtime, examined: Callable[[], list[Finding]]
) -> None:
    with run.db.single() as connection:
        now = run.db.now(connection)
    tried = {"next_at": now + HOUR / 2, "last_error": "451 4.3.0 try later"}
    all_messages(run, due_at=now - RETRIED_LONG / 2, **tried)
    assert wrong(examined()) == {}
    all_messages(run, due_at=now - 5 * HOUR, **tried)
    assert wrong(examined()) == {
        "retried messages": "3 by email: one for 300 minutes, the last answer is 451 4.3.0 try later"
    }


def test_a_channel_that_is_paused_says_since_when_and_why(
    run: Runtime, examined: Callable[[], list[Finding]]
) -> None:
    with run.db.transaction() as session:
        now = run.db.now(session)
        session.add(
            ChannelPause(
                channel=ChannelName.EMAIL, since=now - HOUR, reason="login: 535 no", next_probe_at=now
            )
        )
    assert wrong(examined())["channels"].startswith("email: since 2026-12-01T11:00")
    assert wrong(examined())["channels"].endswith("login: 535 no")


def test_messages_that_failed_today_are_counted_and_older_ones_are_history(
    run: Runtime, examined: Callable[[], list[Finding]]
) -> None:
    with run.db.single() as connection:
        now = run.db.now(connection)
    all_messages(run, state=MessageState.FAILED, finished_at=now - HOUR)
    said = [each.said for each in examined() if each.part == "failed messages"]
    assert sorted(said) == [
        "1 failed of kind confirmed by email in the last 24 hours",
        "1 failed of kind join by email in the last 24 hours",
        "1 failed of kind reminder by email in the last 24 hours",
    ]
    all_messages(run, finished_at=now - 25 * HOUR)
    assert wrong(examined()) == {}


@pytest.mark.parametrize("state", [MessageState.UNKNOWN, MessageState.EXPIRED])
def test_what_nobody_knows_of_or_came_too_late_has_failed_too(
    run: Runtime, examined: Callable[[], list[Finding]], state: MessageState
) -> None:
    with run.db.single() as connection:
        now = run.db.now(connection)
    all_messages(run, state=state, finished_at=now - HOUR)
    assert f"1 {state} of kind " in wrong(examined())["failed messages"]


def test_hooks_that_failed_have_a_way_out_of_their_own(
    run: Runtime, examined: Callable[[], list[Finding]]
) -> None:
    hooked(run)
    with run.db.transaction() as session:
        gone = update(Message).where(Message.kind == MessageKind.WEBHOOK)
        finished = run.db.now(session) - HOUR
        session.execute(gone.values(state=MessageState.FAILED, finished_at=finished))
    (found,) = [each for each in examined() if not each.well]
    assert (found.part, found.said) == ("failed hooks", "1 failed in the last 24 hours")
    assert "/v1/webhooks/deliveries" in found.way_out


def test_an_endpoint_that_said_it_is_gone_is_named(
    run: Runtime, examined: Callable[[], list[Finding]]
) -> None:
    endpoint = hooked(run)
    with run.db.transaction() as session:
        session.execute(update(Message).values(state=MessageState.SENT))
        session.execute(update(WebhookEndpoint).values(enabled=False, disabled_reason=GONE))
    said = wrong(examined())
    assert said == {"endpoints": f"{endpoint.id} (records): answered 410, and hears nothing since"}
    remove_endpoint(run.desk, endpoint.id, INTEGRATOR)
    assert wrong(examined()) == {}


def hooked(run: Runtime) -> Endpoint:
    """An endpoint that was told of a visit."""
    endpoint = add_endpoint(run.desk, "records", "https://records.example/in", None, INTEGRATOR)
    book(run.desk, request(at(3, 11), 1))
    return endpoint


def test_a_refused_clinic_file_is_shown_with_its_lines(
    run: Runtime, examined: Callable[[], list[Finding]]
) -> None:
    with run.db.transaction() as session:
        note_problem(session, "line 7: locations[0].zone: there is no such zone", run.db.now(session))
    assert wrong(examined()) == {"clinic": "line 7: locations[0].zone: there is no such zone"}


def test_a_redis_that_drops_hints_when_it_is_full_is_named(
    redis: str, examined: Callable[[], list[Finding]]
) -> None:
    client = Redis.from_url(redis)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert wrong(examined()).keys() == {"evictions"}
    finally:
        client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ({"connect": "554 5.7.1 You are listed"}, "554 5.7.1 connect: You are listed"),
        ({"EHLO": "421 4.3.2 Closing"}, "421 4.3.2 hello: Closing"),
    ],
)
def test_a_mail_server_that_refuses_us_is_quoted(
    run: Runtime, redis: str, script: dict[str, str], said: str
) -> None:
    with ScriptedServer(script) as refusing:
        found = examine(run.desk, redis, EmailChannel(refusing.url()).greet)
    assert wrong(found)["mail server"] == said


def test_a_mail_server_that_is_away_or_silent_is_said(run: Runtime, redis: str) -> None:
    away = examine(run.desk, redis, EmailChannel("smtp://127.0.0.1:1").greet)
    assert "connect" in wrong(away)["mail server"]
    with ScriptedServer({"connect": "<silent>"}) as silent:
        refusal = EmailChannel(silent.url()).greet(0.2)
    assert refusal is not None
    assert "connect" in refusal.detail


def test_a_mail_server_is_greeted_and_nothing_is_handed_over(
    smtp: ScriptedServer, examined: Callable[[], list[Finding]]
) -> None:
    examined()
    assert eventually(lambda: [each.partition(" ")[0] for each in smtp.commands] == ["ehlo", "QUIT"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"encryption_keys": f"e2:{example_key('another')}"}, "not in the keyring"),
        ({"encryption_keys": f"e1:{example_key('another')}"}, "does not open"),
        ({"lookup_key": example_key("another")}, "VISITS_LOOKUP_KEY"),
        ({"link_keys": f"l2:{example_key('another')}"}, "no key l1"),
    ],
)
def test_keys_that_do_not_belong_to_the_data_are_told_without_a_value(
    run: Runtime,
    migrated: str,
    examined: Callable[[], list[Finding]],
    smtp: ScriptedServer,
    redis: str,
    settings: dict[str, object],
    said: str,
) -> None:
    strange = bootstrap(settings_for(migrated, **settings))
    found = [each for each in examine(strange.desk, redis, EmailChannel(smtp.url()).greet) if not each.well]
    strange.db.dispose()
    assert {each.part for each in found} == {"keys"}
    assert all(said in each.said for each in found)
    assert "Example" not in str(found)
    assert example_key("another") not in str(found)


def test_a_recipient_without_an_address_is_no_fault(
    run: Runtime, examined: Callable[[], list[Finding]]
) -> None:
    with run.db.transaction() as session:
        session.execute(update(Recipient).values(email=None, email_hash=None))
    assert wrong(examined()) == {}
