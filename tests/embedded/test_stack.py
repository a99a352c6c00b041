import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.embedded.environment import Ports, service_environment
from scheduler.embedded.errors import EmbeddedError, InUse, PortTaken
from scheduler.embedded.sockets import free_port
from scheduler.embedded.stack import Stack
from scheduler.embedded.terminal import Terminal
from scheduler.embedded.up import up
from tests.embedded.test_supervisor import Screen

PORTS = Ports(8000, 1025, 8025)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


@pytest.fixture
def terminal() -> Terminal:
    return Screen()


def test_a_taken_port_is_said_before_anything_starts(
    tmp_path: Path, taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code = up(data=tmp_path / "data", port=free_port(), smtp_port=taken, mailbox_port=free_port())
    assert code == 1
    assert f"Port {taken} (mail) is taken on 127.0.0.1. Choose another one with --smtp-port." in (
        capsys.readouterr().out
    )
    assert not (tmp_path / "data" / "postgres").exists()


def test_one_port_for_two_purposes_is_refused(tmp_path: Path, terminal: Terminal) -> None:
    port = free_port()
    with pytest.raises(PortTaken, match="--mailbox-port"):
        Stack(tmp_path, Ports(free_port(), port, port), terminal, caller={}).claim()


def test_the_mail_ports_do_not_matter_to_who_brings_a_mail_server(
    tmp_path: Path, terminal: Terminal, taken: int
) -> None:
    caller = {"VISITS_SMTP_URL": "smtp://127.0.0.1:2525"}
    stack = Stack(tmp_path, Ports(free_port(), taken, taken), terminal, caller=caller)
    stack.claim()
    stack.release()
    assert stack.mailbox is None


def test_two_stacks_on_one_folder_are_refused(tmp_path: Path, terminal: Terminal) -> None:
    first, second = (
        Stack(tmp_path, Ports(free_port(), free_port(), free_port()), terminal, caller={}) for _ in range(2)
    )
    first.claim()
    with pytest.raises(InUse, match="Stop it first, or choose another folder"):
        second.claim()
    first.release()
    second.claim()
    second.release()


def test_a_production_environment_is_refused(tmp_path: Path, terminal: Terminal) -> None:
    stack = Stack(tmp_path, PORTS, terminal, caller={"VISITS_ENVIRONMENT": "production"})
    with pytest.raises(EmbeddedError, match="docker-compose"):
        stack.claim()


def test_a_clinic_file_that_is_not_there_is_said_at_once(tmp_path: Path, terminal: Terminal) -> None:
    stack = Stack(tmp_path / "data", PORTS, terminal, clinic=tmp_path / "none.toml", caller={})
    with pytest.raises(EmbeddedError, match=r"no clinic file .*none\.toml"):
        stack.claim()
    assert not (tmp_path / "data").exists()


def test_what_the_caller_has_set_wins_as_a_value_or_as_a_file() -> None:
    caller = {"VISITS_SMTP_URL": "smtp://mine", "VISITS_LOOKUP_KEY_FILE": "/run/key", "HOME": "/somewhere"}
    found = service_environment(
        caller, PORTS, {"VISITS_LOOKUP_KEY": "made"}, {"VISITS_REDIS_URL": "redis://"}
    )
    assert found["VISITS_SMTP_URL"] == "smtp://mine"
    assert "VISITS_LOOKUP_KEY" not in found
    assert found["HOME"] == "/somewhere"
    assert found["VISITS_REDIS_URL"] == "redis://"


def test_the_services_get_a_development_environment_with_pinned_time_zones() -> None:
    found = service_environment({}, PORTS, {}, {})
    assert found["VISITS_ENVIRONMENT"] == "development"
    assert found["VISITS_SMTP_URL"] == "smtp://127.0.0.1:1025"
    assert found["VISITS_PUBLIC_URL"] == "http://localhost:8000"
    assert "http://localhost:8080" in found["VISITS_CORS_ORIGINS"].split(",")
    assert found["VISITS_LOG_FORMAT"] == "text"
    assert found["PYTHONTZPATH"] == ""
