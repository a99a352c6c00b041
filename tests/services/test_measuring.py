"""How long something waits is asked again and again, with a million messages planned."""

from sqlalchemy import func, select, text

from scheduler.bootstrap import Runtime
from scheduler.db.models import Message
from scheduler.services.booking import book
from scheduler.services.measuring import waiting
from tests.cast import at
from tests.services.asking import request

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
