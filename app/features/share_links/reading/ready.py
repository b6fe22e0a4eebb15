"""Sends a finished page that this process keeps before the application is troubled with it: reading again is what most requests do.

Nothing is decided here that the view would decide otherwise: the facts of this instant are read and the policy is asked
by the very functions that the view asks. Whatever is not plainly a live read of what was checked lately goes through.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from app.core import context
from app.core.audit import trail
from app.core.context import CallContext, Source
from app.features.share_links.gates import forged
from app.features.share_links.gates.opening import Asked
from app.features.share_links.reading import freshness, reader_page, sheets
from app.features.share_links.reading.reader_page import CONTENT_TYPE, Look
from app.features.share_links.reading.sheets import Approach
from app.web import cookies, headers, logs, theme
from app.web.language import language_of

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

#: Where the view finds what was read here, so that a request reads its facts once.
_REACHED = "portico.share_link.approach"


def reached(environ: dict[str, Any], asked: Asked) -> Approach | None:
    """Return the approach that was made before the application, if it was made for just this."""
    found: tuple[Asked, Approach] | None = environ.get(_REACHED)
    return found[1] if found is not None and found[0] == asked else None


class FinishedPages:
    """WSGI middleware behind `ForgedTokens`, which says what a token names."""

    def __init__(self, wsgi: WsgiApp, *, secure: bool) -> None:
        self._wsgi = wsgi
        self._secure = secure
        self._headers = headers.standing(secure=secure)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        named = environ.get(forged.NAMED)
        # A browser without cookies holds no grant.
        if named is None or "HTTP_COOKIE" not in environ:
            return self._wsgi(environ, start_response)
        began = time.perf_counter()
        call = CallContext(source=Source.WEB, address=environ.get("REMOTE_ADDR"))
        context.set_current(call)
        try:
            page = self._finished(environ, named[1], call.address)
        except Exception:  # noqa: BLE001 - the application meets it again, and answers it as it answers everything
            page = None
        if page is None:
            return self._wsgi(environ, start_response)
        logs.note(forged.ENDPOINT, "GET", environ["PATH_INFO"], 200, time.perf_counter() - began, call.address)
        own = [
            ("Content-Type", CONTENT_TYPE),
            ("Content-Length", str(len(page))),
            ("Content-Security-Policy", reader_page.content_policy()),
            (headers.REFERENCE, call.request_id),
        ]
        start_response("200 OK", [*own, *self._headers])
        return [page]

    def _finished(self, environ: dict[str, Any], named: tuple[str, int], address: str | None) -> bytes | None:
        sent = cookies.sent_in(environ, secure=self._secure)
        asked = Asked(*named, sent.browser_digest, sent.session_digest, address)
        first = sheets.approach(asked)
        environ[_REACHED] = (asked, first)
        if first.served is None or not freshness.is_fresh(first.served.shown.object):
            return None
        trail.ensure_writable()
        return reader_page.kept(sheets.as_checked(first), Look(theme.named(sent.theme), language_of(environ)))
