"""The composed stack as an operator runs it: booked, told, scaled, hurt, and started again.

Needs a Docker engine with Compose, and the images or a way to them. Its stack has a name of its own.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from config.keys import fresh_keys
from scheduler.embedded.sockets import free_port

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config" / "clinic.example.toml"
PATIENCE = 90.0
SERVICES = ["door", "api", "worker-urgent", "worker", "sweeper", "postgres", "redis", "mailpit"]


def has_engine() -> bool:
    try:
        return all(
            subprocess.run(["docker", *words], capture_output=True, timeout=20).returncode == 0
            for words in (["info"], ["compose", "version"])
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


pytestmark = [
    pytest.mark.compose,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not has_engine(), reason="no Docker engine with Compose answers here"),
]


def eventually(found: Callable[[], object], within: float = PATIENCE) -> bool:
    end = time.monotonic() + within
    while not found():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


@dataclass(frozen=True)
class Composed:
    """A stack under its own name, with its own secrets, ports, volume and clinic file."""

    environment: Mapping[str, str]
    clinic: Path
    http: requests.Session
    api: str
    mailbox: str

    def compose(self, *words: str) -> str:
        done = subprocess.run(
            ["docker", "compose", *words], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout

    def up(self, *words: str) -> None:
        self.compose("up", "--detach", *words)
        assert eventually(lambda: self.readiness() in ("ready", "degraded"))

    def readiness(self) -> str:
        try:
            return str(self.http.get(f"{self.api}/health/ready", timeout=5).json()["status"])
        except (requests.RequestException, ValueError, KeyError):
            return "away"

    def states(self, service: str) -> list[str]:
        """`running/healthy` and the like, one for each container of a service."""
        ids = self.compose("ps", "--all", "--quiet", service).split()
        shape = "{{.State.Status}}/{{if .State.Health}}{{.State.Health.Status}}{{end}}"
        asked = ["docker", "inspect", "--format", shape, *ids]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()

    def healthy(self, service: str, count: int = 1) -> bool:
        return eventually(lambda: self.states(service) == ["running/healthy"] * count)

    def book(self, mail: str) -> dict[str, Any]:
        today = datetime.now(UTC).date()
        asked = {"visit_type": "follow-up", "mode": "telemedicine", "limit": "1"}
        asked |= {"from": str(today + timedelta(days=2)), "to": str(today + timedelta(days=30))}
        offered = self.http.get(f"{self.api}/v1/slots", params=asked, timeout=10)
        assert offered.status_code == 200, offered.text
        wish = {
            "visit_type": "follow-up",
            "mode": "telemedicine",
            "state": "TX",
            "consents": ["telehealth:example-1"],
            "start": offered.json()["slots"][0]["start"],
            "patient": {"name": f"Pat {mail}", "birth_date": "1960-02-29", "email": mail},
        }
        header = {"Idempotency-Key": str(uuid4())}
        answer = self.http.post(f"{self.api}/v1/visits", json=wish, headers=header, timeout=10)
        assert answer.status_code == 201, answer.text
        visit: dict[str, Any] = answer.json()
        return visit

    def told(self, mail: str) -> bool:
        """Whether a mail to them lies in the mailbox."""

        def found() -> bool:
            mails = self.http.get(f"{self.mailbox}/api/v1/messages", timeout=5).json()["messages"]
            return any(mail in json.dumps(each["To"]) for each in mails)

        return eventually(found)


def _environment(folder: Path, ports: tuple[int, int], clinic: Path) -> dict[str, str]:
    """What an operator's .env says, as a file for the containers and as variables for Compose."""
    api, mailbox = ports
    settings = {
        "VISITS_ENVIRONMENT": "sandbox",
        "VISITS_PUBLIC_URL": f"http://localhost:{api}",
        "VISITS_SMTP_URL": "smtp://mailpit:1025",
        **fresh_keys(),
    }
    file = folder / "env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VISITS_")}
    return inherited | {
        "COMPOSE_PROJECT_NAME": f"visits-test-{uuid4().hex[:8]}",
        "COMPOSE_PROFILES": "demo",
        "COMPOSE_DISABLE_ENV_FILE": "1",
        "VISITS_ENV_FILE": str(file),
        "VISITS_POSTGRES_PASSWORD": uuid4().hex,
        "VISITS_HTTP_PORT": str(api),
        "VISITS_MAILBOX_PORT": str(mailbox),
        "VISITS_CLINIC": str(clinic),
        "VISITS_VERSION": "test",
    }


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    folder = tmp_path_factory.mktemp("composed")
    clinic = folder / "clinic.toml"
    clinic.write_bytes(EXAMPLE.read_bytes())
    ports = free_port(), free_port()
    with requests.Session() as http:
        http.trust_env = False
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        stack = Composed(_environment(folder, ports, clinic), clinic, http, *addresses)
        try:
            stack.up("--build")
            yield stack
        finally:
            stack.compose("down", "--volumes", "--timeout", "5")


def test_a_visit_booked_at_the_door_is_told_by_mail(stack: Composed) -> None:
    stack.book("first@example.org")
    assert stack.told("first@example.org")


@pytest.mark.parametrize("service", SERVICES)
def test_everything_that_runs_says_that_it_is_well(stack: Composed, service: str) -> None:
    assert stack.healthy(service)


def test_more_workers_and_more_apis_stand_behind_the_same_door(stack: Composed) -> None:
    stack.up("--scale", "worker=3", "--scale", "api=2")
    assert stack.healthy("api", 2)
    assert stack.healthy("worker", 3)
    stack.book("scaled@example.org")
    assert stack.told("scaled@example.org")
    stack.compose("kill", "api")
    assert stack.http.get(f"{stack.api}/v1/clinic", timeout=10).status_code == 503
    stack.up()


def test_a_faulty_clinic_file_changes_nothing_and_the_service_says_so(stack: Composed) -> None:
    before = stack.http.get(f"{stack.api}/v1/clinic", timeout=10).json()
    stack.clinic.write_text("this is no clinic", encoding="utf-8")
    stack.compose("run", "--rm", "migrate")
    assert stack.readiness() == "degraded"
    assert stack.http.get(f"{stack.api}/v1/clinic", timeout=10).json() == before
    stack.clinic.write_bytes(EXAMPLE.read_bytes())
    stack.compose("run", "--rm", "migrate")
    assert eventually(lambda: stack.readiness() == "ready")


def test_without_redis_and_workers_visits_are_booked_and_told_all_the_same(stack: Composed) -> None:
    stack.compose("kill", "redis", "worker-urgent", "worker")
    stack.book("lonely@example.org")
    assert stack.told("lonely@example.org")
    stack.up()
    stack.book("together@example.org")
    assert stack.told("together@example.org")


def test_what_was_booked_outlives_the_stack(stack: Composed) -> None:
    visit = stack.book("kept@example.org")
    assert stack.told("kept@example.org")
    stack.compose("down")
    stack.up()
    bearer = {"Authorization": f"Bearer {visit['token']}"}
    again = stack.http.get(f"{stack.api}/v1/visits/{visit['id']}", headers=bearer, timeout=10)
    assert again.status_code == 200, again.text
    assert again.json()["reference"] == visit["reference"]
