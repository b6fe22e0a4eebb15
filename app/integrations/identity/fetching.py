"""Fetches documents from identity providers, and posts to their token endpoints, without believing anything they answer.

What a reader must know: an administrator, or a provider's own metadata, names these addresses, so each is treated as an attempt to make the
portal speak to something inside. Only https to addresses on the internet (this machine as well in development), one total deadline, a size
limit for each kind of document. A redirect is followed within one and the same origin, and never where a credential is sent.
"""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from app.integrations.http.connections import Deadline, Dialler, Resolver, system_addresses, tls_context
from app.integrations.http.errors import ConnectionBroken, HostRefused, OutsideError, Unreachable
from app.integrations.http.hosts import Origin, PublicHosts
from app.integrations.http.pools import Pools, discard, explain
from app.integrations.http.slots import PROCESS_SLOTS, Slots

#: The largest documents that are taken, in bytes. Federations publish metadata of all their members in one file of
#: over 100 MB: such a file is not for one connection, and its members publish their own.
MAX_DISCOVERY = 256 * 1024
MAX_KEY_SET = 512 * 1024
MAX_SAML_METADATA = 4 * 1024 * 1024
MAX_TOKEN_ANSWER = 256 * 1024
MAX_USERINFO = 256 * 1024

MAX_HOPS = 3
MAX_ADDRESS_LENGTH = 2000

_REDIRECTS = (301, 302, 303, 307, 308)
_JSON = "application/json"
_METADATA = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with its whole body; `url` is where it came from in the end."""

    url: str
    status: int
    content_type: str
    body: bytes = field(repr=False)


class Fetcher:
    """One per process and policy; safe to share between threads. Times in seconds, `total_timeout` bounds each call with its redirects.

    Every method raises OutsideError: HostRefused where nothing was sent, Busy at once where too many wait for the host, else Unreachable.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        connect_timeout: float = 3.0,
        read_timeout: float = 5.0,
        total_timeout: float = 8.0,
        resolver: Resolver = system_addresses,
        slots: Slots = PROCESS_SLOTS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = PublicHosts(allow_loopback=allow_loopback)
        self._read_timeout = read_timeout
        self._total_timeout = total_timeout
        self._slots = slots
        dialler = Dialler(self._policy, resolver, connect_timeout)
        self._pools = Pools(dialler, tls or tls_context(), connect_timeout, read_timeout)

    def close(self) -> None:
        """Close idle connections."""
        self._pools.close()

    def check(self, url: str) -> None:
        """Raise HostRefused if `url` could not be fetched whatever its name resolves to."""
        _address(self._policy, url)

    def discovery(self, url: str) -> bytes:
        """Return an OpenID Connect discovery document."""
        return self._document(url, _JSON, MAX_DISCOVERY).body

    def key_set(self, url: str) -> bytes:
        """Return a JSON Web Key Set."""
        return self._document(url, f"application/jwk-set+json, {_JSON}", MAX_KEY_SET).body

    def saml_metadata(self, url: str) -> bytes:
        """Return a SAML metadata document."""
        return self._document(url, _METADATA, MAX_SAML_METADATA).body

    def token(self, url: str, headers: Mapping[str, str], body: bytes) -> Fetched:
        """Post a code to a token endpoint. Refusals (4xx) come back too: their body says why."""
        answer = self._exchange(url, "POST", headers, body, MAX_TOKEN_ANSWER, hops=0)
        if answer.status == 200 or 400 <= answer.status < 500:
            return answer
        raise _unexpected(answer)

    def userinfo(self, url: str, access_token: str) -> Fetched:
        """Ask a userinfo endpoint, or a profile address, with an access token in the header (RFC 6750 §2.1)."""
        # The token was given by the provider: a line break in it would write headers of its own.
        if not access_token.isascii() or not access_token.isprintable():
            raise Unreachable("The access token holds characters that cannot be sent.")
        headers = {"Accept": _JSON, "Authorization": f"Bearer {access_token}"}
        return _good(self._exchange(url, "GET", headers, None, MAX_USERINFO, hops=0))

    def _document(self, url: str, accept: str, limit: int) -> Fetched:
        return _good(self._exchange(url, "GET", {"Accept": accept}, None, limit, hops=MAX_HOPS))

    def _exchange(
        self, url: str, method: str, headers: Mapping[str, str], body: bytes | None, limit: int, *, hops: int
    ) -> Fetched:
        deadline = Deadline(self._total_timeout, self._read_timeout)
        # A coding would let a small answer grow beyond its limit while it is read.
        sent = {"User-Agent": "Portico", **headers, "Accept-Encoding": "identity"}
        origin, target = _address(self._policy, url)
        give_back = self._slots.take(origin.key)
        try:
            for _ in range(hops + 1):
                response = self._send(origin, method, target, sent, body, deadline)
                if response.status not in _REDIRECTS:
                    return self._read(response, url, limit, origin)
                location = response.headers.get("Location", "")
                discard(response)
                if not hops:
                    raise Unreachable(f"{origin.host} answered with a redirect, which is not followed here.")
                url, target = self._next(origin, url, location)
            raise Unreachable(f"{origin.host} answered with more than {hops} redirects.")
        except OutsideError as error:
            _log.warning("%s %s failed: %s", method, origin.key, error.message)
            raise
        finally:
            give_back()

    def _send(
        self,
        origin: Origin,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: Deadline,
    ) -> BaseHTTPResponse:
        try:
            return self._pools.send(origin, method, target, headers, body, deadline)
        except ConnectionBroken:
            # A code can be posted once only; reading again, as after a connection that went stale, does no harm.
            if method != "GET":
                raise
        return self._pools.send(origin, method, target, headers, body, deadline)

    def _next(self, origin: Origin, url: str, location: str) -> tuple[str, str]:
        try:
            following = urljoin(url, location.strip())
        except ValueError:
            following = ""
        if not location or not following:
            raise Unreachable(f"{origin.host} sent a redirect that leads nowhere.")
        there, target = _address(self._policy, following)
        if there != origin:
            raise Unreachable(
                f"{origin.host} sent a redirect to {there.key}, which is not followed. Enter the address it leads to."
            )
        return following, target

    def _read(self, response: BaseHTTPResponse, url: str, limit: int, origin: Origin) -> Fetched:
        failure: OutsideError | None = None
        body = b""
        if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            failure = Unreachable(f"{origin.host} answered in a coding that was not asked for.")
        else:
            try:
                body = response.read(limit + 1, decode_content=False)
            except (HTTPError, OSError, ValueError) as error:
                failure = explain(error, origin.host)
        if failure is None and len(body) > limit:
            failure = Unreachable(f"{origin.host} answered with more than {limit:,} bytes.")
        if failure is not None:
            discard(response)
            raise failure
        response.release_conn()
        return Fetched(url, response.status, response.headers.get("Content-Type", ""), body)


def _address(policy: PublicHosts, url: str) -> tuple[Origin, str]:
    """Return where to connect and what to ask for. Raises HostRefused."""
    # What is not plain ASCII without spaces would be read by the HTTP library in a way of its own.
    if len(url) > MAX_ADDRESS_LENGTH or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise HostRefused(f"The address must be plain and at most {MAX_ADDRESS_LENGTH} characters long.")
    origin = policy.origin(url)
    parts = urlsplit(url)
    path = parts.path or "/"
    return origin, f"{path}?{parts.query}" if parts.query else path


def _good(answer: Fetched) -> Fetched:
    if answer.status == 200:
        return answer
    raise _unexpected(answer)


def _unexpected(answer: Fetched) -> Unreachable:
    host = urlsplit(answer.url).hostname
    return Unreachable(f"{host} answered with status {answer.status}.", answer.status)
