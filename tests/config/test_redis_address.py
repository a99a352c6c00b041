"""Where Redis is, in the spellings that operators know."""

import pytest

from config.redis_address import parse_redis_address


def test_one_server() -> None:
    address = parse_redis_address("redis://visits:p%40ss%2F@redis.example:6380/3")
    assert address.hosts == (("redis.example", 6380),)
    assert (address.username, address.password, address.database) == ("visits", "p@ss/", 3)
    assert address.master is None
    assert address.tls is None


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("redis://localhost", (("localhost", 6379),)),
        ("redis://[::1]:7000/0", (("::1", 7000),)),
        ("sentinel://one,two:7000/visits", (("one", 26379), ("two", 7000))),
    ],
)
def test_a_port_that_is_not_named_is_the_usual_one(text: str, hosts: tuple[tuple[str, int], ...]) -> None:
    assert parse_redis_address(text).hosts == hosts


def test_a_password_alone_is_of_the_default_user() -> None:
    address = parse_redis_address("redis://:secret@host/0")
    assert (address.username, address.password) == (None, "secret")


def test_with_tls_there_may_be_files() -> None:
    assert parse_redis_address("rediss://host").tls == {}
    assert parse_redis_address("rediss://host?ssl_ca_certs=/etc/ca.pem").tls == {
        "ssl_ca_certs": "/etc/ca.pem"
    }


def test_sentinels_name_a_master() -> None:
    address = parse_redis_address("sentinels://:pw@a:1,b:2/visits/1?sentinel_password=other&ssl_ca_certs=/ca")
    assert (address.master, address.database, address.password) == ("visits", 1, "pw")
    assert address.sentinel_login == {"password": "other"}
    assert address.tls == {"ssl_ca_certs": "/ca"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not an address"),
        ("hunter2", "not an address"),
        ("memory://hunter2", "not an address"),
        ("redis://hunter2:hunter2@/0", "not an address"),
        ("redis://:hunter2@one,two/0", "several servers need Sentinels"),
        ("redis://:hunter2@host:0", "a port is no port"),
        ("redis://:hunter2@host:70000", "a port is no port"),
        ("redis://:hunter2@host/first", "the database is a number"),
        ("sentinel://:hunter2@host", "the master's name is missing"),
        ("sentinel://:hunter2@host/visits/1/2", "the database is a number"),
        ("redis://:hunter2@host?ssl_ca_certs=/ca", "unknown option ssl_ca_certs"),
        ("rediss://:hunter2@host?ssl_cert_reqs=none", "unknown option ssl_cert_reqs"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_the_password(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        parse_redis_address(text)
    assert "hunter2" not in str(refused.value)
