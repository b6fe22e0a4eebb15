"""Turns away tokens that nobody signed before the application is troubled with them: guessing is the cheapest request.

Nothing is decided here that the views would decide otherwise: the answer is the one that the application itself gave to
a forged token a moment ago, with a reference id of its own. Whatever is not plainly a page of a link goes through.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.core import context
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.features.share_links import tokens
from app.web import logs
from app.web.headers import REFERENCE

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

ENDPOINT = "share_links_public.read_link"
#: Where a token that was read stands in the WSGI environment, with what it names: reading it again would cost as much.
NAMED = "portico.share_link"
_PAGE = re.compile(rf"/s/([A-Za-z0-9_.\-]{{{tokens.LENGTH}}})/", re.ASCII)


@dataclass(frozen=True)
class _Answer:
    """What the application answered to a forged token."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    #: The organisation that the page names; another one makes another page.
    organisation: OrganisationSettings


class ForgedTokens:
    """WSGI middleware around the whole application, on the host that serves links."""

    def __init__(self, wsgi: WsgiApp, host: str) -> None:
        self._wsgi = wsgi
        self._host = host
        self._answer: _Answer | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        page = _PAGE.fullmatch(environ.get("PATH_INFO", ""))
        if page is None or environ.get("REQUEST_METHOD") != "GET" or environ.get("HTTP_HOST") != self._host:
            return self._wsgi(environ, start_response)
        began = time.perf_counter()
        named = tokens.read(page.group(1))
        if named is not None:
            environ[NAMED] = (page.group(1), named)
            return self._wsgi(environ, start_response)
        answer, organisation = self._answer, registry.peek(OrganisationSettings)
        if answer is None or organisation is None or answer.organisation is not organisation:
            return self._ask(environ, start_response)
        call = context.CallContext(source=context.Source.WEB, address=environ.get("REMOTE_ADDR"))
        context.set_current(call)
        status = int(answer.status[:3])
        logs.note(ENDPOINT, "GET", environ["PATH_INFO"], status, time.perf_counter() - began, call.address)
        start_response(answer.status, [*answer.headers, (REFERENCE, call.request_id)])
        return [answer.body]

    def _ask(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Let the application answer, and keep what it says if it is the page for strangers."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.append((status, headers))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        body = self._wsgi(environ, note)
        try:
            whole = b"".join(body)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
        status, headers = started[-1]
        organisation = registry.peek(OrganisationSettings)
        names = {name.lower() for name, _ in headers}
        if status.startswith("404 ") and organisation is not None and "set-cookie" not in names:
            kept = tuple((name, value) for name, value in headers if name != REFERENCE)
            self._answer = _Answer(status, kept, whole, organisation)
        return [whole]
