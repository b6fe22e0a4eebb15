"""Carries calls to one Atlassian site: who asks, where to, how long, how much, how often.

What a reader must know: credentials go to the base address and nowhere else, because only `_send_signed` adds them and it builds its target from
the base. Redirects are never followed here; `media` follows them without credentials. Every public call ends within the time of its
operation, whatever the peer does.
"""

import json
import logging
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from app.integrations.atlassian import answers, rate_limits
from app.integrations.atlassian.answers import Answer
from app.integrations.atlassian.auth import Auth
from app.integrations.atlassian.error_bodies import MAX_ERROR_BODY
from app.integrations.atlassian.errors import AtlassianError, ConnectionBroken, HostRefused, NotAuthorised, Unreachable
from app.integrations.atlassian.media import Opened, download, download_here
from app.integrations.atlassian.types import Download, RateLimitState
from app.integrations.http.connections import Deadline, Dialler, Resolver, system_addresses, tls_context
from app.integrations.http.hosts import Origin, PublicHosts
from app.integrations.http.pools import Pools, discard, explain
from app.integrations.http.slots import PROCESS_SLOTS, Slots

MAX_JSON_BYTES = 16 * 1024 * 1024
#: The longest pause that a waiting visitor is asked to bear; beyond it the caller is told.
MAX_PAUSE = 2.0
#: How the media service writes a file's id in its addresses.
_FILE_ID = re.compile(r"/file/([0-9A-Fa-f-]{36})/binary$")

_SIGN_IN_FAILED = frozenset({"AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"})

_log = logging.getLogger(__name__)
_end: ContextVar[float | None] = ContextVar("atlassian_operation_end", default=None)

Params = Mapping[str, str | int | Sequence[str]]


class Transport:
    """One credential at one base address (a site, or the gateway's address of a site).

    Times in seconds: `total_timeout` bounds an operation, however many calls it takes. `expected_account` is the account id that answers must
    carry where they carry one. Raises HostRefused when the policy does not allow the base address.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth,
        *,
        policy: PublicHosts,
        connect_timeout: float = 3.0,
        read_timeout: float = 8.0,
        total_timeout: float = 12.0,
        max_json_bytes: int = MAX_JSON_BYTES,
        expected_account: str | None = None,
        request_id: Callable[[], str | None] | None = None,
        resolver: Resolver = system_addresses,
        slots: Slots = PROCESS_SLOTS,
        tls: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.policy = policy
        self._origin, self._prefix = _base(base_url, policy)
        self._auth = auth
        self.read_timeout = read_timeout
        self._total_timeout = total_timeout
        self._max_json_bytes = max_json_bytes
        self._expected_account = expected_account
        self._request_id = request_id
        self._slots = slots
        self._sleep = sleep
        self._clock = clock
        dialler = Dialler(policy, resolver, connect_timeout)
        self._pools = Pools(dialler, tls or tls_context(), connect_timeout, read_timeout)
        self._rate_limit: RateLimitState | None = None

    @property
    def base_url(self) -> str:
        """The base address without a slash at its end."""
        default = 443 if self._origin.scheme == "https" else 80
        host = self._origin.key.removesuffix(f":{default}") if self._origin.port == default else self._origin.key
        return f"{self._origin.scheme}://{host}{self._prefix}"

    @property
    def rate_limit(self) -> RateLimitState | None:
        """What Atlassian last said about its limits, or None."""
        return self._rate_limit

    def __repr__(self) -> str:
        return f"Transport({self.base_url})"

    def close(self) -> None:
        """Close idle connections."""
        self._pools.close()

    @contextmanager
    def operation(self, seconds: float | None = None) -> Iterator[None]:
        """Bound all calls inside together by `seconds` (default: the transport's total); inside another operation the earlier end holds."""
        wanted = time.monotonic() + (self._total_timeout if seconds is None else seconds)
        outer = _end.get()
        mark = _end.set(wanted if outer is None else min(outer, wanted))
        try:
            yield
        finally:
            _end.reset(mark)

    def get(self, path: str, params: Params | None = None) -> Any:
        """Return the JSON that GET `path` answers. Raises AtlassianError."""
        return answers.parse(self._ask("GET", path, params, None, repeatable=True))

    def get_linked(self, path: str, params: Params | None = None) -> tuple[Any, str | None]:
        """Return the JSON that GET `path` answers, and the target of its Link header with rel=next, if any."""
        answer = self._ask("GET", path, params, None, repeatable=True)
        return answers.parse(answer), answers.next_link(answer)

    def post(self, path: str, body: Mapping[str, Any], *, repeatable: bool = False) -> Any:
        """Return the JSON that POST `path` answers; `repeatable` says that asking twice does nothing more than asking once."""
        return answers.parse(self._ask("POST", path, None, json.dumps(body).encode(), repeatable=repeatable))

    def redirects(self, path: str, params: Params | None = None) -> bool:
        """Say whether GET `path` answers with a redirect, which is not followed; any error is raised."""
        return 300 <= self._ask("GET", path, params, None, repeatable=True, redirect_is_fine=True).status < 400

    def redirected_file(self, path: str, params: Params | None = None) -> str | None:
        """Return the media service's id of the file that GET `path` redirects to, or None; the signed address stays in here."""
        answer = self._ask("GET", path, params, None, repeatable=True, redirect_is_fine=True)
        found = _FILE_ID.search(urlsplit(answer.headers.get("Location", "")).path)
        return found.group(1) if found else None

    def stream(self, path: str, params: Params | None = None, *, range_header: str | None = None) -> Download:
        """Return the file that GET `path` leads to, through redirects to allowed media hosts that see no credentials."""
        try:
            with self.operation():
                return download(self, self._target(path, params), range_header)
        except AtlassianError as error:
            _log.warning("GET %s%s (file) failed: %s", self._origin.key, path, error.message)
            raise

    def stream_here(self, path: str, params: Params | None = None, *, range_header: str | None = None) -> Download:
        """Return the file that the base address itself serves at `path`, as Data Center does; no redirect is followed."""
        try:
            with self.operation():
                return download_here(self, self._target(path, params), range_header)
        except AtlassianError as error:
            _log.warning("GET %s%s (file) failed: %s", self._origin.key, path, error.message)
            raise

    def open_base(self, target: str, headers: Mapping[str, str], deadline: Deadline) -> Opened:
        """Send a GET with credentials to the base address and leave the body unread; for `media` only."""
        return self._open(self._origin, lambda: self._send_signed("GET", target, headers, None, deadline))

    def open_elsewhere(self, origin: Origin, target: str, headers: Mapping[str, str], deadline: Deadline) -> Opened:
        """Send a GET without credentials to a host that passed the policy and leave the body unread; for `media` only."""
        return self._open(origin, lambda: self._pools.send(origin, "GET", target, headers, None, deadline))

    def time_left(self) -> float:
        """Return the seconds until the present operation ends."""
        end = _end.get()
        return self._total_timeout if end is None else end - time.monotonic()

    def failure(self, answer: Answer) -> AtlassianError:
        """Return the error for an answer that is not good, without this transport's secrets in it."""
        return answers.failure(answer, self._auth, self._clock())

    def _ask(
        self,
        method: str,
        path: str,
        params: Params | None,
        body: bytes | None,
        *,
        repeatable: bool,
        redirect_is_fine: bool = False,
    ) -> Answer:
        """Send a call, at most once again after a broken connection or a short pause, and raise for every answer but a good one."""
        target = self._target(path, params)
        give_back = self._slots.take(self._origin.key)
        try:
            with self.operation():
                answer = self._attempts(method, target, body, 2 if repeatable else 1)
        except AtlassianError as error:
            _log.warning("%s %s%s failed: %s", method, self._origin.key, path, error.message)
            raise
        finally:
            give_back()
        if 200 <= answer.status < 300 or (redirect_is_fine and answer.status < 400):
            return answer
        _log.info("%s %s%s answered %s", method, self._origin.key, path, answer.status)
        raise self.failure(answer)

    def _attempts(self, method: str, target: str, body: bytes | None, attempts: int) -> Answer:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        while True:
            attempts -= 1
            try:
                answer = self._exchange(method, target, headers, body)
            except ConnectionBroken:
                if not attempts:
                    raise
                continue
            pause = self._short_pause(answer)
            if not attempts or pause is None:
                return answer
            self._sleep(pause)

    def _exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        deadline = Deadline(self.time_left(), self.read_timeout)
        response = self._send_signed(method, target, headers, body, deadline)
        answer = Answer(response.status, response.headers, self._read(response))
        self._rate_limit = rate_limits.state(answer.headers, self._clock()) or self._rate_limit
        return answer

    def _send_signed(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, deadline: Deadline
    ) -> BaseHTTPResponse:
        request_id = self._request_id() if self._request_id else None
        mark = {"X-Request-Id": request_id} if request_id else {}
        all_headers = {"User-Agent": "Portico", **headers, **mark, **self._auth.headers()}
        response = self._pools.send(self._origin, method, target, all_headers, body, deadline)
        answered_for = response.headers.get("X-AAccountId")
        if self._expected_account and answered_for and answered_for != self._expected_account:
            discard(response)
            raise NotAuthorised("Atlassian answered for another account than the one of this connection.")
        # With a rejected token Jira may go on as for nobody and answer 404 to everything: that says nothing about the object.
        if response.headers.get("X-Seraph-LoginReason", "").strip().upper() in _SIGN_IN_FAILED:
            discard(response)
            raise NotAuthorised("Atlassian did not accept the credential.", 401)
        # Data Center names whom it answered; an ended token may be taken for nobody's, without another sign of it.
        if response.headers.get("X-AUSERNAME", "").strip().lower() == "anonymous":
            discard(response)
            raise NotAuthorised("Atlassian took the credential for nobody's.", 401)
        return response

    def _read(self, response: BaseHTTPResponse) -> bytes:
        good = 200 <= response.status < 300
        limit = self._max_json_bytes if good else MAX_ERROR_BODY
        failure: AtlassianError | None = None
        body = b""
        try:
            body = response.read(limit + 1, decode_content=True)
        except (HTTPError, OSError, ValueError) as error:
            failure = explain(error, self._origin.host)
        if failure is None and len(body) > limit:
            failure = Unreachable(f"Atlassian's answer is larger than {limit} bytes.")
        if failure is None:
            response.release_conn()
            return body
        discard(response)
        if good:
            raise failure
        # An error's status is worth more than its unreadable body.
        return body[:limit]

    def _short_pause(self, answer: Answer) -> float | None:
        if answer.status not in (429, 503):
            return None
        pause = rate_limits.retry_after(answer.headers, self._clock())
        return pause if pause is not None and pause <= min(MAX_PAUSE, self.time_left()) else None

    def _open(self, origin: Origin, send: Callable[[], BaseHTTPResponse]) -> Opened:
        give_back = self._slots.take(origin.key)
        try:
            response = send()
        except BaseException:
            give_back()
            raise
        return Opened(origin, response, give_back)

    def _target(self, path: str, params: Params | None) -> str:
        query = urlencode(params or {}, doseq=True)
        joint = "&" if "?" in path else "?"
        return f"{self._prefix}{path}{joint + query if query else ''}"


def _base(base_url: str, policy: PublicHosts) -> tuple[Origin, str]:
    origin = policy.origin(base_url)
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or not re.fullmatch(r"(?:/[A-Za-z0-9_-]+)*", path):
        raise HostRefused("The base address must be that of a site, without anything behind it.")
    return origin, path
