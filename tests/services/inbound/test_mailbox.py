"""The clinic's mailbox on a real IMAP server: read by us beside the people whose it is."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scheduler.bootstrap import Runtime, bootstrap
from scheduler.channels.inbound.imap import ImapMailbox
from scheduler.channels.inbound.mime import LARGEST_MAIL
from scheduler.db.models import Errand, InboundMail, Mailbox
from scheduler.domain.messages import ErrandHint
from scheduler.services.ground.desk import Desk
from scheduler.services.inbound import mailbox
from scheduler.services.inbound.mailbox import BEFORE, EVERY, READ, ROW, SLOWEST, keep_reading, read_mailbox
from scheduler.services.inbound.receiving import receive
from scheduler.services.operations.doctor import examine
from scheduler.services.operations.health import MAILBOX_SILENT, OK, check
from scheduler.services.operations.measuring import measure
from tests.cast import NOW
from tests.channels.inbound.letters import calendar, mail, nested, part, reply
from tests.conftest import settings_for
from tests.dovecot import PASSWORD, Dovecot, dovecot
from tests.services.inbound.conftest import Booked, booked
from tests.services.inbound.test_hostile import READ as ODD
from tests.services.inbound.test_hostile import SET_ASIDE
from tests.smtp import client_tls, throw_away_certificate
from workers.errands import run_errand

pytestmark = pytest.mark.dovecot

PERSONS = mail(part("text/plain", "May I bring my daughter?"))
POISON = nested(1_000)
USERS = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with TemporaryDirectory(prefix="visits-dovecot-") as folder, dovecot(Path(folder)) as server:
        yield server


@dataclass
class Clinic:
    """A service that reads a mailbox of its own."""

    server: Dovecot
    desk: Desk
    user: str

    def get(self, *mails: bytes, folder: str = "INBOX", **more: object) -> None:
        self.server.deliver(self.user, *mails, folder=folder, **more)  # type: ignore[arg-type]

    def read(self) -> timedelta | None:
        return read_mailbox(self.desk)

    def reads(self, folder: str = "INBOX", handled: str | None = None) -> None:
        """From now on."""
        self.desk = replace(self.desk, mailbox=self.server.mailbox(self.user, folder, handled))

    def flags(self, folder: str = "INBOX") -> list[list[str]]:
        return self.server.flags(self.user, folder)

    @property
    def row(self) -> Mailbox:
        with self.desk.db.transaction() as session:
            return session.scalars(select(Mailbox)).one()

    @property
    def outcomes(self) -> list[str]:
        with self.desk.db.transaction() as session:
            return list(session.scalars(select(InboundMail.outcome).order_by(InboundMail.id)))


@pytest.fixture
def clinic_reads(server: Dovecot, run: Runtime) -> Clinic:
    made = Clinic(server, run.desk, f"clinic{next(USERS)}")
    made.reads()
    return made


@pytest.fixture
def visit(run: Runtime, client: FlaskClient) -> Booked:
    return booked(run, client)


# --------------------------------------------------------------------------------------------- what is read


def test_an_answer_in_the_mailbox_does_what_it_would_do_by_any_other_way(
    clinic_reads: Clinic, visit: Booked
) -> None:
    clinic_reads.get(reply(calendar(visit.uid)))
    assert clinic_reads.read() == EVERY
    assert visit.row.confirmed_at is not None
    assert (visit.acts, clinic_reads.flags()) == (["book", "confirm"], [["\\Seen"]])


def test_mails_of_people_stay_as_they_came(clinic_reads: Clinic, visit: Booked) -> None:
    clinic_reads.get(PERSONS, reply(calendar(visit.uid)), PERSONS.replace(b"daughter", b"son"))
    clinic_reads.read()
    assert clinic_reads.flags() == [[], ["\\Seen"], []]
    assert clinic_reads.outcomes == ["other", "confirmed", "other"]


def test_each_mail_is_read_once(clinic_reads: Clinic, visit: Booked) -> None:
    clinic_reads.get(PERSONS)
    clinic_reads.read()
    clinic_reads.get(reply(calendar(visit.uid)))
    clinic_reads.read()
    assert clinic_reads.read() == EVERY
    assert clinic_reads.outcomes == ["other", "confirmed"]
    assert clinic_reads.row.last_uid == 2


def test_what_needs_nobody_any_more_goes_to_the_folder_for_it(clinic_reads: Clinic, visit: Booked) -> None:
    clinic_reads.reads(handled="Visits.Done")
    clinic_reads.get(reply(calendar(visit.uid)), PERSONS)
    clinic_reads.read()
    assert (clinic_reads.flags(), clinic_reads.flags("Visits.Done")) == ([[]], [["\\Seen"]])


def test_any_folder_can_be_read(clinic_reads: Clinic, visit: Booked) -> None:
    folder = "Visits.Respuestas de mañana"
    clinic_reads.get(reply(calendar(visit.uid)), folder=folder)
    clinic_reads.get(reply(calendar(visit.uid, "DECLINED", stamp="20261201T140000Z")))
    clinic_reads.reads(folder)
    clinic_reads.read()
    assert (visit.row.confirmed_at is not None, clinic_reads.outcomes) == (True, ["confirmed"])


def test_mails_from_long_before_we_first_looked_are_not_read(clinic_reads: Clinic, visit: Booked) -> None:
    clinic_reads.get(PERSONS, at=NOW - BEFORE - timedelta(days=2))
    clinic_reads.get(reply(calendar(visit.uid)), at=NOW - BEFORE + timedelta(days=1))
    clinic_reads.read()
    assert clinic_reads.outcomes == ["confirmed"]


def test_a_mailbox_that_was_made_anew_is_read_from_its_beginning_without_harm(
    clinic_reads: Clinic, visit: Booked
) -> None:
    folder = "Answers"
    clinic_reads.reads(folder)
    clinic_reads.get(PERSONS, PERSONS.replace(b"daughter", b"son"), folder=folder)
    clinic_reads.read()
    before = clinic_reads.row.validity
    with clinic_reads.server.as_person(clinic_reads.user) as person:
        person.delete_folder(folder)
    clinic_reads.get(PERSONS, folder=folder)
    with clinic_reads.desk.db.transaction() as session:  # within a second it may get the same number
        session.execute(update(Mailbox).values(validity=before - 1))
    clinic_reads.get(reply(calendar(visit.uid)), folder=folder)
    clinic_reads.read()
    assert clinic_reads.outcomes == ["other", "other", "confirmed"]
    assert clinic_reads.flags(folder) == [[], ["\\Seen"]]


def test_a_full_mailbox_is_read_in_turns(
    clinic_reads: Clinic, visit: Booked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MOST", 2)
    clinic_reads.get(PERSONS, PERSONS.replace(b"daughter", b"son"), reply(calendar(visit.uid)))
    assert clinic_reads.read() == timedelta(0)
    assert clinic_reads.outcomes == ["other", "other"]
    assert clinic_reads.read() == EVERY
    assert clinic_reads.outcomes == ["other", "other", "confirmed"]


def test_who_takes_too_long_lets_others_have_their_turn(
    clinic_reads: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic_reads.get(PERSONS)
    monkeypatch.setattr(mailbox, "SECONDS", -1.0)
    assert clinic_reads.read() == timedelta(0)
    assert clinic_reads.outcomes == []


def test_two_who_read_at_the_same_time_do_everything_once(clinic_reads: Clinic, visit: Booked) -> None:
    """One of them was given up for dead, and is not."""
    clinic_reads.get(reply(calendar(visit.uid)), PERSONS, POISON)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: clinic_reads.read(), "ab")) == [EVERY, EVERY]
    assert (visit.acts, visit.tasks) == (["book", "confirm"], ["mail-set-aside"])
    assert clinic_reads.flags() == [["\\Seen"], [], ["\\Flagged"]]
    assert clinic_reads.row.last_uid == 3


# --------------------------------------------------------------------------------------------------- poison


def test_what_nobody_can_read_gets_a_flag_and_a_task_and_the_next_mail_is_read(
    clinic_reads: Clinic, visit: Booked
) -> None:
    huge = b"Subject: x\r\n\r\n" + b"x" * (LARGEST_MAIL + 10)
    clinic_reads.get(POISON, huge, reply(calendar(visit.uid)))
    assert clinic_reads.read() == EVERY
    assert clinic_reads.flags() == [["\\Flagged"], ["\\Flagged"], ["\\Seen"]]
    assert (visit.tasks, visit.row.confirmed_at is not None) == (["mail-set-aside"], True)


def test_of_all_mails_that_somebody_made_to_stop_us_none_does(clinic_reads: Clinic, visit: Booked) -> None:
    evil = [make(visit.uid) for make in SET_ASIDE.values()]
    crasher = reply(calendar(visit.uid, attendee="crasher@elsewhere.example"))
    clinic_reads.get(*evil, crasher, *(make(visit.uid) for make in ODD.values()))
    began = process_time()
    assert clinic_reads.read() == EVERY
    assert process_time() - began < 10
    assert clinic_reads.outcomes == [
        *["set-aside"] * len(evil),
        "stranger",
        "confirmed",
        *["stale"] * (len(ODD) - 1),
    ]
    assert (visit.acts, visit.tasks) == (["book", "confirm"], ["mail-set-aside", "stranger"])


def test_a_mail_over_which_we_die_is_given_up_and_the_next_one_is_read(
    clinic_reads: Clinic, visit: Booked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(desk: Desk, raw: bytes) -> None:
        if raw == PERSONS:
            raise SystemExit  # as a worker that is killed in its midst, which catches nothing
        receive(desk, raw)

    monkeypatch.setattr(mailbox, "receive", die)
    clinic_reads.get(PERSONS, reply(calendar(visit.uid)))
    for _ in range(mailbox.MOST_TRIES):
        with pytest.raises(SystemExit):
            clinic_reads.read()
    assert clinic_reads.read() == EVERY
    assert clinic_reads.flags() == [["\\Flagged"], ["\\Seen"]]
    assert (visit.tasks, visit.row.confirmed_at is not None) == (["mail-set-aside"], True)


def test_a_mail_that_came_another_way_too_is_put_where_it_belongs(
    clinic_reads: Clinic, visit: Booked
) -> None:
    """Also when a crash came between what it does and where it is put."""
    assert (visit.get(PERSONS), visit.get(reply(calendar(visit.uid)))) == ("other", "confirmed")
    clinic_reads.get(PERSONS, reply(calendar(visit.uid)))
    clinic_reads.read()
    assert clinic_reads.flags() == [[], ["\\Seen"]]
    assert visit.acts == ["book", "confirm"]


# ----------------------------------------------------------------------------------------- how it is reached


def codes(desk: Desk, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    read_mailbox(desk)
    return [record.code for record in caplog.records if hasattr(record, "code")]


def test_why_a_mailbox_cannot_be_read_is_said_by_a_code(
    clinic_reads: Clinic, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, desk = clinic_reads.server, clinic_reads.desk
    good = server.address(clinic_reads.user)
    stranger = client_tls(throw_away_certificate(tmp_path))
    for box, code in (
        (ImapMailbox(good, stranger), "tls"),
        (ImapMailbox(replace(good, password="wrong"), server.trust), "login-refused"),
        (ImapMailbox(replace(good, folder="Nowhere"), server.trust), "refused"),
        (ImapMailbox(replace(good, port=1), server.trust), "no-connection"),
    ):
        assert codes(replace(desk, mailbox=box), caplog) == [code]


def test_tls_begins_later_where_the_address_says_so(clinic_reads: Clinic, visit: Booked) -> None:
    server = clinic_reads.server
    address = replace(server.address(clinic_reads.user), starttls=True, port=server.starttls)
    clinic_reads.get(reply(calendar(visit.uid)))
    clinic_reads.desk = replace(clinic_reads.desk, mailbox=ImapMailbox(address, server.trust))
    assert clinic_reads.read() == EVERY
    assert clinic_reads.outcomes == ["confirmed"]


def test_a_mailbox_that_fails_is_asked_less_often_until_it_works(clinic_reads: Clinic) -> None:
    good = clinic_reads.desk.mailbox
    address = replace(clinic_reads.server.address(clinic_reads.user), port=1)
    away = replace(clinic_reads.desk, mailbox=ImapMailbox(address, clinic_reads.server.trust))
    waits = [read_mailbox(away) for _ in range(20)]
    assert waits[:3] == [EVERY, 2 * EVERY, 3 * EVERY]
    assert waits[-1] == SLOWEST
    assert (clinic_reads.row.last_error, clinic_reads.row.read_at) == ("no-connection", None)
    assert good is not None
    assert clinic_reads.read() == EVERY
    assert (clinic_reads.row.last_error, clinic_reads.row.failures) == (None, 0)


def test_neither_the_password_nor_what_mails_say_is_in_the_log(
    clinic_reads: Clinic, visit: Booked, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for("postgresql://nobody@localhost/nothing", imap_url="imaps://pat:canary@h/")
    assert "canary" not in repr(settings)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("imapclient").setLevel(logging.WARNING)  # as config/logging.py has it
    clinic_reads.get(reply(calendar(visit.uid, more="COMMENT:sciatica\r\n")), POISON)
    clinic_reads.read()
    said = " ".join(str(vars(record)) for record in caplog.records)
    assert "mail came in" in said
    assert not any(word in said for word in (PASSWORD, "sciatica", "pat0@"))


# ----------------------------------------------------------------------------------------- that it is read


def test_the_errand_is_planned_once_and_reads_the_mailbox(
    clinic_reads: Clinic, run: Runtime, visit: Booked
) -> None:
    desk = clinic_reads.desk
    with desk.db.transaction() as session:
        now = desk.db.now(session)
    assert [keep_reading(desk, now) for _ in range(3)] == [1, 0, 0]
    clinic_reads.get(reply(calendar(visit.uid)))
    assert run_errand(replace(run, desk=desk), ErrandHint(READ, ROW))
    assert not run_errand(replace(run, desk=desk), ErrandHint(READ, ROW))
    assert clinic_reads.outcomes == ["confirmed"]
    with desk.db.transaction() as session:
        assert session.scalars(select(Errand.next_at)).one() >= now + EVERY


def test_a_service_without_a_mailbox_has_nothing_to_read(run: Runtime) -> None:
    assert (keep_reading(run.desk, NOW), read_mailbox(run.desk)) == (0, None)
    assert "mailbox" not in check(run.desk, run.settings.redis_url).checks


def test_how_long_it_was_not_read_is_a_figure_and_a_fault(clinic_reads: Clinic, run: Runtime) -> None:
    desk = clinic_reads.desk
    clinic_reads.read()
    assert check(desk, run.settings.redis_url).checks["mailbox"] == OK
    ago = MAILBOX_SILENT + timedelta(minutes=1)
    with desk.db.transaction() as session:
        session.execute(update(Mailbox).values(read_at=Mailbox.read_at - ago))
    state = check(desk, run.settings.redis_url)
    assert state.checks["mailbox"] == "not read for 31 minutes: is `visits work` running?"
    assert state.can_book
    (told,) = (
        each for each in examine(desk, run.settings.redis_url, lambda _: None) if each.part == "mailbox"
    )
    assert (told.well, "VISITS_IMAP_URL" in told.way_out) == (False, True)
    with desk.db.single() as connection:
        measured = measure(connection, desk).mailbox
    assert measured is not None
    assert measured > ago.total_seconds()


def test_the_address_in_the_settings_is_the_mailbox_that_is_read(migrated: str) -> None:
    run = bootstrap(settings_for(migrated, imap_url="imaps://visits:example@mail.clinic.example/Answers"))
    assert run.desk.mailbox is not None
    assert run.desk.mailbox.name == "visits@mail.clinic.example/Answers"
    run.db.dispose()
