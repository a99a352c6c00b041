"""The whole service with all around it, and everything that it ever said to anybody kept for the search."""

import email
import email.policy
import io
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import psycopg
from flask import Response, request
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import create_engine, text

from config.logging import configure_logging
from config.settings import Settings
from scheduler.app import create_app
from scheduler.bootstrap import Runtime, bootstrap
from scheduler.embedded.postgres import EmbeddedPostgres
from scheduler.embedded.redis import EmbeddedRedis
from tests.api.test_consents import TELEHEALTH
from tests.api.twilio import TOKEN
from tests.canary.values import ADVICE, BAD_EMAIL, EMAIL, LABEL, NAME, QUESTION, Secrets
from tests.conftest import CLINIC, settings_for
from tests.processes import api, database, running
from tests.smtp import ScriptedServer, Step
from tests.video.zoom_stub import ACCOUNT, CLIENT, SECRET, ZoomStub, zoom_stub
from tests.web import Asked, Reply, ScriptedWeb
from workers.bench import Bench
from workers.doorbell import Publisher, QueueDoorbell
from workers.sweeper import Sweeper

METRICS_TOKEN = "a-token-of-the-canary-to-read-figures"
INBOUND = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="
ANSWERS: Mapping[str, Step] = {
    "RCPT": [f"550 5.1.1 <{BAD_EMAIL}>: unknown", "250 2.1.5 Ok"],
    ".": [f"452 4.2.2 <{EMAIL}>: the mailbox of {NAME} is full", "250 2.0.0 Ok"],
}
"""Of the mail server, which says whom it will not have."""
ALERTS = '\n[alerts.default]\ntell = ["desk@clinic.example"]\n'


def clinic_file() -> str:
    """The tests' clinic, with words that occur nowhere else, consents, rooms and alerts."""
    changes = {
        'label = { en = "Asked", es = "Preguntada" }': f'label = {{ en = "{LABEL}", es = "{LABEL}" }}',
        'en = "Fever?", es = "¿Fiebre?"': f'en = "{QUESTION}?", es = "{QUESTION}?"',
        'en = "We must talk."': f'en = "{ADVICE}."',
        'message_name = "Dr. One"': 'message_name = "Dr. One"\nvideo = "one@clinic.example"',
        "[holidays]": TELEHEALTH.format(version="1"),
        'join = "1h"': 'join = "1h"' + ALERTS,
    }
    found = CLINIC.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in found, old
        found = found.replace(old, new)
    return found


@dataclass
class House:
    run: Runtime
    client: FlaskClient
    served: str
    """Where the same API is, as a process of its own behind gunicorn."""
    folder: Path
    """What processes say is in files below it."""
    logs: io.StringIO
    """What the API says that `client` calls."""
    postgres: Path
    """The database server's own log."""
    begins: int
    """Where ours begins in it."""
    redis: list[bytes]
    """All commands that Redis ever got."""
    broker: Redis
    smtp: ScriptedServer
    texts: ScriptedWeb
    web: ScriptedWeb
    """A program that hears of visits."""
    zoom: ZoomStub
    over: threading.Event
    """Set it, and nobody sweeps any more."""
    secrets: Secrets = field(default_factory=Secrets)
    walked: set[str] = field(default_factory=set)
    """Doors of the API that led somewhere."""
    feeds: list[bytes] = field(default_factory=list)
    """What subscribed calendars were given."""
    printed: list[bytes] = field(default_factory=list)
    """What the `visits` command said to whoever called it."""
    tickets: list[dict[str, Any]] = field(default_factory=list)
    """What the clinic's own video server learns of somebody."""

    def notes(self, answer: Response) -> Response:
        if request.url_rule and answer.status_code < 400:
            self.walked.add(f"{request.method} {request.url_rule.rule}")
        return answer

    # ---------------------------------------------------------------------------------- what is searched

    def said_in_logs(self) -> bytes:
        files = b"".join(each.read_bytes() for each in self.folder.glob("*.log"))
        return files + self.logs.getvalue().encode() + self.postgres.read_bytes()[self.begins :]

    def passed_through_redis(self) -> bytes:
        """By commands, and what is still there; the listener has heard all that was said until now."""
        said, since = f"all was heard until {uuid4()}".encode(), len(self.redis)
        self.broker.echo(said)
        assert wait_for(lambda: any(said in each for each in self.redis[since:]), 20), "nobody listens"
        keys = [key for key in self.broker.keys("*") if isinstance(key, bytes)]
        left = [bytes(self.broker.dump(key) or b"") for key in keys]
        return b"\n".join([*self.redis, *keys, *left])

    def metrics(self) -> bytes:
        answer = self.client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        assert answer.status_code == 200
        return bytes(answer.data)

    def hooks(self) -> bytes:
        return b"\n".join(str(dict(asked.headers)).encode() + asked.body for asked in self.web.asked)

    def vendor(self) -> bytes:
        return "\n".join(self.zoom.requests).encode() + b"\n".join(self.zoom.bodies)

    def letters(self) -> list[tuple[str, bytes]]:
        """To whom each mail went, and all that can be read in it."""
        return [_letter(raw) for raw in self.smtp.messages]

    def short_messages(self) -> list[tuple[str, bytes]]:
        """To which number each text went, and its words."""
        forms = [parse_qs(asked.body.decode()) for asked in self.texts.asked if asked.method == "POST"]
        return [(form["To"][0], form["Body"][0].encode()) for form in forms]

    def tables(self) -> dict[str, bytes]:
        """Every column of every row, as the server keeps it."""
        url = self.run.settings.database_url.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(url) as connection:
            names = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            ).fetchall()
            return {name: _copied(connection, name) for (name,) in names}

    # ------------------------------------------------------------------------------------ what is waited for

    def stop_sweeping(self) -> None:
        self.over.set()

    def make_due(self) -> None:
        """Reminders and all else that was planned leaves now, as the sweeper finds it."""
        with self.run.db.transaction() as session:
            due = "next_at = created_at, due_at = created_at"
            session.execute(text(f"UPDATE messages SET {due} WHERE state = 'pending'"))

    def settle(self, seconds: float = 90) -> None:
        """Until nothing is on its way any more."""
        open_ones = "state IN ('pending', 'claimed', 'handoff') AND next_at <= :now"
        waiting = f"SELECT count(*) FROM messages WHERE {open_ones}"

        def done() -> bool:
            with self.run.db.transaction() as session:
                now = self.run.db.now(session)
                return not session.execute(text(waiting), {"now": now}).scalar_one()

        assert wait_for(done, seconds), "messages are still waiting"


def wait_for(check: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.1)
    return check()


def _letter(raw: bytes) -> tuple[str, bytes]:
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    heads = "\n".join(f"{name}: {value}" for name, value in mail.items() if name != "To")
    parts = [part.get_payload(decode=True) or b"" for part in mail.walk() if not part.is_multipart()]
    unfolded = [bytes(part).replace(b"\r\n ", b"") for part in parts if isinstance(part, bytes)]
    return str(mail["To"]), b"\n".join([heads.encode(), *unfolded])


def _copied(connection: psycopg.Connection[Any], table: str) -> bytes:
    with connection.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as rows:
        return b"".join(bytes(each) for each in rows)


@contextmanager
def _overheard(address: str) -> Iterator[list[bytes]]:
    """Every command of every client, as Redis itself tells it."""
    heard: list[bytes] = []
    with Redis.from_url(address, socket_timeout=None) as client, client.monitor() as monitor:

        def listen() -> None:
            try:
                for command in monitor.listen():
                    heard.append(command["command"].encode())
            except (OSError, ValueError, AttributeError):
                return  # it is over

        threading.Thread(target=listen, daemon=True).start()
        yield heard


@contextmanager
def _logging() -> Iterator[io.StringIO]:
    """As in production, but all of it, into a text; what pytest had is put back."""
    root, written = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    configure_logging("DEBUG", "json")
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
    yield written
    root.handlers[:], root.level = before, level


@contextmanager
def _sweeping(run: Runtime) -> Iterator[threading.Event]:
    """Beside us: a process more would have to start, and would say the same."""
    over, publish = threading.Event(), Publisher(run.settings.redis_url).publish
    sweeper = Sweeper(run.desk, publish, Bench(run).do, lease=run.settings.lease)
    thread = threading.Thread(target=sweeper.run, args=(over,), name="sweeper")
    thread.start()
    try:
        yield over
    finally:
        over.set()
        thread.join()


def takes_texts() -> Callable[[Asked], Reply]:
    """The first is not taken, and comes back in the answer with the number that it was for."""
    taken = Reply(201, b'{"sid": "SM00000000000000000000000000000001", "status": "queued"}')
    answers = iter([503])
    return lambda asked: next((Reply(code, asked.body) for code in answers), taken)


def refuses_once() -> Callable[[Asked], Reply]:
    """The first hook fails, and says back what it got."""
    answers = iter([500])
    return lambda asked: Reply(next(answers, 200), asked.body)


def _settings(url: str, redis: str, smtp: str, texts: int, zoom: str) -> Settings:
    more: Mapping[str, object] = {
        "redis_url": redis,
        "smtp_url": smtp,
        "sms_url": f"twilio+http://AC{'0' * 32}:{TOKEN.replace(' ', '%20')}@127.0.0.1:{texts}/+14095550100",
        "inbound_mail_secret": INBOUND,
        "metrics_token": METRICS_TOKEN,
        "outgoing_loopback": True,
        "video": "zoom",
        "zoom_account_id": ACCOUNT,
        "zoom_client_id": CLIENT,
        "zoom_client_secret": SECRET,
        "zoom_url": zoom,
        "zoom_api_url": zoom,
        "log_level": "debug",
        "limit_reads": "10000/minute",
        "limit_writes": "10000/minute",
        "limit_contact": "1000/hour",
        "holds_at_once": 50,
        "lock_timeout": 500,
        "web_workers": 1,
        "worker_processes": 1,
    }
    return settings_for(url, **more)


@contextmanager
def _talkative(server: EmbeddedPostgres) -> Iterator[str]:
    """A database of her own, of which the server says all that it can."""
    with database(server.url, "canary", clinic_file()) as url:
        admin = create_engine(server.url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        with admin.connect() as connection:
            connection.execute(text("ALTER DATABASE canary SET log_min_messages = debug1"))
        admin.dispose()
        yield url


@contextmanager
def house(folder: Path, server: EmbeddedPostgres) -> Iterator[House]:
    """API, worker and sweeper at their most talkative."""
    logs = folder / "logs"
    logs.mkdir()
    begins = server.log.stat().st_size
    with ExitStack() as stack:
        enter = stack.enter_context
        redis = enter(EmbeddedRedis(folder / "redis")).url
        smtp = enter(ScriptedServer(ANSWERS))
        texts, web = enter(ScriptedWeb(takes_texts())), enter(ScriptedWeb(refuses_once()))
        zoom = enter(zoom_stub())
        url = enter(_talkative(server))
        settings = _settings(url, redis, smtp.url(), texts.port, zoom.url)
        heard = enter(_overheard(redis))
        run = bootstrap(settings, QueueDoorbell(redis))
        stack.callback(run.db.dispose)
        written = enter(_logging())
        enter(running(settings, logs, "scheduler.cli", "work", grace=1))
        over = enter(_sweeping(run))
        served = enter(api(settings, logs))
        app = create_app(run)
        broker = enter(Redis.from_url(redis))
        around = (server.log, begins, heard, broker, smtp, texts, web, zoom, over)
        lived = House(run, app.test_client(), served, logs, written, *around)
        app.after_request(lived.notes)
        yield lived
