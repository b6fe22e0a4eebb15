"""Whose address is believed: only what a configured proxy says, and only its right-most word."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import pytest

from app.web.proxies import TrustedProxies

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "believed"),
    [
        ("192.0.2.1", "203.0.113.5", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.9, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.1", "evil, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5, evil", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("2001:db8:ffff::1", "2001:db8::7", "2001:db8::7"),
        ("", "203.0.113.5", ""),
        # Listening on [::], IPv4 arrives in IPv6's clothes.
        ("::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("::ffff:192.0.2.1", "203.0.113.5", "192.0.2.1"),
        ("10.0.0.1", "::ffff:203.0.113.5", "203.0.113.5"),
        # One address is one caller, in whichever spelling and zone.
        ("10.0.0.1", "fe80::1%a", "fe80::1"),
        ("10.0.0.1", "fe80:0::1%b", "fe80::1"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_is_the_caller(peer: str, forwarded: str, believed: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}
    assert _through(environ)["REMOTE_ADDR"] == believed


@pytest.mark.parametrize(
    ("peer", "said", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "javascript", "http"),
        ("192.0.2.1", "https", "http"),
    ],
)
def test_the_scheme_is_believed_from_a_proxy_only(peer: str, said: str, scheme: str) -> None:
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_PROTO": said, "wsgi.url_scheme": "http"}
    assert _through(environ)["wsgi.url_scheme"] == scheme


def _through(environ: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def wsgi(inner: dict[str, Any], _start: Any) -> Iterable[bytes]:
        seen.update(inner)
        return []

    TrustedProxies(wsgi, PROXIES)(environ, None)
    return seen
