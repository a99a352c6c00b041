"""Which addresses are called, as far as can be seen from how they are written."""

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.destinations import NotAllowed, destination, is_public

PUBLIC = ["93.184.215.14", "8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]
INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.0.10",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_in_the_public_internet_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_becomes_public_by_being_written_as_an_ipv6_address(address: object) -> None:
    number = int(ip_address(str(address)))
    disguises = ("::", "::ffff:0:0", "64:ff9b::", "2002::")
    shifts = {"2002::": 80}
    for each in disguises:
        base = int(ip_address(each))
        assert not is_public(IPv6Address(base | number << shifts.get(each, 0))), each


@given(st.ip_addresses(v=6))
def test_nothing_outside_the_global_unicast_range_is_public(address: object) -> None:
    parsed = ip_address(str(address))
    assert not is_public(parsed) or parsed in ip_network("2000::/3")


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://hooks.clinic.example/visits", 443),
        ("https://hooks.clinic.example:443/visits?a=b%20c", 443),
        ("https://hooks.clinic.example:8443", 8443),
        ("HTTPS://Hooks.Clinic.Example/", 443),
        ("https://xn--bcher-kva.example/", 443),
        ("https://8.8.8.8/", 443),
        ("https://[2606:4700:4700::1111]/", 443),
        ("https://3com.example/", 443),
        ("https://a.1x/", 443),
    ],
)
def test_an_address_that_may_be_called(url: str, port: int) -> None:
    found = destination(url)
    assert (found.port, found.encrypted) == (port, True)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.clinic.example/", "not-https"),
        ("ftp://hooks.clinic.example/", "not-https"),
        ("file:///etc/passwd", "not-an-address"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "not-https"),
        ("https://user@hooks.clinic.example/", "with-credentials"),
        ("https://user:secret@hooks.clinic.example/", "with-credentials"),
        ("https://@hooks.clinic.example/", "with-credentials"),
        ("https://hooks.clinic.example:22/", "odd-port"),
        ("https://hooks.clinic.example:80/", "odd-port"),
        ("https://hooks.clinic.example:25/", "odd-port"),
        ("https://hooks.clinic.example:0/", "not-an-address"),
        ("https://hooks.clinic.example:65536/", "not-an-address"),
        ("https://hooks.clinic.example:https/", "not-an-address"),
        ("https://127.0.0.1/", "not-public"),
        ("https://169.254.169.254/latest/meta-data", "not-public"),
        ("https://[::1]/", "not-public"),
        ("https://[::ffff:169.254.169.254]/", "not-public"),
        ("https://[fe80::1%25eth0]/", "not-public"),
        ("https://[::1/", "not-an-address"),
        ("https://2130706433/", "not-an-address"),
        ("https://0x7f000001/", "not-an-address"),
        ("https://0x7f.1/", "not-an-address"),
        ("https://127.1/", "not-an-address"),
        ("https://0177.0.0.1/", "not-an-address"),
        ("https://127.0.0.01/", "not-an-address"),
        ("https://hooks.example.0x/", "not-an-address"),
        ("https://１２７.0.0.1/", "not-an-address"),
        ("https://127。0。0。1/", "not-an-address"),
        ("https://①②⑦.0.0.1/", "not-an-address"),
        ("https://bücher.example/", "not-an-address"),
        ("https://hooks_clinic.example/", "not-an-address"),
        ("https://-hooks.example/", "not-an-address"),
        ("https://hooks..example/", "not-an-address"),
        ("https://hooks.example./", "not-an-address"),
        ("https://hooks.example\\@127.0.0.1/", "not-an-address"),
        ("https://hooks.example\t/", "not-an-address"),
        ("https://hooks.example/a b", "not-an-address"),
        ("https://hooks.example/\r\nHost: evil", "not-an-address"),
        ("https:///path", "not-an-address"),
        ("https:hooks.example", "not-an-address"),
        ("hooks.example", "not-an-address"),
        ("https://" + "a" * 64 + ".example/", "not-an-address"),
        ("https://hooks.example/" + "a" * 2_048, "not-an-address"),
        ("", "not-an-address"),
    ],
)
def test_an_address_that_is_not_called(url: str, code: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        destination(url)
    assert refused.value.code == code


@pytest.mark.parametrize("url", ["http://localhost:8080/x", "http://127.0.0.1:81/", "https://[::1]:99/"])
def test_a_rehearsal_calls_this_machine_in_any_way(url: str) -> None:
    assert destination(url, loopback=True).host in ("localhost", "127.0.0.1", "::1")
    with pytest.raises(NotAllowed):
        destination(url)


@pytest.mark.parametrize(
    "url", ["http://hooks.example/", "http://10.0.0.1/", "https://10.0.0.1/", "http://localhost.example/"]
)
def test_a_rehearsal_calls_nobody_else_otherwise(url: str) -> None:
    with pytest.raises(NotAllowed):
        destination(url, loopback=True)


@given(st.text(max_size=60))
def test_whatever_is_written_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            assert destination(url).encrypted
        except NotAllowed:
            continue


def test_a_fragment_is_nothing_to_a_server() -> None:
    assert destination("https://hooks.example/a?b#c").url == "https://hooks.example/a?b"
