"""Who is away, who works more, and whom that concerns."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from scheduler.api.runtime import runtime
from scheduler.api.schemas.schedule import ExtraHoursIn, TimeOffIn
from scheduler.db.models import ExtraHours, TimeOff
from scheduler.domain.clinic import Mode
from scheduler.domain.errors import Invalid
from scheduler.domain.scopes import Scope
from scheduler.domain.times import instant
from scheduler.services.hours.extra_hours import open_hours, take_back
from scheduler.services.hours.time_off import end_time_off, read_time_off, take_off, upcoming
from scheduler.web.forms import errors_of, field, read
from scheduler.web.going import go
from scheduler.web.staff.members import may, require, staff_pages
from scheduler.web.staff.showing import show, the_clinic

MOST = 100

blueprint = staff_pages("desk_schedule", __name__)


@blueprint.get("/schedule")
def show_schedule() -> Response:
    return _schedule(done=request.args.get("done", ""))


def _schedule(status: int = 200, errors: dict[str, str] | None = None, done: str = "") -> Response:
    require(Scope.SCHEDULE)
    run, clinic = runtime(), the_clinic()
    with run.db.transaction() as session:
        now = run.db.now(session)
        off = upcoming(session, TimeOff, None, now, None, MOST).items
        extra = upcoming(session, ExtraHours, None, now, None, MOST).items
    return show(
        "schedule.html",
        status,
        active="schedule",
        off=off,
        extra=extra,
        people=[("", ""), *((each.code, each.name) for each in clinic.practitioners)],
        places=[("", "–"), *((each.code, each.name) for each in clinic.locations)],
        values=request.form,
        errors=errors or {},
        done=done,
    )


@blueprint.post("/time-off")
def enter_time_off() -> Response:
    """In force at once; the next page says whom it hits."""
    actor = require(Scope.SCHEDULE)
    try:
        asked = read(TimeOffIn, _stretch("off_"))
        away = take_off(runtime().desk, asked.practitioner, asked.start, asked.end, actor)
    except Invalid as invalid:
        return _schedule(422, errors_of(invalid, _ids("off_")))
    return go(url_for("desk_schedule.show_time_off", id=away.entry.id, done="time-off"))


@blueprint.get("/time-off/<uuid:id>")
def show_time_off(id: UUID) -> Response:
    """Whom it hits by now: the list of those to call."""
    actor, run = require(Scope.SCHEDULE), runtime()
    with run.db.transaction() as session:
        away = read_time_off(session, run.desk, id, actor, run.db.now(session))
    return show(
        "time_off.html",
        active="schedule",
        away=away,
        done=request.args.get("done", ""),
        sees_visits=may(Scope.VISITS),
    )


@blueprint.post("/time-off/<uuid:id>/delete")
def delete_time_off(id: UUID) -> Response:
    end_time_off(runtime().desk, id, require(Scope.SCHEDULE))
    return go(url_for("desk_schedule.show_schedule", done="time-off-ended"))


@blueprint.post("/extra-hours")
def enter_extra_hours() -> Response:
    actor = require(Scope.SCHEDULE)
    modes = [str(mode) for mode in Mode if field(f"mode_{mode}")]
    asked = {**_stretch("extra_"), "location": field("extra_location"), "modes": modes}
    try:
        open_hours(runtime().desk, read(ExtraHoursIn, asked).opening(), actor)
    except Invalid as invalid:
        return _schedule(422, errors_of(invalid, _ids("extra_")))
    return go(url_for("desk_schedule.show_schedule", done="extra-hours"))


@blueprint.post("/extra-hours/<uuid:id>/delete")
def delete_extra_hours(id: UUID) -> Response:
    """What was booked there stays: the page says what it is."""
    gone = take_back(runtime().desk, id, require(Scope.SCHEDULE))
    return show("hours_gone.html", active="schedule", gone=gone, sees_visits=may(Scope.VISITS))


def _stretch(prefix: str) -> dict[str, str]:
    """Wall clocks of the practitioner, as instants."""
    clinic, code = the_clinic(), field(f"{prefix}practitioner")
    found = clinic.practitioner(code)
    zone = found.timezone if found else clinic.timezone
    return {
        "practitioner": code,
        "start": _instant(field(f"{prefix}start"), zone),
        "end": _instant(field(f"{prefix}end"), zone),
    }


def _instant(wall: str, zone: ZoneInfo) -> str:
    """As it was written where it is no time: the schema says what is wrong."""
    try:
        written = datetime.fromisoformat(wall)
    except ValueError:
        return wall
    return instant(written.replace(tzinfo=None), zone).astimezone(UTC).isoformat()


def _ids(prefix: str) -> dict[str, str]:
    names = ("practitioner", "start", "end", "location")
    return {f"/{name}": prefix + name for name in names} | {"": f"{prefix}end", "/modes": "mode_in_person"}
