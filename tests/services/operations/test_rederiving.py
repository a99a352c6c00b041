"""The rules of a zone change: what was promised stays, the instants follow, staff hear of what collides."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import tzdata
from sqlalchemy import insert, select, text, update

from scheduler.bootstrap import Runtime
from scheduler.db.models import AuditEntry, Hold, Message, Task, Visit, VisitEvent
from scheduler.domain.messages import MessageKind, MessageState
from scheduler.domain.visits import Act, VisitStatus
from scheduler.services.booking.making import book
from scheduler.services.changes.scene import Order, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.operations.rederiving import Rederived, Rules, rederive
from scheduler.services.slots.claims import claim_for_hold, occupation
from tests.cast import NOW, at
from tests.services.asking import claims_of, in_person, put_in_force, request, visit_row
from tests.services.rounds.test_expiring import STAFF

VANCOUVER = "America/Vancouver"
HOUR = timedelta(hours=1)


def doctored(key: str) -> ZoneInfo:
    """Vancouver with the clocks of Los Angeles: in December an hour behind what today's tzdata says."""
    if key != VANCOUVER:
        return ZoneInfo(key)
    with files("tzdata").joinpath("zoneinfo/America/Los_Angeles").open("rb") as file:
        return ZoneInfo.from_file(file, key)


REPEALED = Rules("2099z", doctored)


@pytest.fixture
def west(run: Runtime) -> Runtime:
    """Dr. One sees patients at the main office, and promises video visits by Vancouver's clock."""
    put_in_force(run, {'code = "one"\n': f'code = "one"\ntimezone = "{VANCOUVER}"\n'})
    return run


def by_video(run: Runtime, starts: Sequence[datetime], first: int = 0, kind: str = "follow-up") -> list[UUID]:
    asked = (request(start, first + n, kind, practitioner="one") for n, start in enumerate(starts))
    return [book(run.desk, each).visit.id for each in asked]


def tuesday(*halves: int) -> list[datetime]:
    """Half hours after nine at the clinic, on the eighth."""
    return [at(8, 9) + HOUR / 2 * half for half in halves]


def messages(run: Runtime, visit: UUID) -> list[tuple[str, int, str]]:
    rows = select(Message.kind, Message.sequence, Message.state).where(Message.visit_id == visit)
    with run.db.transaction() as session:
        found = session.execute(rows.order_by(Message.id))
        return [(kind, sequence, state) for kind, sequence, state in found]


def everything(run: Runtime) -> list[list[tuple[object, ...]]]:
    tables = ("visits", "claims", "messages", "visit_events", "audit_entries", "tasks")
    with run.db.transaction() as session:
        rows = (session.execute(text(f"SELECT * FROM {table} ORDER BY id")) for table in tables)
        return [[tuple(row) for row in each] for each in rows]


def test_today_vancouver_is_an_hour_ahead_of_los_angeles_in_december() -> None:
    """What the other tests stand on."""
    now, then = (zone(VANCOUVER).utcoffset(datetime(2026, 12, 8)) for zone in (ZoneInfo, doctored))  # noqa: DTZ001
    assert now and then and now - then == HOUR


def test_a_whole_day_of_neighbours_moves_by_an_hour(west: Runtime) -> None:
    visits = by_video(west, tuesday(*range(16)))
    before = [visit_row(west, each) for each in visits]
    done = rederive(west.desk, REPEALED)
    after = [visit_row(west, each) for each in visits]
    assert (done.visits, len(done.moved)) == (16, 16)
    assert "OVERLAPS" not in "".join(done.moved)
    for old, new in zip(before, after, strict=True):
        assert (new.starts_at - old.starts_at, new.ends_at - old.ends_at) == (HOUR, HOUR)
        assert (new.start_wall, new.zone, new.fold) == (old.start_wall, old.zone, old.fold)
        assert (new.sequence, new.version, new.tzdata) == (1, old.version + 1, "2099z")
        assert (new.uid, new.status) == (old.uid, VisitStatus.BOOKED)
        claims = claims_of(west, new.id)
        assert claims.keys() == {"one", "patient"}
        assert {(each.lower, each.upper) for each in claims.values()} == {(new.starts_at, new.ends_at)}


def test_what_moved_is_told_written_down_and_reported(west: Runtime) -> None:
    (visit,) = by_video(west, tuesday(2))
    done = rederive(west.desk, REPEALED)
    assert done.moved == [
        f"visit {visit}: 2026-12-08 09:00 America/Vancouver with one:"
        " 2026-12-08 16:00 -> 2026-12-08 17:00 UTC"
    ]
    told = messages(west, visit)
    assert {state for _, sequence, state in told if sequence == 0} == {MessageState.SUPERSEDED}
    assert [kind for kind, sequence, _ in told if sequence == 1] == [
        *(MessageKind.CHANGED, MessageKind.REMINDER, MessageKind.REMINDER, MessageKind.JOIN)
    ]
    with west.db.transaction() as session:
        event = session.scalars(select(VisitEvent).order_by(VisitEvent.id.desc()).limit(1)).one()
        audit = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
    assert (event.actor, event.act, event.reason, event.sequence) == (
        *("system", "reschedule", "tzdata-2099z", 1),
    )
    assert [each.act for each in audit] == ["rederive", "reschedule"]
    assert audit[0].detail == {"visits": 1, "moved": 1, "overlapping": 0}


def test_a_visit_in_another_zone_stays_and_only_learns_its_version(west: Runtime) -> None:
    visit = book(west.desk, in_person(at(8, 9), practitioner="one")).visit.id
    before = visit_row(west, visit)
    assert rederive(west.desk, REPEALED) == Rederived("2099z", 1, [])
    after = visit_row(west, visit)
    assert (after.tzdata, after.sequence, after.version) == ("2099z", 0, before.version)
    assert after.starts_at == before.starts_at
    assert MessageKind.CHANGED not in {kind for kind, _, _ in messages(west, visit)}


def test_who_then_overlaps_keeps_the_promise_without_a_claim_and_staff_are_told(west: Runtime) -> None:
    first, second, third = by_video(west, tuesday(0, 1, 2))
    stays = book(west.desk, in_person(at(8, 10, 30), 9, practitioner="one")).visit.id
    done = rederive(west.desk, REPEALED)
    assert [line.endswith("OVERLAPS another one") for line in sorted(done.moved, key=by_start)] == [
        *(False, True, False)
    ]
    assert visit_row(west, second).starts_at == visit_row(west, stays).starts_at == at(8, 10, 30)
    assert claims_of(west, second).keys() == {"patient"}
    for whole in (first, third, stays):
        assert "one" in claims_of(west, whole)
    with west.db.transaction() as session:
        task = session.scalars(select(Task)).one()
    assert (task.kind, task.visit_id, task.cause) == ("time-overlap", second, "tzdata 2099z")
    assert MessageKind.CHANGED in {kind for kind, _, _ in messages(west, second)}


def by_start(line: str) -> str:
    return line.partition(": ")[2]


def test_a_second_run_changes_nothing(west: Runtime) -> None:
    by_video(west, tuesday(0, 1))
    book(west.desk, in_person(at(8, 10), 9, practitioner="one"))
    rederive(west.desk, REPEALED)
    before = everything(west)
    assert rederive(west.desk, REPEALED) == Rederived("2099z", 0, [])
    assert everything(west) == before


def test_a_dry_run_says_the_same_and_changes_nothing(west: Runtime) -> None:
    by_video(west, tuesday(0, 1))
    book(west.desk, in_person(at(8, 10), 9, practitioner="one"))
    before = everything(west)
    tried = rederive(west.desk, REPEALED, dry_run=True)
    assert everything(west) == before
    assert rederive(west.desk, REPEALED) == tried


def test_the_way_back_restores_every_instant(west: Runtime) -> None:
    visits = by_video(west, tuesday(0, 1, 2))
    before = [visit_row(west, each).starts_at for each in visits]
    rederive(west.desk, REPEALED)
    rederive(west.desk)
    after = [visit_row(west, each) for each in visits]
    assert [each.starts_at for each in after] == before
    assert {(each.sequence, each.tzdata) for each in after} == {(2, tzdata.IANA_VERSION)}


def test_nothing_is_done_under_the_rules_that_all_visits_have(west: Runtime) -> None:
    by_video(west, tuesday(0))
    before = everything(west)
    assert rederive(west.desk) == Rederived(tzdata.IANA_VERSION, 0, [])
    assert everything(west) == before


def test_what_is_over_or_cancelled_is_left_alone(west: Runtime) -> None:
    cancelled, begun = by_video(west, tuesday(0, 1))
    carry_out(west.desk, Order(cancelled, Act.CANCEL, STAFF), advance)
    with west.db.transaction() as session:
        session.execute(update(Visit).where(Visit.id == begun).values(starts_at=NOW - HOUR))
    assert rederive(west.desk, REPEALED).visits == 0


def test_a_request_that_moves_is_told_as_a_request(west: Runtime) -> None:
    (visit,) = by_video(west, tuesday(0), kind="reviewed")
    rederive(west.desk, REPEALED)
    assert [(kind, sequence) for kind, sequence, _ in messages(west, visit)] == [
        *((MessageKind.RECEIVED, 0), (MessageKind.RECEIVED, 1))
    ]
    assert visit_row(west, visit).status == VisitStatus.PENDING


def other_clocks(**zones: str) -> Rules:
    """A release in which Vancouver and Chicago have the clocks of other places."""

    def zone(key: str) -> ZoneInfo:
        with files("tzdata").joinpath(f"zoneinfo/America/{zones[key.partition('/')[2]]}").open("rb") as file:
            return ZoneInfo.from_file(file, key)

    return Rules("2100a", zone)


def test_of_two_who_move_onto_each_other_the_first_who_booked_stays(west: Runtime) -> None:
    """Video visits go an hour later, visits at the office an hour earlier."""
    later = book(west.desk, in_person(at(8, 12), 9, practitioner="one")).visit.id
    (sooner,) = by_video(west, [at(8, 10)])
    rederive(west.desk, other_clocks(Vancouver="Los_Angeles", Chicago="New_York"))
    assert visit_row(west, sooner).starts_at == visit_row(west, later).starts_at == at(8, 11)
    assert claims_of(west, later).keys() == {"one", "main/r1", "patient"}
    assert claims_of(west, sooner).keys() == {"patient"}


def test_who_gave_way_is_in_nobodys_way(west: Runtime) -> None:
    """Three want eleven o'clock, and the first of two who move loses it to one who does not."""
    (first,) = by_video(west, [at(8, 10)])
    (second,) = by_video(west, [at(8, 10, 30)], 1)
    stays = book(west.desk, in_person(at(8, 11), 9, practitioner="one")).visit.id
    rederive(west.desk, REPEALED)
    assert claims_of(west, first).keys() == {"patient"}
    assert claims_of(west, second).keys() == {"one", "patient"}
    assert claims_of(west, stays).keys() == {"one", "main/r1", "patient"}


def test_a_patient_who_would_be_in_two_places_is_told_to_staff(west: Runtime) -> None:
    (moves,) = by_video(west, [at(8, 10)])
    stays = book(west.desk, in_person(at(8, 11), 0, practitioner="two")).visit.id
    rederive(west.desk, REPEALED)
    assert claims_of(west, moves).keys() == {"one"}
    assert claims_of(west, stays).keys() == {"two", "main/r1", "patient"}


def held(run: Runtime, start: datetime, expires_at: datetime) -> UUID:
    """Somebody is about to book a follow-up with Dr. One."""
    id = uuid4()
    with run.db.transaction() as session:
        moment = run.desk.clinics.moment(session)
        one = moment.in_force.resources["one"]
        kind = moment.clinic.visit_type("follow-up")
        assert kind
        row = {"visit_type": kind.code, "mode": "telemedicine", "practitioner": "one", "practitioner_id": one}
        times = {"starts_at": start, "ends_at": start + HOUR / 2, "created_at": NOW, "expires_at": expires_at}
        session.execute(insert(Hold.table()).values(id=id, client=b"example", **row, **times))
        claim_for_hold(session, id, occupation(kind, start, start.date(), one, None, None))
    return id


@pytest.mark.parametrize("expires_at", [NOW - HOUR, NOW + HOUR])
def test_a_hold_gives_way_to_a_visit(west: Runtime, expires_at: datetime) -> None:
    (visit,) = by_video(west, [at(8, 10)])
    held(west, at(8, 11), expires_at)
    assert "OVERLAPS" not in rederive(west.desk, REPEALED).moved[0]
    assert claims_of(west, visit).keys() == {"one", "patient"}
    with west.db.transaction() as session:
        assert (
            session.execute(text("SELECT count(*) FROM claims WHERE hold_id IS NOT NULL")).scalar_one() == 0
        )
