"""Which addresses may be a base or a media host: tables of names and of numbers."""

import pytest

from app.integrations.atlassian.errors import HostRefused
from app.integrations.atlassian.hosts import HostPolicy, NamedHost
from app.integrations.http.hosts import Origin, PublicHosts

CLOUD = HostPolicy()
DEVELOPMENT = HostPolicy(allow_loopback=True)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.atlassian.net", Origin("https", "acme.atlassian.net", 443)),
        ("https://ACME.Atlassian.NET./wiki", Origin("https", "acme.atlassian.net", 443)),
        ("https://a.b.atlassian.net/x?y#z", Origin("https", "a.b.atlassian.net", 443)),
        ("https://api.atlassian.com/ex/jira/1", Origin("https", "api.atlassian.com", 443)),
        ("https://api.media.atlassian.com/file", Origin("https", "api.media.atlassian.com", 443)),
        ("https://media-cdn.prod.public.atl-paas.net/f", Origin("https", "media-cdn.prod.public.atl-paas.net", 443)),
        ("https://acme.atlassian.net:443/", Origin("https", "acme.atlassian.net", 443)),
    ],
)
def test_atlassians_hosts_are_allowed(url: str, origin: Origin) -> None:
    assert CLOUD.origin(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.atlassian.net",
        "http://acme.atlassian.net",
        "ftp://acme.atlassian.net",
        "file:///etc/passwd",
        "https://atlassian.net",
        "https://.atlassian.net",
        "https://evilatlassian.net",
        "https://atlassian.net.evil.example",
        "https://acme.atlassian.net.evil.example/",
        "https://evil.example/acme.atlassian.net",
        "https://evil.example#.atlassian.net",
        "https://evil.example?.atlassian.net",
        "https://evil.example\\.atlassian.net",
        "https://evil.example%2f.atlassian.net",
        "https://acme.atlassian.net@evil.example/",
        "https://reader:token@acme.atlassian.net/",
        "https://acme.atlassian.net:8443/",
        "https://acme.atlassian.net:99999/",
        "https://acme.atlassian.net:port/",
        "https://[::1/",
        "https://127.0.0.1/",
        "http://127.0.0.1:8001/",
        "http://localhost:8001/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://аcme.atlassian.net/",
        "https://acme.atlassian。net/",
        "https://media.api.atlassian.com/",
        "https://a..atlassian.net/",
    ],
)
def test_every_other_address_is_refused(url: str) -> None:
    with pytest.raises(HostRefused):
        CLOUD.origin(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8001", "http://localhost:8001/wiki", "https://[::1]:9/", "http://127.8.8.8"]
)
def test_loopback_is_allowed_in_development_only(url: str) -> None:
    assert DEVELOPMENT.origin(url).port
    with pytest.raises(HostRefused):
        CLOUD.origin(url)


@pytest.mark.parametrize(
    "url", ["http://acme.atlassian.net", "http://10.0.0.1", "https://10.0.0.1", "http://127.1", "http://0.0.0.0"]
)
def test_development_allows_nothing_but_loopback_in_addition(url: str) -> None:
    with pytest.raises(HostRefused):
        DEVELOPMENT.origin(url)


def test_a_pattern_may_name_another_port() -> None:
    policy = HostPolicy(patterns=("wiki.acme.example:8443",))
    assert policy.origin("https://wiki.acme.example:8443/").port == 8443
    with pytest.raises(HostRefused):
        policy.origin("https://wiki.acme.example/")


JIRA = NamedHost("https://jira.corp/jira")


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.0.1", "192.168.7.7", "100.64.1.1", "fd12::7", "8.8.8.8"])
def test_the_host_an_administrator_named_may_lie_inside(address: str) -> None:
    assert JIRA.admits(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "nonsense",
    ],
)
def test_the_named_host_never_leads_to_this_machine_or_to_where_clouds_keep_credentials(address: str) -> None:
    assert not JIRA.admits(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://jira.corp:8443/jira",
        "https://confluence.corp/",
        "https://sub.jira.corp/",
        "https://jira.corp.evil.example/",
        "https://10.0.0.1/",
        "http://jira.corp/jira",
        "https://jira.corp@evil.example/",
    ],
)
def test_no_other_origin_is_reached_by_the_allowance_of_one(url: str) -> None:
    assert JIRA.origin("https://JIRA.corp:443/rest/api/2/myself") == Origin("https", "jira.corp", 443)
    with pytest.raises(HostRefused):
        JIRA.origin(url)


@pytest.mark.parametrize(
    ("base", "plain_hosts", "allowed"),
    [
        ("http://jira.corp:8080/jira", (), False),
        ("http://jira.corp:8080/jira", ("jira.corp",), False),
        ("http://jira.corp:8080/jira", ("jira.corp:8080",), True),
        ("http://jira.corp/jira", ("other.corp", " JIRA.corp "), True),
        ("http://jira.corp/jira", ("jira.corp:80",), True),
    ],
)
def test_plain_http_is_spoken_only_where_the_operator_said_so(
    base: str, plain_hosts: tuple[str, ...], allowed: bool
) -> None:
    policy = NamedHost(base, plain_hosts)
    if allowed:
        assert policy.origin(base).scheme == "http"
    else:
        with pytest.raises(HostRefused):
            policy.origin(base)


def test_an_address_inside_is_no_named_host_of_cloud_or_of_providers() -> None:
    for policy in (HostPolicy(), PublicHosts()):
        assert not policy.admits("10.1.2.3")


@pytest.mark.parametrize("base", ["https://127.0.0.1/jira", "https://169.254.169.254/", "https://[::1]/"])
def test_a_number_that_may_not_be_connected_to_cannot_be_named(base: str) -> None:
    with pytest.raises(HostRefused):
        NamedHost(base).origin(base)
