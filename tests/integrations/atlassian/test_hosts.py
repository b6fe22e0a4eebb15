"""Which addresses may be a base or a media host: tables of names and of numbers."""

import pytest

from app.integrations.atlassian.errors import HostRefused
from app.integrations.atlassian.hosts import HostPolicy
from app.integrations.http.hosts import Origin

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
