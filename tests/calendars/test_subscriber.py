"""A subscriber that others wrote: vdirsyncer fetches a feed, khal shows what it then has."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from werkzeug.serving import make_server

from scheduler.bootstrap import Runtime
from scheduler.domain.actors import SYSTEM, Actor, ActorKind
from scheduler.domain.feeds import Detail, FeedWish
from scheduler.domain.visits import Act
from scheduler.services.booking.making import book
from scheduler.services.changes.moving import Destination, move
from scheduler.services.changes.scene import Order, Scene, carry_out
from scheduler.services.changes.simple import advance
from scheduler.services.feeds.keeping import create_feed
from tests.cast import at
from tests.conftest import serving
from tests.services.asking import request

pytestmark = pytest.mark.khal

DESK = Actor(ActorKind.STAFF, "front-desk")

SYNCING = """
[general]
status_path = "{folder}/status"

[pair visits]
a = "feed"
b = "here"
collections = null

[storage feed]
type = "http"
url = "{url}"

[storage here]
type = "filesystem"
path = "{folder}/calendar"
fileext = ".ics"
"""
SHOWING = """
[calendars]
[[visits]]
path = {folder}/calendar
readonly = True

[locale]
local_timezone = America/Chicago
default_timezone = America/Chicago
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M

[sqlite]
path = {folder}/khal.db
"""
LINE = "{start-long} to {end-time}: {title}{cancelled}"


@pytest.fixture
def address(run: Runtime) -> Iterator[str]:
    """Where the service answers."""
    server = make_server("127.0.0.1", 0, serving(run), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


Look = Callable[[], list[str]]


@pytest.fixture
def look(run: Runtime, address: str, tmp_path: Path) -> Look:
    """What somebody's calendar shows after it looked at the feed again."""
    for tool in ("vdirsyncer", "khal"):
        if not shutil.which(tool):
            pytest.skip(f"SUBSCRIBER MISSING, feeds unread: apt-get install {tool}")
    wish = FeedWish("Dr. One", Detail.REFERENCE, practitioner="one")
    url = create_feed(run.desk, wish, SYSTEM)[1].replace(run.desk.public_url, address)
    (tmp_path / "calendar").mkdir()
    (tmp_path / "syncing").write_text(SYNCING.format(folder=tmp_path, url=url))
    (tmp_path / "showing").write_text(SHOWING.format(folder=tmp_path))
    told(tmp_path, "vdirsyncer", "-c", str(tmp_path / "syncing"), "discover")

    def again() -> list[str]:
        told(tmp_path, "vdirsyncer", "-c", str(tmp_path / "syncing"), "sync")
        shown = ("list", "--format", LINE, "--day-format", "", "2026-12-01", "60d")
        return told(tmp_path, "khal", "-c", str(tmp_path / "showing"), *shown).splitlines()

    return again


def told(home: Path, *command: str) -> str:
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"}
    environment.pop("PYTHONTZPATH", None)  # these programs use the zones of their own system
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def booked(run: Runtime, start: datetime, number: int = 0) -> tuple[UUID, str]:
    made = book(run.desk, request(start, number, practitioner="one")).visit
    return made.id, made.reference


def act(run: Runtime, visit: UUID, act: Act, perform: Callable[[Scene], None]) -> None:
    carry_out(run.desk, Order(visit, act, DESK), perform)


def test_a_subscriber_sees_visits_come_move_and_go(run: Runtime, look: Look) -> None:
    visit, reference = booked(run, at(8, 10))
    _, other = booked(run, at(10, 9), 1)
    stays = f"2026-12-10 09:00 to 09:30: Video visit {other}"
    assert look() == [f"2026-12-08 10:00 to 10:30: Video visit {reference}", stays]
    act(run, visit, Act.RESCHEDULE, partial(move, to=Destination(at(8, 10) + timedelta(days=1, hours=1))))
    assert look() == [f"2026-12-09 11:00 to 11:30: Video visit {reference}", stays]
    act(run, visit, Act.CANCEL, advance)
    assert look() == [f"2026-12-09 11:00 to 11:30: Cancelled: Video visit {reference}CANCELLED ", stays]
