"""The house itself: what every part must have, and how large a part may grow."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import Any

import grimp
import pytest
from celery import Celery
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from config.settings import Settings
from scheduler.api import problems
from scheduler.api.languages import LANGUAGES
from scheduler.api.problems import CODES, HTTP_SLUGS, slug_of, status_of
from scheduler.api.texts import texts
from scheduler.domain.errors import ClinicFileFaulty, SchedulerError
from scheduler.domain.messages import WORDLESS, MessageKind, Queue
from scheduler.messages.render import TEMPLATES
from scheduler.messages.words import WORDS
from scheduler.web.texts import words
from tests.conftest import LONGEST, settings_for
from workers.tasks import work

ROOT = Path(__file__).parents[1]
CODE = ("scheduler", "workers", "config")
LONGEST_FUNCTION = 50
LONGEST_FILE = 300

NOT_OVER_HTTP = {ClinicFileFaulty}
"""Errors that only people at a terminal meet."""


@cache
def modules() -> list[Path]:
    """Our own code; migrations are written once, by a generator."""
    found = [path for part in CODE for path in (ROOT / part).rglob("*.py")]
    return sorted(path for path in found if "versions" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (each for each in nodes(path) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


# ------------------------------------------------------------------------------------------------------ size


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{name(path)}:{each.lineno} {each.name}"
        for path in modules()
        for each in functions(path)
        if (each.end_lineno or 0) - each.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_file_holds_more_than_one_thought() -> None:
    assert [name(p) for p in modules() if len(p.read_text("utf-8").splitlines()) > LONGEST_FILE] == []


def lines(paths: Iterable[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def test_there_are_more_lines_of_tests_than_of_code() -> None:
    assert lines((ROOT / "tests").rglob("*.py")) > lines(modules())


# --------------------------------------------------------------------------------------------------- imports


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = [
        f"{name(path)}:{inner.lineno}"
        for path in modules()
        for function in functions(path)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph(*CODE, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert list(TopologicalSorter(imports).static_order())  # raises CycleError, which names the ring


def test_imports_run_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_every_package_of_use_cases_says_what_is_behind_its_door_and_hands_nothing_on() -> None:
    doors = sorted((ROOT / "scheduler" / "services").glob("*/__init__.py"))
    assert doors
    silent = [name(each) for each in doors if not ast.get_docstring(tree(each))]
    handing_on = [name(each) for each in doors if len(tree(each).body) > 1]
    assert (silent, handing_on) == ([], [])


def imported(path: Path) -> Iterator[str]:
    for each in nodes(path):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            assert each.level == 0, f"{name(path)}:{each.lineno} says where it stands, not what it wants"
            yield each.module or ""


def test_what_is_true_stands_on_the_standard_library_alone() -> None:
    strangers = {
        (name(path), module)
        for path in modules()
        if path.is_relative_to(ROOT / "scheduler" / "domain")
        for module in imported(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("scheduler.domain")
    }
    assert strangers == set()


def test_pages_use_no_view_of_the_api() -> None:
    """They call the same use cases; what they share with it is what a request is."""
    views = {
        f"scheduler.api.{path.stem}"
        for path in (ROOT / "scheduler" / "api").glob("*.py")
        if {"blueprint", "pages"} & {*map(_target, tree(path).body)}
    }
    assert {"scheduler.api.visits", "scheduler.api.holds"} <= views
    used = {
        (name(path), module)
        for path in modules()
        if path.is_relative_to(ROOT / "scheduler" / "web")
        for module in imported(path)
        if module in views
    }
    assert used == set()


def _target(node: ast.stmt) -> str:
    """What a statement gives a name to."""
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else ""


def test_no_rule_and_no_use_case_asks_the_hosts_clock_what_time_it_is() -> None:
    """The database's clock decides; `services/operations/health.py` compares the two."""
    parts = [
        ROOT / "scheduler" / part for part in ("domain", "services", "api", "web", "messages", "calendars")
    ]
    asking = {
        name(path)
        for path in modules()
        if any(path.is_relative_to(part) for part in parts)
        for each in nodes(path)
        if isinstance(each, ast.Attribute)
        and each.attr in ("now", "utcnow", "today", "time")
        and isinstance(each.value, ast.Name)
        and each.value.id in ("datetime", "date", "time")
        and each.attr != each.value.id
        and (each.value.id, each.attr) != ("datetime", "time")
    }
    assert asking <= {"scheduler/services/operations/health.py"}


# ----------------------------------------------------------------------------------------------------- words


def called(node: ast.Call) -> str:
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def said_codes() -> Iterator[tuple[str, str]]:
    """Every code that a fault is given somewhere, and where."""
    positions = {"Fault": 1, "_fault": 0, "PydanticCustomError": 0}
    for path in modules():
        for each in nodes(path):
            at = positions.get(called(each)) if isinstance(each, ast.Call) else None
            if isinstance(each, ast.Call) and at is not None and len(each.args) > at:
                for code in literals(each.args[at]):
                    yield code, f"{name(path)}:{each.lineno}"


def literals(node: ast.expr) -> Iterator[str]:
    """The texts that an expression may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))


def fallback_codes() -> Iterator[str]:
    """What `_code` in problems.py answers by itself."""
    (function,) = (f for f in functions(Path(problems.__file__)) if f.name == "_code")
    for each in ast.walk(function):
        if isinstance(each, ast.Return) and isinstance(each.value, ast.Constant):
            yield str(each.value.value)


def test_the_search_for_codes_finds_them() -> None:
    found = {code for code, _ in said_codes()}
    assert {"unknown", "not-offered", "no-contact", "not-an-email", "malformed"} <= found
    assert {"wrong-type", "not-a-date"} <= set(fallback_codes())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_is_explained_in_every_language(language: str) -> None:
    known = texts(language)["faults"]
    assert [f"{code} at {where}" for code, where in said_codes() if code not in known] == []
    assert {*CODES.values(), *fallback_codes()} <= set(known)


def errors(family: type[SchedulerError] = SchedulerError) -> Iterator[type[SchedulerError]]:
    """Every error that is raised as such; families only hold them together."""
    for each in family.__subclasses__():
        yield from errors(each) if each.__subclasses__() else (each,)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_is_a_problem_that_people_can_read(language: str) -> None:
    known = texts(language)["problems"]
    over_http = [each.__new__(each) for each in errors() if each not in NOT_OVER_HTTP]
    slugs = {slug_of(error) for error in over_http} | set(HTTP_SLUGS.values()) | {"internal"}
    assert slugs - set(known) == set()
    assert all(text["title"] and text["detail"] for text in known.values())


def test_no_refusal_is_a_failure_of_ours() -> None:
    statuses = {type(error).__name__: status_of(error) for error in map(_bare, errors())}
    assert [each for each, status in statuses.items() if status == 500] == [
        each.__name__ for each in NOT_OVER_HTTP
    ]


def _bare(error: type[SchedulerError]) -> SchedulerError:
    return error.__new__(error)


def test_all_languages_say_the_same_things() -> None:
    keys = [({*texts(language)["problems"]}, {*texts(language)["faults"]}) for language in LANGUAGES]
    assert all(each == keys[0] for each in keys)
    assert len(LANGUAGES) >= 2


def flat(words: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in words.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}.{key}")
        else:
            yield f"{path}.{key}".removeprefix("."), str(value)


GAP = re.compile(r"{(\w*)}")


def test_pages_say_the_same_things_in_all_languages() -> None:
    said = {language: dict(flat(words(language))) for language in LANGUAGES}
    first = said[LANGUAGES[0]]
    for language, texts_of in said.items():
        assert set(texts_of) == set(first), language
        assert all(texts_of.values())
        gaps = {key: set(GAP.findall(text)) for key, text in texts_of.items()}
        assert gaps == {key: set(GAP.findall(text)) for key, text in first.items()}, language


def test_pages_have_neither_scripts_nor_styles_in_themselves() -> None:
    """The policy forbids them; a browser would leave them out without a word."""
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", re.I)
    templates = sorted((ROOT / "scheduler" / "web" / "templates").rglob("*.html"))
    assert templates
    assert [name(each) for each in templates if inline.search(each.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("kind", sorted(set(MessageKind) - WORDLESS))
def test_every_message_has_its_texts_in_every_language(kind: MessageKind) -> None:
    wanted = {
        f"{kind}/{language}/{part}" for language in WORDS for part in ("subject.txt", "text.txt", "body.html")
    }
    assert {each for each in wanted if not (TEMPLATES / each).is_file()} == set()


def test_no_texts_are_kept_for_messages_that_nobody_sends() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert folders == set(MessageKind) - WORDLESS


# ------------------------------------------------------------------------------------------------- set up


ENVIRONMENT = ROOT / ".env.example"
WRITTEN = re.compile(r"^(?P<off>#?)(?P<name>[A-Z][A-Z0-9_]+)=(?P<value>.*)$", re.M)


def written() -> dict[str, str]:
    return {each["name"]: each["value"] for each in WRITTEN.finditer(ENVIRONMENT.read_text(encoding="utf-8"))}


def test_every_setting_stands_in_the_example_of_an_environment() -> None:
    settings = {f"VISITS_{field.upper()}" for field in Settings.model_fields}
    assert settings - set(written()) == set()


def test_the_example_of_an_environment_sets_nothing_that_nobody_reads() -> None:
    settings = {f"VISITS_{field.upper()}" for field in Settings.model_fields}
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    unread = {
        each for each in set(written()) - settings if each.startswith("VISITS_") and each not in compose
    }
    assert unread == set()


def test_numbers_in_the_example_of_an_environment_are_the_defaults() -> None:
    """Those of the composed stack, where it has its own."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    own = {name: float(number) for name, number in re.findall(r"\$\{(VISITS_\w+):-(\d+)\}", compose)}
    numbers = {
        f"VISITS_{field.upper()}": info.default
        for field, info in Settings.model_fields.items()
        if isinstance(info.default, int | float)
    }
    assert {each: float(written()[each]) for each in numbers} == {
        each: own.get(each, number) for each, number in numbers.items()
    }


def test_every_queue_has_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Celery, "worker_main", lambda self, argv: told.extend(argv))
    work(settings_for("postgresql://nobody@localhost/nothing"))
    (queues,) = [each.removeprefix("--queues=") for each in told if each.startswith("--queues=")]
    assert set(queues.split(",")) == set(Queue)


def test_the_files_that_are_begun_first_exist() -> None:
    assert [each for each in LONGEST if not (ROOT / "tests" / each).is_file()] == []


def test_the_commands_of_the_project_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for target in project["scripts"].values():
        module, _, function = target.partition(":")
        assert callable(getattr(import_module(module), function))


# -------------------------------------------------------------------------------------------------- routes

OPEN_TO_ALL = {
    "GET /v1/clinic",
    "GET /v1/visit-types",
    "GET /v1/practitioners",
    "GET /v1/locations",
    "GET /v1/slots",
    "GET /v1/triage",
    "POST /v1/triage",
    "POST /v1/callbacks",  # asks for answers that ask for a call
    "POST /v1/visits",
    "POST /v1/links",
    "POST /v1/holds",
    "DELETE /v1/holds/<uuid:id>",  # its id is the secret
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",  # asks for a token of its own
    "POST /v1/inbound/mail",  # these ask for a signature
    "POST /v1/inbound/twilio/status",
    "POST /v1/inbound/twilio/sms",
    "GET /calendars/<token>.ics",  # its token is the secret
    "GET /unsubscribe/<token>",  # its token is the secret, as of all links in mails
    "POST /unsubscribe/<token>",
    "GET /v/<token>",
    "GET /find-appointment",  # says the same to everybody
    "POST /find-appointment",
    "GET /not-you/<token>",
    "POST /not-you/<token>",
    "GET /v/<token>/join",  # of a join link
    "POST /v/<token>/join",
    "GET /rehearsal-room/<name>",  # nothing is in any of them
    "GET /openapi.json",
    "GET /docs",
    "GET /docs/static/<path:filename>",
    "GET /problems/<slug>",
    "GET /static/<version>/<path:name>",
    "GET /widget.js",
    "GET /look/<version>/accent.css",
    "GET /look/<version>/logo.svg",
}
"""Whatever is not named here asks for a token: the manage token of a visit, or a key of staff."""

AWAY = {"practitioner": "one", "start": "2026-12-03T10:00:00-06:00", "end": "2026-12-03T11:00:00-06:00"}
BODIES: dict[str, dict[str, Any]] = {
    "reschedule": {"start": "2026-12-03T10:00:00-06:00"},
    "convert": {"mode": "in_person"},
    "cancel": {"reason": "patient"},
    "consents": {"consents": ["privacy:1"]},
    "whereabouts": {"state": "TX", "phone": "(409) 555-0123", "address": "1 Example Street"},
    "mail-again": {"recipient": "patient"},
    "revoke-links": {"recipient": "patient"},
    "search": {"name": "Nobody"},
    "time-off": AWAY,
    "<uuid:id>": {"enabled": False},
    "webhooks": {"label": "Records", "url": "https://records.example/hooks"},
    "replay": {"webhook": "00000000-0000-4000-8000-000000000000"},
    "outside-calendars": {
        "practitioner": "one",
        "label": "Rota",
        "address": "https://calendar.example/a.ics",
    },
    "feeds": {"label": "Dr. Lee"},
    "extra-hours": {**AWAY, "location": "main", "modes": ["in_person"]},
}
DAY = {"from": "2026-12-03", "to": "2026-12-03"}
QUERIES = {"slots": {"mode": "in_person", **DAY}, "visits": DAY}
"""What must be right about a request before the caller matters."""


def routes(client: FlaskClient) -> dict[str, Rule]:
    rules = client.application.url_map.iter_rules()
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    return {f"{method} {rule.rule}": rule for rule in rules for method in methods & (rule.methods or set())}


def somewhere(rule: str) -> str:
    """An address that fits the rule and leads to nothing."""
    address = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000000", rule)
    return re.sub(r"<[^>]+>", "1", address)


def answer_to(client: FlaskClient, route: str, headers: dict[str, str]) -> int:
    method, _, rule = route.partition(" ")
    last = rule.rsplit("/", 1)[-1]
    body = None if method in ("GET", "DELETE") else BODIES.get(last, {})
    asked = client.open(
        somewhere(rule), method=method, json=body, query_string=QUERIES.get(last), headers=headers
    )
    return asked.status_code


def test_what_is_open_to_all_is_named_one_by_one(client: FlaskClient) -> None:
    assert set(routes(client)) >= OPEN_TO_ALL


def test_every_other_route_asks_who_is_calling(client: FlaskClient) -> None:
    guarded = [
        route
        for route in routes(client)
        if route not in OPEN_TO_ALL
        and " /staff" not in route  # pages: tests/pages/staff/test_safety.py
        and " /my/" not in route  # pages on a visit's cookie: tests/pages/test_own_visit.py
        and " /book" not in route  # open to whoever knows the form's id: tests/pages/test_book_safety.py
    ]
    assert guarded
    refused = (401, 404)  # 404: others' things do not exist
    for headers in ({}, {"Authorization": "Bearer nothing"}, {"Authorization": "Basic cGF0OnBhdA=="}):
        answers = {route: answer_to(client, route, headers) for route in guarded}
        assert {route: status for route, status in answers.items() if status not in refused} == {}
    assert {answer_to(client, route, {}) for route in guarded} == {401}


def test_the_contract_says_of_every_guarded_route_that_it_is_guarded(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    for path, operations in paths.items():
        rule = path.replace("{id}", "<uuid:id>").replace("{token}", "<token>")
        for method, operation in operations.items():
            open_to_all = f"{method.upper()} {rule}" in OPEN_TO_ALL
            assert open_to_all or operation.get("security"), f"{method} {path}"
