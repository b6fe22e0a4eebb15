"""Which addresses of the outside may be reached: tables of names and of numbers."""

import pytest

from app.integrations.http.errors import HostRefused
from app.integrations.http.hosts import Origin, PublicHosts

INTERNET = PublicHosts()
DEVELOPMENT = PublicHosts(allow_loopback=True)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://id.acme.example", Origin("https", "id.acme.example", 443)),
        ("https://ID.Acme.Example./realms?x#y", Origin("https", "id.acme.example", 443)),
        ("https://id.acme.example:8443/", Origin("https", "id.acme.example", 8443)),
        ("https://104.192.136.1/", Origin("https", "104.192.136.1", 443)),
        ("https://[2606:4700::1111]/", Origin("https", "2606:4700::1111", 443)),
    ],
)
def test_any_host_of_the_internet_may_be_named_over_https(url: str, origin: Origin) -> None:
    assert INTERNET.origin(url) == origin
    assert DEVELOPMENT.origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "id.acme.example",
        "http://id.acme.example",
        "ftp://id.acme.example",
        "file:///etc/passwd",
        "https://ada:pw@id.acme.example/",
        "https://id.acme.example\\@evil.example/",
        "https://id.acme.exämple/",
        "https://id..acme.example/",
        "https://id.acme.example:99999/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00:ec2::254]/",
        "http://127.0.0.1:8001/",
        "http://localhost:8001/",
    ],
)
def test_what_is_not_a_host_of_the_internet_over_https_is_refused(url: str) -> None:
    with pytest.raises(HostRefused):
        INTERNET.origin(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "http://localhost:8001/x", "https://[::1]:9/"])
def test_this_machine_may_be_named_in_development_only(url: str) -> None:
    assert DEVELOPMENT.origin(url).port
    with pytest.raises(HostRefused):
        PublicHosts().origin(url.replace("localhost", "127.0.0.1"))


@pytest.mark.parametrize("url", ["http://id.acme.example", "http://10.0.0.1", "https://10.0.0.1", "http://0.0.0.0"])
def test_development_allows_nothing_but_this_machine_in_addition(url: str) -> None:
    with pytest.raises(HostRefused):
        DEVELOPMENT.origin(url)


@pytest.mark.parametrize("address", ["104.192.136.1", "2606:4700::1111", "::ffff:104.192.136.1", "64:ff9b::68c0:8801"])
def test_public_addresses_may_be_connected_to(address: str) -> None:
    assert INTERNET.admits(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "not an address",
    ],
)
def test_inner_and_special_addresses_may_not_be_connected_to(address: str) -> None:
    assert not INTERNET.admits(address)


@pytest.mark.parametrize(
    ("address", "admitted"), [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False)]
)
def test_development_admits_loopback_addresses_and_no_other_inner_ones(address: str, admitted: bool) -> None:
    assert DEVELOPMENT.admits(address) is admitted
