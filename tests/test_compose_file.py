"""What docker-compose.yml promises of every service, and that .env.example names every setting."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.settings import Settings
from scheduler.domain.messages import Queue
from scheduler.embedded import stack
from workers.queues import celery_app

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: Mapping[str, Any] = yaml.safe_load(TEXT)
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")

WORKERS = {
    name: service["command"][2:] for name, service in SERVICES.items() if "work" in service.get("command", [])
}
"""Which queues each of them takes."""
ONE_SHOT = "migrate"
LOOPBACK = re.compile(r"\$\{VISITS_HTTP_ADDRESS:-127\.0\.0\.1\}:\$\{VISITS_\w+_PORT:-\d+\}:\d+")
GIVEN = re.compile(r"\$\{VISITS_\w*:[?-].*")

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@every_service
def test_a_service_comes_back_and_says_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("no" if name == ONE_SHOT else "unless-stopped")
    assert (service["healthcheck"] == {"disable": True}) == (name == ONE_SHOT)


def test_each_part_is_asked_whether_it_does_its_work() -> None:
    """And not only whether it is there."""
    asked = {name: service["healthcheck"].get("test", []) for name, service in SERVICES.items()}
    assert asked["sweeper"] == ["CMD", "visits", "health", "sweep"]
    assert all(asked[name] == ["CMD", "visits", "health", "work"] for name in WORKERS)
    assert asked["api"][:3] == ["CMD", "python", "-c"]
    assert "'GET', '/health/ready'" in asked["api"][3]
    assert "getresponse().status != 200" in asked["api"][3]
    assert "('127.0.0.1', 8000)" in asked["door"][3]
    assert asked["postgres"][1] == "pg_isready"
    assert asked["redis"] == ["CMD-SHELL", "redis-cli ping | grep -q PONG"]
    assert set(SERVICES) == {*WORKERS, ONE_SHOT, "sweeper", "api", "door", "postgres", "redis", "mailpit"}


@every_service
def test_a_services_log_has_a_bound(name: str) -> None:
    logging = SERVICES[name]["logging"]
    assert logging["driver"] == "json-file"
    assert {"max-size", "max-file"} <= set(logging["options"])


@every_service
def test_a_service_gains_no_rights_and_writes_nowhere_else(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert bool(service.get("cap_add")) == (name == "postgres")


@every_service
def test_nothing_is_published_beyond_this_machine_by_default(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert all(LOOPBACK.fullmatch(port) for port in ports)
    assert bool(ports) == (name in ("door", "mailpit"))


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_the_data_has_no_way_out(name: str) -> None:
    assert all(COMPOSE["networks"][network]["internal"] for network in SERVICES[name]["networks"])


@every_service
def test_no_password_stands_in_the_file(name: str) -> None:
    environment: Mapping[str, str] = SERVICES[name].get("environment", {})
    secret = {key: value for key, value in environment.items() if re.search("PASSWORD|SECRET|KEY|_URL", key)}
    assert all(GIVEN.fullmatch(value) for value in secret.values())


def test_a_missing_password_stops_everything_with_a_word_of_advice() -> None:
    uses = re.findall(r"\$\{VISITS_POSTGRES_PASSWORD[^}]*", TEXT)
    assert uses
    assert all(":?is not set. Append the secrets" in use for use in uses)


def test_every_queue_has_a_worker_and_what_is_urgent_has_one_of_its_own() -> None:
    taken = [queue for queues in WORKERS.values() for queue in queues]
    assert sorted(taken) == sorted(Queue)
    assert [Queue.URGENT] in WORKERS.values()
    assert {name: tuple(queues) for name, queues in WORKERS.items()} == stack.WORKERS, "`visits up` is alike"


def test_whoever_is_asked_to_stop_may_finish_what_was_begun() -> None:
    longest: int = celery_app("redis://127.0.0.1:1/0").conf.task_time_limit
    assert all(seconds(SERVICES[each]["stop_grace_period"]) > longest for each in WORKERS)
    graceful = re.search(r"^graceful_timeout = (\d+)", (ROOT / "config" / "gunicorn.py").read_text(), re.M)
    assert graceful
    assert seconds(SERVICES["api"]["stop_grace_period"]) > int(graceful[1])


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_a_setting_stands_in_the_example_with_its_meaning(field: str) -> None:
    assert re.search(rf"^# .+\n#?VISITS_{field.upper()}=", EXAMPLE, re.M)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$\{(VISITS_\w+)", TEXT))))
def test_a_variable_of_the_compose_file_stands_in_the_example(name: str) -> None:
    assert re.search(rf"^#?{name}=", EXAMPLE, re.M)


def test_the_example_has_no_secret_and_names_nothing_that_is_not_known() -> None:
    named = dict(re.findall(r"^#?(VISITS_\w+)=(.*)$", EXAMPLE, re.M))
    known = {f"VISITS_{field.upper()}" for field in Settings.model_fields}
    assert set(named) <= known | set(re.findall(r"\$\{(VISITS_\w+)", TEXT))
    assert not any(value for name, value in named.items() if re.search("_KEYS?$|_PASSWORD$", name))
