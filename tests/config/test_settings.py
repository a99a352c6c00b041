"""The environment of a service that could start, and everything that is wrong with one that could not."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import Environment, Settings, SettingsFaulty, load_settings
from tests.conftest import example_key

ENOUGH = {
    "DATABASE_URL": "postgresql://visits@localhost/visits",
    "ENCRYPTION_KEYS": f"e1:{example_key('encryption')}",
    "LOOKUP_KEY": example_key("lookup"),
    "LINK_KEYS": f"l1:{example_key('links')}",
}
SERIOUS = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://visits.clinic.example",
    "SMTP_URL": "smtps://relay.clinic.example",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"VISITS_{name.upper()}", raising=False)
        monkeypatch.delenv(f"VISITS_{name.upper()}_FILE", raising=False)
    return monkeypatch


def load(environment: pytest.MonkeyPatch, *parts: Mapping[str, str], **more: str) -> Settings:
    for name, value in {name: value for part in (*parts, more) for name, value in part.items()}.items():
        environment.setenv(f"VISITS_{name}", value)
    return load_settings()


def faults(environment: pytest.MonkeyPatch, *parts: Mapping[str, str], **more: str) -> list[str]:
    with pytest.raises(SettingsFaulty) as refused:
        load(environment, *parts, **more)
    return str(refused.value).splitlines()


def test_an_address_and_three_secrets_are_enough(environment: pytest.MonkeyPatch) -> None:
    settings = load(environment, ENOUGH)
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.database_pool == 8
    assert settings.cors_origins == ()
    assert not settings.production


def test_everything_that_is_missing_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    assert [line.split(":")[0] for line in faults(environment)] == [f"VISITS_{name}" for name in ENOUGH]


def test_everything_that_is_wrong_is_said_at_once_and_no_value_is_repeated(
    environment: pytest.MonkeyPatch,
) -> None:
    wrong = {
        "DATABASE_URL": "mysql://root:hunter2hunter2@localhost/visits",
        "DATABASE_POOL": "many",
        "ENCRYPTION_KEYS": "e1:hunter2",
        "LOOKUP_KEY": "hunter2",
        "LINK_KEYS": "hunter2",
        "ENVIRONMENT": "staging",
        "LOG_FORMAT": "xml",
        "LOG_LEVEL": "loud",
        "CORS_ORIGINS": "https://clinic.example/,*",
        "PHONE": "409-hunter2",
        "WEB_THREADS": "0",
        "STATEMENT_TIMEOUT": "1",
        "CLOCK_OFFSET": "soon",
    }
    said = faults(environment, wrong)
    assert {
        line.split(":")[0].removeprefix("VISITS_").removesuffix("_0").removesuffix("_1") for line in said
    } == {*wrong}
    assert "hunter2" not in "\n".join(said)


@pytest.mark.parametrize("level", ["debug", "INFO", "Warning", "ERROR", "critical"])
def test_a_log_level_is_read_in_any_case(environment: pytest.MonkeyPatch, level: str) -> None:
    assert load(environment, ENOUGH, LOG_LEVEL=level).log_level == level


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("postgresql://visits@localhost/visits", "postgresql+psycopg://visits@localhost/visits"),
        ("postgres://visits@localhost/visits", "postgresql+psycopg://visits@localhost/visits"),
        ("postgresql+psycopg2://v@localhost/visits", "postgresql+psycopg://v@localhost/visits"),
        ("postgresql://v:p%40ss%2Fword@host:5433/x", "postgresql+psycopg://v:p%40ss%2Fword@host:5433/x"),
        ("postgresql://v@/visits?host=/run/pg", "postgresql+psycopg://v@/visits?host=%2Frun%2Fpg"),
        ("postgresql://v@host/x?sslmode=require", "postgresql+psycopg://v@host/x?sslmode=require"),
    ],
)
def test_every_spelling_of_a_postgresql_address_is_understood(
    environment: pytest.MonkeyPatch, written: str, expected: str
) -> None:
    assert load(environment, ENOUGH, DATABASE_URL=written).database_url == expected


@pytest.mark.parametrize("url", ["mysql://localhost/visits", "sqlite:///visits.db", "localhost/visits", ""])
def test_another_database_is_refused(environment: pytest.MonkeyPatch, url: str) -> None:
    (line,) = faults(environment, ENOUGH, DATABASE_URL=url)
    assert line.startswith("VISITS_DATABASE_URL: ")


def test_origins_are_an_exact_list(environment: pytest.MonkeyPatch) -> None:
    settings = load(environment, ENOUGH, CORS_ORIGINS="https://clinic.example, https://www.clinic.example,")
    assert settings.cors_origins == ("https://clinic.example", "https://www.clinic.example")


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.clinic.example", "https://clinic.example/", "clinic.example", "https://a.b/c"],
)
def test_what_is_not_an_exact_origin_is_refused(environment: pytest.MonkeyPatch, origin: str) -> None:
    (line,) = faults(environment, ENOUGH, CORS_ORIGINS=origin)
    assert "not an exact origin" in line


def test_secrets_may_stand_in_files(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in ENOUGH.items():
        path = tmp_path / name
        path.write_text(f"{value}\n", encoding="utf-8")
        environment.setenv(f"VISITS_{name}_FILE", str(path))
    settings = load_settings()
    assert settings.lookup_secret
    assert list(settings.vault_keyring) == ["e1"]


def test_a_value_itself_wins_over_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "level").write_text("ERROR", encoding="utf-8")
    environment.setenv("VISITS_LOG_LEVEL_FILE", str(tmp_path / "level"))
    assert load(environment, ENOUGH).log_level == "ERROR"
    assert load(environment, ENOUGH, LOG_LEVEL="DEBUG").log_level == "DEBUG"


def test_a_file_that_is_not_there_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (line,) = faults(environment, ENOUGH, LOOKUP_KEY_FILE=str(tmp_path / "nothing"))
    assert "nothing" in line
    assert "No such file" in line


def test_a_file_that_is_not_text_is_named_but_not_shown(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "raw-bytes"
    path.write_bytes(bytes(range(128, 256)))
    (line,) = faults(environment, ENOUGH, LOOKUP_KEY_FILE=str(path))
    assert "raw-bytes" in line


KEY = example_key("the same")


@pytest.mark.parametrize(
    "equal",
    [
        {"ENCRYPTION_KEYS": f"e1:{KEY}", "LOOKUP_KEY": KEY},
        {"ENCRYPTION_KEYS": f"e1:{KEY}", "LINK_KEYS": f"l1:{KEY}"},
        {"LINK_KEYS": f"l1:{KEY}", "LOOKUP_KEY": KEY},
        {"ENCRYPTION_KEYS": f"e1:{KEY},e2:{KEY}"},
        {"ENCRYPTION_KEYS": f"e2:{example_key('new')},e1:{KEY}", "LOOKUP_KEY": KEY.rstrip("=")},
    ],
)
def test_two_secrets_are_never_the_same(environment: pytest.MonkeyPatch, equal: dict[str, str]) -> None:
    (line,) = faults(environment, ENOUGH, equal)
    assert "must all differ" in line


def test_a_rotated_ring_has_its_new_key_first(environment: pytest.MonkeyPatch) -> None:
    settings = load(environment, ENOUGH, LINK_KEYS=f"l2:{example_key('new')},{ENOUGH['LINK_KEYS']}")
    assert list(settings.link_keyring) == ["l2", "l1"]


def test_production_starts_when_everything_is_serious(environment: pytest.MonkeyPatch) -> None:
    assert load(environment, ENOUGH, SERIOUS).production


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"PUBLIC_URL": "http://visits.clinic.example"}, "public_url must begin with https://"),
        ({"CLOCK_OFFSET": "60"}, "clock_offset is for rehearsals"),
        ({"DATABASE_URL": "postgresql://visits:visits@localhost/visits"}, "easy to guess"),
        ({"DATABASE_URL": f"postgresql://visits:{'ab' * 12}@localhost/visits"}, "easy to guess"),
    ],
)
def test_production_refuses_what_a_rehearsal_may_do(
    environment: pytest.MonkeyPatch, wrong: dict[str, str], said: str
) -> None:
    (line,) = faults(environment, ENOUGH, SERIOUS, wrong)
    assert said in line


def test_production_refuses_to_guess_a_mail_relay(environment: pytest.MonkeyPatch) -> None:
    (line,) = faults(environment, ENOUGH, {**SERIOUS, "SMTP_URL": ""} | {"PUBLIC_URL": SERIOUS["PUBLIC_URL"]})
    assert "smtp_url" in line.lower()


def test_all_that_production_refuses_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    wrong = {
        "PUBLIC_URL": "http://visits.clinic.example",
        "CLOCK_OFFSET": "60",
        "DATABASE_URL": "postgresql://visits:visits@localhost/visits",
        "LOOKUP_KEY": example_key("links"),
    }
    said = "\n".join(faults(environment, ENOUGH, SERIOUS, wrong))
    for part in ("public_url", "clock_offset", "database_url", "must all differ"):
        assert part in said


def test_the_same_things_are_allowed_where_nobody_is_a_patient(environment: pytest.MonkeyPatch) -> None:
    settings = load(environment, ENOUGH, ENVIRONMENT="sandbox", CLOCK_OFFSET="60", PUBLIC_URL="http://here")
    assert (settings.environment, settings.clock_offset) == (Environment.SANDBOX, 60)


def test_settings_never_change_while_the_service_runs(environment: pytest.MonkeyPatch) -> None:
    settings = load(environment, ENOUGH)
    with pytest.raises(ValidationError):
        setattr(settings, "log_level", "DEBUG")  # noqa: B010 - mypy knows it already


def test_printed_settings_show_no_secret(environment: pytest.MonkeyPatch) -> None:
    printed = repr(load(environment, ENOUGH))
    assert not [value for name, value in ENOUGH.items() if "KEY" in name and value in printed]


def test_other_variables_of_the_machine_do_no_harm(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("VISITS_SOMETHING_OF_COMPOSE", "1")
    environment.setenv("DATABASE_URL", "mysql://elsewhere")
    assert load(environment, ENOUGH).database_url.startswith("postgresql+psycopg")
