import pytest
from pydantic import ValidationError

from config.keys import fresh_keys, parse_key, parse_keyring
from config.settings import Settings

SERIOUS = {
    "environment": "production",
    "database_url": "postgresql://visits:2f0c7b1d9e8a4c63@db/visits",
    "smtp_url": "smtp+starttls://relay.clinic.example",
    "public_url": "https://visits.clinic.example",
}


def settings(**more: object) -> Settings:
    keys = {name.removeprefix("VISITS_").lower(): value for name, value in fresh_keys().items()}
    return Settings.model_validate(SERIOUS | keys | more)


def test_a_serious_environment_is_taken() -> None:
    assert settings().production


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clock_offset", 60),
        ("lease", 6),
        ("outgoing_loopback", True),
        ("public_url", "http://visits.clinic.example"),
        ("database_url", "postgresql://visits:visits@db/visits"),
        ("database_url", "postgresql://visits:aaaaaaaaaaaaaaaaaaaa@db/visits"),
    ],
)
def test_production_refuses_what_it_cannot_mean(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        settings(**{name: value})
    assert not settings(**{name: value, "environment": "sandbox"}).production


def test_production_wants_a_relay_and_names_every_fault_at_once() -> None:
    keys = {name.removeprefix("VISITS_").lower(): value for name, value in fresh_keys().items()}
    lax = {**SERIOUS, **keys, "public_url": "http://x.example"}
    del lax["smtp_url"]
    with pytest.raises(ValidationError, match=r"(?s)public_url.*smtp_url"):
        Settings.model_validate(lax)


@pytest.mark.parametrize(
    "origin", ["*", "https://*.clinic.example", "https://clinic.example/", "clinic.example"]
)
def test_an_origin_that_is_not_exact_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="not an exact origin"):
        settings(cors_origins=origin)


@pytest.mark.parametrize("url", ["sentinel://redis:26379", "memory://", "redis", "redis://one,two/0"])
def test_only_a_redis_can_carry_hints_and_no_cluster(url: str) -> None:
    with pytest.raises(ValidationError, match="redis_url"):
        settings(redis_url=url)


def test_fresh_keys_are_such_as_the_settings_take_and_never_the_same() -> None:
    first, second = fresh_keys(), fresh_keys()
    assert not set(first.values()) & set(second.values())
    assert parse_keyring(first["VISITS_LINK_KEYS"]).keys() == {"k1"}
    assert len(parse_key(first["VISITS_LOOKUP_KEY"])) == 32
