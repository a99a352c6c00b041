"""From an act on a visit to the program that wants to know: planned with it, signed, tried again."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, select, update
from standardwebhooks.webhooks import Webhook

from scheduler.db.models import Message, MessageAttempt, Task, WebhookEndpoint
from scheduler.domain.hooks import TYPES, WAITS, event_type
from scheduler.domain.messages import MessageState, Queue
from scheduler.domain.visits import Act, CancelReason, VisitStatus
from scheduler.services.booking.making import book
from scheduler.services.changes.contact import ContactChange, change_contact
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.simple import advance, confirm
from scheduler.services.ground.desk import Desk
from scheduler.services.hooks.keeping import (
    Wanted,
    change_endpoint,
    remove_endpoint,
    rotate_secret,
)
from scheduler.services.outbox.delivering import PostRoom, deliver
from scheduler.services.outbox.sweeping import free
from tests.cast import at
from tests.services.asking import request
from tests.services.hooks.conftest import DESK, Enter, expect, hooks, said, send_all, states, told
from tests.web import Asked, Reply, ScriptedWeb

Perform = Callable[[Scene], None]


def act(desk: Desk, visit: object, what: Act, perform: Perform = advance) -> None:
    carry_out(desk, Order(visit, what, DESK), perform)  # type: ignore[arg-type]


def answering(status: int) -> Callable[[Asked], Reply]:
    return lambda asked: Reply(status)


# --------------------------------------------------------------------------------------------- what is told


def test_each_act_on_a_visit_is_told_to_who_wants_to_know(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    enter()
    visit = book(desk, request(at(8, 10))).visit.id
    act(desk, visit, Act.CONFIRM, confirm)
    act(desk, visit, Act.RESCHEDULE, lambda scene: move(scene, Destination(start=at(9, 10))))
    for each in (Act.ARRIVE, Act.CHECK_IN, Act.COMPLETE):
        act(desk, visit, each)
    other = book(desk, request(at(8, 11), 1)).visit.id
    act(desk, other, Act.CANCEL)
    send_all(room)
    assert sorted(told(web)) == sorted(
        [
            ("visit.booked", "booked", 0),
            ("visit.confirmed", "booked", 0),
            ("visit.rescheduled", "booked", 1),
            ("visit.arrived", "arrived", 1),
            ("visit.checked-in", "checked-in", 1),
            ("visit.completed", "fulfilled", 1),
            ("visit.booked", "booked", 0),
            ("visit.cancelled", "cancelled", 1),
        ]
    )
    assert states(desk) == ["sent"] * 8
    assert {each.queue for each in hooks(desk)} == {Queue.HOOKS}


def test_a_hook_is_thin_and_says_nothing_of_anybody(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    enter()
    visit = book(desk, request(at(8, 10))).visit
    send_all(room)
    (asked,) = web.asked
    expect(said(asked), visit.id)
    for word in ("Pat", "pat0@", "1950", visit.reference, visit.manage_token):
        assert word.encode() not in asked.body


def test_a_request_its_answer_and_its_end_have_names_of_their_own() -> None:
    assert event_type("book", VisitStatus.PENDING) == "visit.requested"
    assert event_type("book", VisitStatus.BOOKED) == "visit.booked"
    quiet = {Act.CONTACT, Act.MAIL_AGAIN, Act.REVOKE_LINKS, Act.END_HELPER, Act.NOT_YOU}
    named = {each for each in Act if event_type(each, VisitStatus.BOOKED)}
    assert quiet & named == set()
    assert {event_type(each, VisitStatus.BOOKED) for each in named} <= set(TYPES)
    assert len(TYPES) == len(set(TYPES)) >= 15


def test_that_somebody_is_reached_elsewhere_is_nobodys_business(desk: Desk, enter: Enter) -> None:
    enter()
    visit = book(desk, request(at(8, 10))).visit.id
    change = ContactChange({"phone": "+14095550177"})
    carry_out(desk, Order(visit, Act.CONTACT, DESK), lambda scene: change_contact(scene, change))
    assert len(hooks(desk)) == 1


def test_only_types_that_are_wanted_are_told(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    enter("visit.cancelled", path="/ends")
    enter(path="/all")
    visit = book(desk, request(at(8, 10))).visit.id
    act(desk, visit, Act.CANCEL)
    send_all(room)
    assert sorted(each.path for each in web.asked) == ["/all", "/all", "/ends"]


def test_a_hook_is_never_superseded_by_what_happens_next(desk: Desk, enter: Enter) -> None:
    enter()
    visit = book(desk, request(at(8, 10))).visit.id
    act(desk, visit, Act.RESCHEDULE, lambda scene: move(scene, Destination(start=at(9, 10))))
    change = ContactChange({"email": "pat.new@patients.example"})
    carry_out(desk, Order(visit, Act.CONTACT, DESK), lambda scene: change_contact(scene, change))
    act(desk, visit, Act.CANCEL)
    assert [(each.sequence, each.state) for each in hooks(desk)] == [
        (0, "pending"),
        (1, "pending"),
        (3, "pending"),
    ]


def test_what_is_rolled_back_is_told_to_nobody(desk: Desk, enter: Enter) -> None:
    enter()
    visit = book(desk, request(at(8, 10))).visit.id

    def fail(scene: Scene) -> None:
        advance(scene)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act(desk, visit, Act.CANCEL, fail)
    assert len(hooks(desk)) == 1


def test_a_booking_costs_no_statement_more_for_it(desk: Desk, enter: Enter) -> None:
    """They are planned in the statement that writes the act down, whether anybody wants to know or not."""

    def statements(number: int) -> int:
        seen: list[str] = []

        def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
            seen.append(statement)

        event.listen(desk.db.engine, "before_cursor_execute", note)
        book(desk, request(at(8, 10 + number), number, practitioner="one"))
        event.remove(desk.db.engine, "before_cursor_execute", note)
        return len(seen)

    statements(0)
    without = statements(1)
    enter()
    enter(path="/other")
    assert statements(2) == without
    assert len(hooks(desk)) == 2


def test_a_booking_hints_its_hooks_at_once(desk: Desk, enter: Enter) -> None:
    enter()
    due = book(desk, request(at(8, 10))).due
    assert [hint.message for hint in due if hint.queue is Queue.HOOKS] == [each.id for each in hooks(desk)]
    order = Order(book(desk, request(at(8, 11), 1)).visit.id, Act.CANCEL, DESK, reason=CancelReason.CLINIC)
    assert [hint.queue for hint in carry_out(desk, order, advance).due].count(Queue.HOOKS) == 1


# ------------------------------------------------------------------------------------------- how it is tried


def test_what_is_not_taken_is_tried_again_with_the_same_id_and_body_and_a_new_signature(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    endpoint = enter()
    web.script = answering(500)
    book(desk, request(at(8, 10)))
    send_all(room)
    time.sleep(1.1)
    web.script = answering(204)
    send_all(room)
    first, second = web.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-id"].startswith("msg_")
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    for asked in web.asked:
        given = {name.lower(): value for name, value in asked.headers.items()}
        assert endpoint.secret
        Webhook(endpoint.secret).verify(asked.body, given)
    assert states(desk) == ["sent"]


def test_it_waits_longer_and_longer_and_is_given_up_after_ten_tries(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    enter()
    web.script = answering(503)
    book(desk, request(at(8, 10)))
    waits = []
    for _ in WAITS:
        send_all(room)
        (hook,) = hooks(desk)
        with desk.db.transaction() as session:
            waits.append(hook.next_at - desk.db.now(session))
    for waited, wanted in zip(waits, WAITS, strict=True):
        assert wanted - timedelta(seconds=10) < waited <= wanted * 1.1
    assert [hook.state for hook in hooks(desk)] == ["pending"]
    send_all(room)
    assert (states(desk), len(web.asked)) == (["failed"], 10)
    assert sum(WAITS, timedelta()) * 1.1 < hooks(desk)[0].expires_at - hooks(desk)[0].created_at


def test_a_claim_that_was_given_back_is_no_try(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    enter()
    book(desk, request(at(8, 10)))
    with desk.db.transaction() as session:
        session.execute(update(Message).where(Message.webhook_id.is_not(None)).values(attempt=9))
    web.script = answering(500)
    send_all(room)
    assert states(desk) == ["pending"]
    with desk.db.transaction() as session:
        assert hooks(desk)[0].next_at - desk.db.now(session) < timedelta(seconds=10)


def test_one_whose_worker_died_over_it_is_always_handed_over_again(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    """With the same id, by which the receiver knows it: it never stays unknown."""
    enter()
    book(desk, request(at(8, 10)))
    for _ in range(4):
        (hook,) = hooks(desk)
        with desk.db.transaction() as session:
            token = uuid4()
            mine = update(Message).where(Message.id == hook.id)
            held = {"state": "handoff", "token": token, "claimed_by": "worker-1"}
            session.execute(mine.values(**held, handoffs=Message.handoffs + 1))
        with desk.db.transaction() as session:
            free(session, hook.id, token, desk.db.now(session))
        assert states(desk) == ["pending"]
    send_all(room)
    assert (states(desk), len(web.asked)) == (["sent"], 1)


def test_an_endpoint_that_is_gone_hears_no_more_and_somebody_is_told(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    gone, other = enter(path="/gone"), enter(path="/other")
    web.script = lambda asked: Reply(410 if asked.path == "/gone" else 200)
    for number in range(3):
        book(desk, request(at(8, 10 + number), number))
    send_all(room)
    by_endpoint = {each.webhook_id: set[str]() for each in hooks(desk)}
    for each in hooks(desk):
        by_endpoint[each.webhook_id].add(each.state)
    assert by_endpoint[other.id] == {"sent"}
    assert "failed" in by_endpoint[gone.id] <= {"failed", "skipped"}
    book(desk, request(at(9, 10), 4))
    assert [each.webhook_id for each in hooks(desk)][6:] == [other.id]
    with desk.db.transaction() as session:
        (task,) = session.scalars(select(Task).where(Task.kind == "webhook-gone"))
        assert task.cause == f"webhook:{gone.id}"
        row = session.get_one(WebhookEndpoint, gone.id)
        assert (row.enabled, row.disabled_reason) == (False, "gone")
    change_endpoint(desk, gone.id, Wanted(enabled=True), DESK)
    book(desk, request(at(9, 11), 5))
    assert {each.webhook_id for each in hooks(desk)[7:]} == {gone.id, other.id}


def test_one_that_is_disabled_or_removed_gets_not_even_what_is_in_a_workers_hands(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = enter()
    book(desk, request(at(8, 10)))
    (hook,) = hooks(desk)
    channel = room.channels[hook.channel]  # type: ignore[index]
    real = channel.deliver

    def disabled_meanwhile(call: object, fence: Callable[[], bool]) -> object:
        change_endpoint(desk, endpoint.id, Wanted(enabled=False), DESK)
        return real(call, fence)

    monkeypatch.setattr(channel, "deliver", disabled_meanwhile)
    deliver(room, hook.id)
    assert (states(desk), web.asked) == (["skipped"], [])
    monkeypatch.undo()
    change_endpoint(desk, endpoint.id, Wanted(enabled=True), DESK)
    book(desk, request(at(8, 11), 1))
    remove_endpoint(desk, endpoint.id, DESK)
    send_all(room)
    assert (states(desk), web.asked) == (["skipped", "skipped"], [])


def test_for_a_day_after_a_rotation_both_secrets_sign(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    old = enter()
    new = rotate_secret(desk, old.id, DESK)
    assert old.secret and new.secret and old.secret != new.secret
    book(desk, request(at(8, 10)))
    send_all(room)
    given = {name.lower(): value for name, value in web.asked[0].headers.items()}
    for each in (old.secret, new.secret):
        Webhook(each).verify(web.asked[0].body, given)
    with desk.db.transaction() as session:
        session.execute(update(WebhookEndpoint).values(former_until=desk.db.now(session)))
    book(desk, request(at(8, 11), 1))
    send_all(room)
    assert len(web.asked[1].headers["webhook-signature"].split()) == 1


def test_one_that_is_slow_or_gone_keeps_no_confirmation_waiting(desk: Desk, enter: Enter) -> None:
    enter()
    due = book(desk, request(at(8, 10))).due
    assert {hint.queue for hint in due} == {Queue.URGENT, Queue.HOOKS}


def test_attempts_are_kept_without_the_address(
    desk: Desk, room: PostRoom, web: ScriptedWeb, enter: Enter
) -> None:
    enter(path="/secret-canary")
    web.script = answering(500)
    book(desk, request(at(8, 10)))
    send_all(room)
    with desk.db.transaction() as session:
        (attempt,) = session.scalars(select(MessageAttempt))
        kept = str(vars(attempt)) + str([vars(each) for each in session.scalars(select(Message))])
    assert (attempt.verdict, attempt.code) == ("later", "500")
    assert "canary" not in kept


def test_they_expire_only_after_the_last_try(desk: Desk, enter: Enter) -> None:
    enter()
    book(desk, request(at(2, 10)))
    (hook,) = hooks(desk)
    assert hook.state == MessageState.PENDING
    assert hook.expires_at > hook.created_at + timedelta(days=3)
