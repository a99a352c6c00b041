"""The whole service on one machine: its servers, the service itself, ready to be used."""

import importlib.util
import os
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path

import requests

import config
from scheduler.domain.scopes import Scope
from scheduler.embedded.environment import (
    Ports,
    development_only,
    is_given,
    python_environment,
    service_environment,
)
from scheduler.embedded.errors import EmbeddedError, MissingExtra, PortTaken
from scheduler.embedded.forks import CAN_FORK, Forks, fresh
from scheduler.embedded.keys import keys
from scheduler.embedded.locks import FolderLock
from scheduler.embedded.postgres import EmbeddedPostgres
from scheduler.embedded.processes import Process
from scheduler.embedded.redis import EmbeddedRedis
from scheduler.embedded.sockets import is_taken
from scheduler.embedded.supervisor import Program, Supervisor
from scheduler.embedded.terminal import Terminal

DATABASE, REDIS, SMTP = "VISITS_DATABASE_URL", "VISITS_REDIS_URL", "VISITS_SMTP_URL"
EXAMPLE_ACCOUNT = "desk"
EXAMPLE_CLINIC = Path(config.__path__[0]) / "clinic.example.toml"
CLINIC_APPLIED = "clinic-applied"  # a mark in the data folder
READY_SECONDS = 60
WORKERS = {"worker-urgent": ("urgent",), "worker": ("bulk", "hooks", "calendar")}
"""By the names of docker-compose.yml: the queues that each of them takes."""
WORKER_GRACE = 25  # seconds, above the worker's own soft shutdown
IMPORTED = (
    "scheduler.cli.accounts",
    "scheduler.cli.clinic",
    "scheduler.cli.running",
    "scheduler.app",
    "celery.apps.worker",
    "celery.concurrency.prefork",
    "kombu.transport.redis",
    "gunicorn.workers.gthread",
)
"""What the parts need, beforehand."""


class Stack:
    """`start` brings the parts up under a supervisor, in the order in which they need each other."""

    def __init__(
        self,
        data: Path,
        ports: Ports,
        terminal: Terminal,
        *,
        clinic: Path | None = None,
        caller: Mapping[str, str] | None = None,
    ) -> None:
        self._data = data.absolute()
        self._ports = ports
        self._terminal = terminal
        self._clinic = clinic
        self._caller = os.environ if caller is None else caller
        self._lock = FolderLock(self._data)
        self._forks = Forks(IMPORTED, terminal, python_environment(self._caller))
        self._env: dict[str, str] = {}
        self.api = f"http://127.0.0.1:{ports.api}"
        self.mailbox = None if is_given(self._caller, SMTP) else f"http://127.0.0.1:{ports.mailbox}"

    def claim(self) -> None:
        """Everything that can be known to be wrong before a part starts."""
        development_only(self._caller)
        if self._clinic is not None and not self._clinic.is_file():
            raise EmbeddedError(f"There is no clinic file {self._clinic}.")
        self._data.mkdir(mode=0o711, parents=True, exist_ok=True)  # as root, another user runs PostgreSQL
        self._lock.acquire()
        self._check_ports()

    def release(self) -> None:
        self._lock.release()

    def start(self, supervisor: Supervisor) -> None:
        if CAN_FORK:
            supervisor.start(self._forks)  # imports while the servers start
        servers = self._start_servers(supervisor)
        self._env = service_environment(self._caller, self._ports, keys(self._data), servers)
        self._start_mailbox(supervisor)
        self._migrate()
        for name, queues in WORKERS.items():
            supervisor.start(self._program(name, ["scheduler.cli", "work", *queues], WORKER_GRACE))
        supervisor.start(self._program("sweeper", ["scheduler.cli", "sweep"]))
        supervisor.start(self._api())

    def _check_ports(self) -> None:
        wanted = [(self._ports.api, "booking API", "--port")]
        if self.mailbox:
            wanted.append((self._ports.smtp, "mail", "--smtp-port"))
            wanted.append((self._ports.mailbox, "mailbox page", "--mailbox-port"))
        seen: set[int] = set()
        for port, purpose, option in wanted:
            if port in seen or is_taken(port):
                raise PortTaken(port, purpose, option)
            seen.add(port)

    def _start_servers(self, supervisor: Supervisor) -> dict[str, str]:
        """The addresses of those that the caller has not brought."""
        addresses = {}
        if not is_given(self._caller, DATABASE):
            postgres = EmbeddedPostgres(self._data / "postgres")
            supervisor.start(postgres)
            addresses[DATABASE] = postgres.url
        if not is_given(self._caller, REDIS):
            redis = EmbeddedRedis(self._data / "redis")
            supervisor.start(redis)
            addresses[REDIS] = redis.url
        return addresses

    def _start_mailbox(self, supervisor: Supervisor) -> None:
        if not self.mailbox:
            return
        if importlib.util.find_spec("aiosmtpd") is None:
            raise MissingExtra("aiosmtpd")
        ports = ["--smtp-port", str(self._ports.smtp), "--http-port", str(self._ports.mailbox)]
        command = ["scheduler.embedded.mailbox", *ports, "--folder", str(self._data / "mails")]
        ready = partial(answers, f"{self.mailbox}/readyz")
        supervisor.start(Program("mailbox", command, self._terminal, spawn=self._spawn, ready=ready, grace=3))

    def _migrate(self) -> None:
        """With the clinic that was asked for; the example only into a new database of our own."""
        mark = self._data / CLINIC_APPLIED
        clinic = self._clinic
        if clinic is None and not mark.exists() and not is_given(self._caller, DATABASE):
            clinic = EXAMPLE_CLINIC
        arguments = ["--clinic", str(clinic)] if clinic else []
        self._program("migrate", ["scheduler.cli", "migrate", *arguments]).run()
        if not mark.exists() and not is_given(self._caller, DATABASE):
            self._make_account()
        mark.touch()

    def _make_account(self) -> None:
        """Somebody who can sign in at the front desk of a new database: the password is said this once."""
        scopes = [word for scope in Scope for word in ("--scope", str(scope))]
        create = ["scheduler.cli", "accounts", "create", *scopes, "--", EXAMPLE_ACCOUNT]
        self._terminal.say(f"The front desk's first account is {EXAMPLE_ACCOUNT}, its first password:")
        self._program("account", create).run()

    def _api(self) -> Program:
        command = ["gunicorn", "-c", "python:config.gunicorn", "scheduler.wsgi:app"]
        command += ["--bind", f"127.0.0.1:{self._ports.api}"]
        ready, seconds = partial(answers, f"{self.api}/health/ready"), READY_SECONDS
        return Program("api", command, self._terminal, spawn=self._spawn, ready=ready, seconds=seconds)

    def _program(self, name: str, command: list[str], grace: float = 10) -> Program:
        return Program(name, command, self._terminal, spawn=self._spawn, grace=grace)

    def _spawn(self, command: Sequence[str]) -> Process:
        """A module of ours, `[name, argument…]`, with what it has to know."""
        return (self._forks.spawn if CAN_FORK else fresh)(command, self._env)


def answers(address: str) -> bool:
    """Whether a page of our own answers 200; never through a proxy that the environment may name."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(address, timeout=5).status_code == HTTPStatus.OK
        except requests.RequestException:
            return False
