"""How long something waits is asked again and again, with a million messages planned."""

from datetime import timedelta

from sqlalchemy import func, select, text, update

from scheduler.bootstrap import Runtime
from scheduler.channels.email import EmailChannel
from scheduler.db.models import Message
from scheduler.domain.messages import ChannelName
from scheduler.services.booking.making import book
from scheduler.services.operations.measuring import measure, waiting
from scheduler.services.outbox.delivering import PostRoom, deliver
from tests.cast import at
from tests.services.asking import request
from tests.smtp import ScriptedServer

LATER = {"MAIL": "451 4.3.0 try later"}

PLAN = text("""
INSERT INTO messages (visit_id, recipient_id, sequence, kind, offset_minutes, channel, queue, state, due_at,
                      expires_at, next_at, message_id, created_at, attempt, handoffs)
SELECT visit_id, recipient_id, sequence, kind, 10000 + n, channel, queue, state,
       due_at + n * interval '1 minute', due_at + n * interval '1 minute' + interval '1 day',
       due_at + n * interval '1 minute', message_id, created_at, 0, 0
FROM messages, generate_series(1, 20000) AS n WHERE kind = 'reminder' AND offset_minutes < 10000
""")


def test_messages_planned_for_later_are_not_looked_at(run: Runtime) -> None:
    book(run.desk, request(at(3, 10)))
    with run.db.transaction() as session:
        session.execute(PLAN)
        session.execute(text("ANALYZE messages"))
        asked = select(func.min(Message.due_at)).where(*waiting(run.db.now(session)))
        words = asked.compile(session.connection(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(session.execute(text(f"EXPLAIN {words}")).scalars())
    assert "messages_pending_idx" in plan
    assert "Seq Scan" not in plan


def test_a_relay_that_says_later_again_and_again_makes_a_message_wait_since_it_was_due(run: Runtime) -> None:
    told, *_ = book(run.desk, request(at(3, 10))).due
    with ScriptedServer(LATER) as relay:
        channel = EmailChannel(relay.url())
        room = PostRoom(run.desk, {ChannelName.EMAIL: channel}, "worker-1")
        for hours in (1, 2):
            with run.db.transaction() as session:
                now = run.db.now(session)
                mine = update(Message).where(Message.id == told.message)
                session.execute(mine.values(due_at=now - timedelta(hours=hours), next_at=now))
            deliver(room, told.message)
            with run.db.single() as connection:
                waits = measure(connection, run.desk).oldest_due_message
                next_at = connection.scalar(select(Message.next_at).where(Message.id == told.message))
            assert waits and abs(waits - hours * 3600) < 60
            assert next_at and next_at > now, "it is not due again yet"
        channel.close()
