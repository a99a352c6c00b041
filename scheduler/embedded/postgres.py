"""A PostgreSQL server of our own in a folder, for machines and test runs that have none."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg

from scheduler.embedded.errors import DidNotStart, OtherVersion
from scheduler.embedded.leftovers import end_former_server
from scheduler.embedded.locks import FolderLock
from scheduler.embedded.postgres_wheel import Installation, find_installation, let_in, let_run, server_user
from scheduler.embedded.processes import spawn, stop, tail, wait_ready
from scheduler.embedded.sockets import socket_folder

DATABASE = "visits"
OWNER = "visits"
START_SECONDS = 60  # recovery after a kill -9 may take a while
STOP_SECONDS = 10
LOG_BYTES = 1_000_000

DEFAULTS = {
    "listen_addresses": "",  # nobody outside this machine, nobody but us on it
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedPostgres:
    """`start` makes the cluster where there is none, ends what a former run left, and returns the URL; a
    second `start` starts again a server that died. `settings` are the server's (`{"fsync": "off"}`)."""

    name = "postgres"

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.log = self.folder / "server.log"
        self._cluster = self.folder / "cluster"
        self._settings = {**DEFAULTS, **(settings or {})}
        self._lock = FolderLock(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._user: tuple[int, int] | None = None
        self._sockets = self.folder

    @property
    def url(self) -> str:
        """For SQLAlchemy with psycopg, over the server's unix socket."""
        return f"postgresql+psycopg://{OWNER}@/{DATABASE}?host={quote(str(self._sockets), safe='')}"

    def start(self) -> str:
        if self.poll() is not None:
            try:
                self._run(self._prepare())
            except BaseException:
                self.stop()
                raise
        return self.url

    def poll(self) -> int | None:
        """None while it runs, like `Popen.poll`; -1 before the first start."""
        return -1 if self._process is None else self._process.poll()

    def stop(self, grace: float = STOP_SECONDS) -> None:
        """Ends open connections and waits for the last checkpoint; kills a server that takes too long."""
        if self._process is not None:
            stop(self._process, signal.SIGINT, grace)
            self._process = None
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self) -> Installation:
        installation = find_installation()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.acquire()
        _check_version(self._cluster, installation)
        self._user = server_user()
        self._sockets = socket_folder(self.folder, self._user)
        if self._user:
            let_run(installation)
            os.chown(self.folder, *self._user)
            let_in(self.folder)
        end_former_server(self._cluster)
        if not self._cluster.exists():
            self._make_cluster(installation)
        return installation

    def _make_cluster(self, installation: Installation) -> None:
        """Into a folder beside it first, so that a kill in the middle leaves no half of a cluster."""
        new = self.folder / "cluster.new"
        shutil.rmtree(new, ignore_errors=True)
        command: list[str | Path] = [
            *(installation.program("initdb"), "-D", new, "-U", OWNER, "--auth=trust", "--encoding=UTF8"),
            *("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        ]
        with self._open_log() as log:
            code = spawn(command, user=self._user, output=log, cwd=self.folder).wait()
        if code != 0:
            raise DidNotStart("initdb", "failed", tail(self.log))
        new.rename(self._cluster)

    def _run(self, installation: Installation) -> None:
        """As our own child, not through pg_ctl, so that it ends with us."""
        settings = {**self._settings, "unix_socket_directories": str(self._sockets)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with self._open_log() as log:
            self._process = spawn(
                [installation.program("postgres"), "-D", self._cluster, *options],
                user=self._user,
                output=log,
                cwd=self.folder,
                death=signal.SIGINT,
            )
        wait_ready(
            "PostgreSQL", self._process, self._answers, seconds=START_SECONDS, log=lambda: tail(self.log)
        )

    def _answers(self) -> bool:
        """Whether it takes connections; makes our database when it is the first one."""
        with contextlib.suppress(psycopg.OperationalError), self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
        return False

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._sockets), user=OWNER, dbname="postgres", autocommit=True, connect_timeout=5
        )

    def _open_log(self) -> IO[bytes]:
        """Kept from run to run up to a size; nobody rotates it."""
        small = self.log.exists() and self.log.stat().st_size < LOG_BYTES
        return self.log.open("ab" if small else "wb")


def _check_version(cluster: Path, installation: Installation) -> None:
    file = cluster / "PG_VERSION"
    found = file.read_text().strip() if file.exists() else None
    if found is not None and found != str(installation.major):
        raise OtherVersion(cluster, found, str(installation.major))
