"""Whose clock a mail goes by."""

from uuid import UUID

from sqlalchemy import update

from scheduler.bootstrap import Runtime
from scheduler.db.models import Recipient, Visit
from scheduler.services.booking.making import book
from tests.cast import at
from tests.outbox.postbox import Postbox, make_round
from tests.services.asking import request


def video_visit_with_somebody_in_denver(run: Runtime, patient_zone: str | None = None) -> UUID:
    visit = book(run.desk, request(at(8, 10))).visit.id
    with run.db.transaction() as session:
        session.execute(update(Visit).values(zone="America/Denver"))
        session.execute(update(Recipient).values(timezone=patient_zone))
    return visit


def test_a_video_visit_is_told_by_the_clinics_clock_not_by_the_practitioners(run: Runtime) -> None:
    video_visit_with_somebody_in_denver(run)
    box = Postbox()
    make_round(run, box)
    assert "10:00 AM Central time" in box.mails[0].text
    assert "Mountain" not in box.mails[0].text


def test_a_patient_elsewhere_reads_their_own_clock_first_and_then_the_clinics(run: Runtime) -> None:
    video_visit_with_somebody_in_denver(run, "America/New_York")
    box = Postbox()
    make_round(run, box)
    text = box.mails[0].text
    assert text.index("Eastern time") < text.index("Central time")
    assert "Mountain" not in text
