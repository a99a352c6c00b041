"""Webhooks over HTTP: entered, rotated, looked after, replayed; a secret is shown once."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.channels.webhook import WebhookChannel
from scheduler.db.models import AuditEntry, Message, WebhookEndpoint
from scheduler.domain.messages import ChannelName
from scheduler.domain.scopes import Scope
from scheduler.outgoing.http import Outside
from scheduler.services.outbox.delivering import PostRoom
from tests.api.people import Headers, booked, said, staff_with
from tests.cast import at
from tests.conftest import serving, settings_for
from tests.services.hooks.conftest import send_all
from tests.web import Reply, ScriptedWeb

URL = "https://records.example/hooks/canary"


@pytest.fixture
def staff(run: Runtime) -> Headers:
    return staff_with(run, Scope.WEBHOOKS, name="integrator")


def entered(client: FlaskClient, staff: Headers, **more: Any) -> Any:
    body = {"label": "Records", "url": URL, **more}
    return said(client.post("/v1/webhooks", json=body, headers=staff), 201)


def deliveries(client: FlaskClient, staff: Headers, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = said(client.get(f"/v1/webhooks/deliveries{query}", headers=staff))["items"]
    return found


def test_a_webhook_is_entered_changed_rotated_and_taken_away(
    client: FlaskClient, staff: Headers, run: Runtime
) -> None:
    made = entered(client, staff)
    path = f"/v1/webhooks/{made['id']}"
    assert made["secret"].startswith("whsec_")
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert said(client.get(path, headers=staff)) == shown
    assert said(client.get("/v1/webhooks", headers=staff))["items"] == [shown]
    assert (shown["url"], shown["types"], shown["enabled"]) == (URL, None, True)

    change = {"types": ["visit.cancelled", "visit.booked"], "enabled": False, "label": "Records 2"}
    changed = said(client.patch(path, json=change, headers=staff))
    assert (changed["types"], changed["enabled"], changed["disabled_reason"], changed["label"]) == (
        ["visit.booked", "visit.cancelled"],
        False,
        "by-staff",
        "Records 2",
    )
    back = said(client.patch(path, json={"types": None, "enabled": True}, headers=staff))
    assert (back["types"], back["enabled"], back["disabled_reason"], back["url"]) == (None, True, None, URL)

    rotated = said(client.post(f"{path}/rotate", json={}, headers=staff))
    assert rotated["secret"] != made["secret"]
    assert rotated["former_secret_until"]
    assert "secret" not in said(client.get(path, headers=staff))

    assert said(client.delete(path, headers=staff))["url"] == URL
    assert client.get(path, headers=staff).status_code == 404
    assert client.patch(path, json={"enabled": True}, headers=staff).status_code == 404
    assert said(client.get("/v1/webhooks", headers=staff))["items"] == []
    with run.db.transaction() as session:
        told = select(AuditEntry.act).where(AuditEntry.object_id == made["id"]).order_by(AuditEntry.id)
        acts = session.scalars(told).all()
        row = session.get_one(WebhookEndpoint, made["id"])
    assert acts == ["enter", "change", "change", "rotate", "delete"]
    assert (row.url, row.secret, row.former_secret) == (None, None, None)


def test_address_and_secrets_are_kept_sealed(client: FlaskClient, staff: Headers, run: Runtime) -> None:
    made = entered(client, staff)
    rotated = said(client.post(f"/v1/webhooks/{made['id']}/rotate", json={}, headers=staff))
    with run.db.transaction() as session:
        row = session.get_one(WebhookEndpoint, made["id"])
        audit = str([vars(each) for each in session.scalars(select(AuditEntry))])
    kept = b"".join(filter(None, (row.url, row.secret, row.former_secret))) + audit.encode()
    for word in ("canary", made["secret"], rotated["secret"]):
        assert word.encode() not in kept


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"url": "http://records.example/"}, "/url", "not-https"),
        ({"url": "https://127.0.0.1/"}, "/url", "not-public"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "/url", "not-public"),
        ({"url": "https://a:b@records.example/"}, "/url", "with-credentials"),
        ({"url": "https://records.example:22/"}, "/url", "odd-port"),
        ({"url": "records.example"}, "/url", "not-an-address"),
        ({"types": []}, "/types", "too-short"),
        ({"types": ["visit.eaten"]}, "/types/0", "not-a-choice"),
        ({"label": ""}, "/label", "too-short"),
        ({"secret": "mine"}, "/secret", "unknown-field"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(
    client: FlaskClient, staff: Headers, change: dict[str, Any], pointer: str, code: str
) -> None:
    body = {"label": "Records", "url": URL, **change}
    (error,) = said(client.post("/v1/webhooks", json=body, headers=staff), 422)["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)


def test_a_change_of_nothing_is_refused(client: FlaskClient, staff: Headers) -> None:
    made = entered(client, staff)
    path = f"/v1/webhooks/{made['id']}"
    assert said(client.patch(path, json={}, headers=staff), 422)["errors"][0]["code"] == "nothing-asked"
    refused = said(client.patch(path, json={"url": "https://10.0.0.1/"}, headers=staff), 422)
    assert refused["errors"][0]["code"] == "not-public"


def test_deliveries_are_listed_the_newest_first_with_their_attempts_and_replayed(
    migrated: str, run: Runtime, staff: Headers
) -> None:
    rehearsal = bootstrap(settings_for(migrated, outgoing_loopback=True))
    client = serving(rehearsal).test_client()
    with ScriptedWeb(lambda asked: Reply(500)) as web:
        room = PostRoom(
            rehearsal.desk, {ChannelName.WEBHOOK: WebhookChannel(Outside(loopback=True))}, "worker-1"
        )
        made = entered(client, staff, url=web.url("/canary"))
        first = booked(client, 0)
        send_all(room)
        second = booked(client, 1, start=at(8, 11).isoformat())
        newest, oldest = deliveries(client, staff)
        assert (newest["visit"], oldest["visit"]) == (second["id"], first["id"])
        assert (newest["attempts"], newest["type"], newest["webhook"]) == ([], "visit.booked", made["id"])
        assert [(each["verdict"], each["code"]) for each in oldest["attempts"]] == [("later", "500")]
        assert oldest["status"] == "pending"
        assert oldest["next_at"]
        assert deliveries(client, staff, f"?visit={first['id']}") == [oldest]
        assert deliveries(client, staff, "?status=sent") == []
        page = said(client.get("/v1/webhooks/deliveries?limit=1", headers=staff))
        assert deliveries(client, staff, f"?limit=1&cursor={page['next']}") == [oldest]

        with run.db.transaction() as session:
            hooks = Message.kind == "webhook"
            session.execute(update(Message).where(hooks).values(state="failed", attempt=10))
        web.script = lambda asked: Reply(200)
        replayed = said(client.post("/v1/webhooks/replay", json={"webhook": made["id"]}, headers=staff), 202)
        assert replayed == {"replayed": 2}
        send_all(room)
        assert [each["status"] for each in deliveries(client, staff)] == ["sent", "sent"]
        again = {"webhook": made["id"]}
        assert said(client.post("/v1/webhooks/replay", json=again, headers=staff), 202) == {"replayed": 0}
        one = {**again, "delivery": oldest["id"]}
        assert said(client.post("/v1/webhooks/replay", json=one, headers=staff), 202) == {"replayed": 1}
        send_all(room)
        ids = [asked.headers["webhook-id"] for asked in web.asked]
        assert len(ids) == 4
        assert len(set(ids)) == 2
        assert ids[0] == ids[-1]
    rehearsal.db.dispose()


def lost_hooks(client: FlaskClient, run: Runtime, visits: int) -> list[str]:
    """Their deliveries, the oldest first, an hour between one and the next."""
    for number in range(visits):
        booked(client, number, start=at(8, 9 + number).isoformat())
    with run.db.transaction() as session:
        hooks = session.scalars(select(Message).where(Message.kind == "webhook").order_by(Message.id)).all()
        for number, hook in enumerate(hooks):
            hook.state, hook.created_at = "failed", at(7, 9 + number)
        return [str(hook.id) for hook in hooks]


def waiting(client: FlaskClient, staff: Headers) -> set[str]:
    return {each["id"] for each in deliveries(client, staff, "?status=pending")}


def test_what_was_not_taken_is_replayed_from_a_moment_on(
    client: FlaskClient, staff: Headers, run: Runtime
) -> None:
    made = entered(client, staff)
    _, then, after = lost_hooks(client, run, 3)
    body = {"webhook": made["id"], "since": at(7, 10).isoformat()}
    assert said(client.post("/v1/webhooks/replay", json=body, headers=staff), 202) == {"replayed": 2}
    assert waiting(client, staff) == {then, after}
    assert said(client.post("/v1/webhooks/replay", json=body, headers=staff), 202) == {"replayed": 0}


def test_so_many_are_replayed_at_once_and_the_rest_by_asking_again(
    client: FlaskClient, staff: Headers, run: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, lost = entered(client, staff), lost_hooks(client, run, 3)
    monkeypatch.setattr("scheduler.services.hooks.deliveries.MOST_REPLAYED", 2)
    body = {"webhook": made["id"]}
    counts, left = [], []
    for _ in range(3):
        again = said(client.post("/v1/webhooks/replay", json=body, headers=staff), 202)
        counts.append(again["replayed"])
        left.append(waiting(client, staff))
    assert counts == [2, 1, 0]
    assert left == [set(lost[:2]), set(lost), set(lost)], "the oldest first"


def test_what_an_endpoint_does_not_have_is_not_replayed(client: FlaskClient, staff: Headers) -> None:
    made, other = entered(client, staff), entered(client, staff)
    booked(client)
    (of_other, mine) = (
        next(each for each in deliveries(client, staff) if each["webhook"] == id)
        for id in (other["id"], made["id"])
    )

    def replay(webhook: str, delivery: str) -> int:
        body = {"webhook": webhook, "delivery": delivery}
        return client.post("/v1/webhooks/replay", json=body, headers=staff).status_code

    assert replay(made["id"], of_other["id"]) == 404
    assert replay(made["id"], mine["id"]) == 202, "it is on its way already"
    assert replay(made["id"], "9223372036854775808") == 422
    assert replay("00000000-0000-4000-8000-000000000000", mine["id"]) == 404
    client.patch(f"/v1/webhooks/{made['id']}", json={"enabled": False}, headers=staff)
    assert replay(made["id"], mine["id"]) == 404
