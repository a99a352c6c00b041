"""What a patient's calendar answers, and what comes of it."""

from sqlalchemy import select, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import InviteAnswer, Message
from scheduler.domain.messages import MessageKind
from scheduler.services.outbox.content import mail_of
from tests.api.principals import HELPER
from tests.cast import at
from tests.channels.inbound.letters import bounce, calendar, mail, part, reply
from tests.outbox.conftest import claimed, rows
from tests.services.inbound.conftest import Booked, booked

LATER = "20261201T140000Z"


def test_yes_confirms(visit: Booked) -> None:
    assert visit.get(reply(calendar(visit.uid))) == "confirmed"
    assert visit.row.confirmed_at is not None
    assert visit.answers == [(0, "20261201T130000Z", "ACCEPTED")]
    assert (visit.acts, visit.tasks) == (["book", "confirm"], [])


def test_the_same_again_changes_nothing(visit: Booked) -> None:
    visit.get(reply(calendar(visit.uid)))
    before = visit.row.version
    assert visit.get(reply(calendar(visit.uid))) == "repeated"
    assert visit.get(reply(calendar(visit.uid), Subject="Fwd: Accepted")) == "stale"
    assert visit.row.version == before


def test_no_marks_the_visit_and_cancels_nothing(visit: Booked) -> None:
    visit.act("confirm")
    assert visit.get(reply(calendar(visit.uid, "DECLINED"))) == "declined"
    assert (visit.row.status, visit.row.confirmed_at, visit.row.sequence) == ("booked", None, 0)
    assert visit.answers == [(0, "20261201T130000Z", "DECLINED")]
    assert visit.tasks == ["declined"]
    assert visit.acts == ["book", "confirm", "say-no"]


def test_no_is_answered_by_one_mail_with_the_way_to_cancel(visit: Booked, run: Runtime) -> None:
    visit.get(reply(calendar(visit.uid, "DECLINED")))
    visit.get(reply(calendar(visit.uid, "DECLINED", stamp=LATER)))
    (message,) = rows(run, visit.id, MessageKind.REPLY)
    assert message.queue == "urgent"
    with run.db.transaction() as session:
        answer = mail_of(session, run.desk, claimed(run, message.id))
    assert f"/v/{visit.token}" in answer.text
    assert answer.calendar is None
    assert answer.subject == "Your appointment on Dec 3 is still booked"


def test_a_yes_after_a_no_counts_if_it_is_newer(visit: Booked) -> None:
    visit.get(reply(calendar(visit.uid, "DECLINED", stamp=LATER)))
    assert visit.get(reply(calendar(visit.uid, "ACCEPTED"))) == "stale"
    assert visit.row.confirmed_at is None
    assert visit.get(reply(calendar(visit.uid, "ACCEPTED", stamp="20261201T150000Z"))) == "confirmed"
    assert visit.row.confirmed_at is not None


def test_a_calendar_whose_clock_is_years_ahead_has_not_the_last_word(visit: Booked) -> None:
    assert visit.get(reply(calendar(visit.uid, "ACCEPTED", stamp="20990101T000000Z"))) == "confirmed"
    assert [stamp[:8] for _, stamp, _ in visit.answers] == ["20261202"]
    with visit.run.db.transaction() as session:  # it came an hour ago
        session.execute(update(InviteAnswer).values(stamp="20261202T110000Z"))
    assert visit.get(reply(calendar(visit.uid, "DECLINED", stamp="20261203T120000Z"))) == "declined"


def test_a_yes_to_the_old_time_is_none_to_the_new_one(visit: Booked) -> None:
    visit.act("reschedule", start=at(3, 15).isoformat())
    assert visit.get(reply(calendar(visit.uid, "ACCEPTED"))) == "recorded"
    assert visit.row.confirmed_at is None
    assert visit.answers == [(0, "20261201T130000Z", "ACCEPTED")]
    assert visit.get(reply(calendar(visit.uid, "ACCEPTED", sequence=1))) == "confirmed"


def test_a_no_to_the_old_time_is_none_to_the_new_one(visit: Booked) -> None:
    visit.act("reschedule", start=at(3, 15).isoformat())
    assert visit.get(reply(calendar(visit.uid, "DECLINED"))) == "recorded"
    assert visit.tasks == []


def test_an_answer_to_what_we_never_said_is_not_kept(visit: Booked) -> None:
    assert visit.get(reply(calendar(visit.uid, "DECLINED", sequence=999_999_999))) == "stale"
    assert visit.answers == []
    assert visit.get(reply(calendar(visit.uid))) == "confirmed"


def test_maybe_is_written_down(visit: Booked) -> None:
    assert visit.get(reply(calendar(visit.uid, "TENTATIVE"))) == "recorded"
    assert visit.answers == [(0, "20261201T130000Z", "TENTATIVE")]


def test_another_time_and_another_person_are_for_staff(visit: Booked) -> None:
    assert visit.get(reply(calendar(visit.uid, method="COUNTER"))) == "countered"
    assert visit.get(reply(calendar(visit.uid, "DELEGATED", stamp=LATER))) == "delegated"
    assert visit.tasks == ["countered", "delegated"]
    assert (visit.row.status, visit.row.version, len(visit.acts)) == ("booked", 1, 1)


def test_somebody_who_was_not_invited_adds_nobody(visit: Booked, run: Runtime) -> None:
    with run.db.transaction() as session:
        before = session.scalars(select(Message.id)).all()
    assert visit.get(reply(calendar(visit.uid, attendee="crasher@elsewhere.example"))) == "stranger"
    assert (visit.tasks, visit.answers, visit.row.confirmed_at) == (["stranger"], [], None)
    with run.db.transaction() as session:
        assert session.scalars(select(Message.id)).all() == before


def test_an_old_address_is_a_strangers(visit: Booked) -> None:
    headers = {"Authorization": f"Bearer {visit.token}"}
    body = {"email": "new@patients.example"}
    assert visit.client.patch(f"/v1/visits/{visit.id}/contact", json=body, headers=headers).status_code == 200
    assert visit.get(reply(calendar(visit.uid, "DECLINED"))) == "stranger"
    assert visit.get(reply(calendar(visit.uid, sequence=1, attendee="New@Patients.Example"))) == "confirmed"


def test_a_helper_answers_for_themselves(run: Runtime, visit: Booked) -> None:
    start = at(4, 10)
    theirs = booked(run, visit.client, start=start, number=7, booked_by=HELPER)
    assert theirs.get(reply(calendar(theirs.uid, attendee="parent@patients.example"))) == "confirmed"
    assert theirs.get(reply(calendar(theirs.uid, "DECLINED", attendee="pat7@patients.example"))) == "declined"
    assert len(theirs.answers) == 2


def test_a_visit_that_is_over_or_cancelled_only_keeps_the_answer(visit: Booked) -> None:
    visit.act("cancel")
    assert visit.get(reply(calendar(visit.uid, sequence=1))) == "recorded"
    assert (visit.row.status, visit.row.confirmed_at) == ("cancelled", None)


def test_a_request_that_waits_is_not_confirmed_by_its_patient(run: Runtime, visit: Booked) -> None:
    waiting = booked(run, visit.client, start=at(4, 10), number=7, visit_type="reviewed")
    assert waiting.get(reply(calendar(waiting.uid, attendee="pat7@patients.example"))) == "recorded"
    assert (waiting.row.status, waiting.row.confirmed_at) == ("pending", None)


def test_an_entry_that_we_do_not_know(visit: Booked) -> None:
    assert visit.get(reply(calendar("0d9ac3b5-55a4-4f0e-9d9a-2f1f6f6f8a01"))) == "unknown"
    assert visit.get(reply(calendar("somebody-elses@calendar.example"))) == "unknown"
    assert visit.get(reply(calendar(visit.uid, method="REQUEST"))) == "other"


def test_it_may_come_as_an_attachment_alone(visit: Booked) -> None:
    raw = mail(
        part("text/plain", "Accepted"), part('application/ics; name="invite.ics"', calendar(visit.uid))
    )
    assert visit.get(raw) == "confirmed"


def test_a_forwarded_answer_is_not_looked_into(visit: Booked) -> None:
    inner = reply(calendar(visit.uid, "DECLINED")).decode().replace("b0", "inner")
    assert visit.get(mail(part("text/plain", "See below"), part("message/rfc822", inner))) == "other"
    assert (visit.tasks, visit.answers) == ([], [])


def test_a_report_that_echoes_an_answer_is_no_answer(visit: Booked) -> None:
    echoed = part("text/calendar; method=REPLY", calendar(visit.uid, "DECLINED"))
    assert visit.get(bounce("0" * 32, extra=[echoed])) == "set-aside"
    assert visit.answers == []
