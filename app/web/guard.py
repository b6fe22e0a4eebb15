"""The one `before_request`: host, surface, origin, CSRF, identity, permission and a recent proof, in that order."""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, flash, g, redirect, request, url_for
from flask.globals import request_ctx
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import BadRequest, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, context, db
from app.core.accounts import api_tokens, sessions
from app.core.accounts.actor import Actor
from app.core.accounts.settings import SessionSettings
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.errors import Forbidden
from app.core.errors import NotFound as NothingHere
from app.core.settings import registry
from app.web import cookies, identity
from app.web.access import Access, Method, declared
from app.web.errors import CookiesNeeded, CrossSite, NotSignedIn
from app.web.headers import REFERENCE
from app.web.surfaces import Surface, hosts_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
csrf = CSRFProtect()


def install(app: Flask) -> None:
    """Install the guard; it runs before everything else."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    csrf.init_app(app)
    app.extensions["portico_hosts"] = hosts_of(app.extensions["portico_config"].web)
    app.before_request(guard)


def guard() -> BaseResponse | None:
    """Let a request through to its view, or answer in its place."""
    # Asked for once: each use of a global is a look-up of its own.
    asked, app = request_ctx.request, request_ctx.app
    hosts = app.extensions["portico_hosts"]
    host = asked.host.lower()
    access = declared(app.view_functions.get(asked.endpoint)) if asked.endpoint else None
    known = hosts.knows(host)
    if not known and (access is None or access.surface is not Surface.OPS):
        raise BadRequest("This host is not served here.")
    if asked.routing_exception is not None:
        # A wrong method is told apart from a wrong address only where the endpoint lives.
        if isinstance(asked.routing_exception, MethodNotAllowed | RequestRedirect):
            raise asked.routing_exception
        raise NotFound
    if "\0" in asked.path:
        # PostgreSQL refuses NUL in a text with an error; no address of ours holds it.
        raise NotFound
    if access is None:
        raise RuntimeError(f"{asked.endpoint} declares no access")
    if not hosts.serves(host, access.surface):
        raise NotFound
    g.access = access
    _check_origin(access, host)
    return _identify(access)


def _check_origin(access: Access, host: str) -> None:
    if request.method in SAFE_METHODS or access.cross_site or Method.BEARER in access.methods:
        return
    # Browsers say where a request comes from (W3C Fetch Metadata); programs that say nothing still need the token.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise CrossSite
    origin = request.headers.get("Origin")
    # Under `Referrer-Policy: no-referrer` browsers send the form of a page of ours with `Origin: null` (Fetch, 3.2): what
    # then speaks for it is Sec-Fetch-Site and the token.
    if origin not in (None, "null") and _host_of(origin) != host:
        raise CrossSite
    try:
        csrf.protect()
    except CSRFError as error:
        if Method.SHARE_LINK in access.methods and not cookies.has_form_cookie():
            raise CookiesNeeded(request.path.rpartition("/")[0] + "/") from error
        raise CrossSite from error


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _identify(access: Access) -> BaseResponse | None:
    actor: Actor | None = None
    if Method.BEARER in access.methods:
        actor = _bearer()
    elif Method.SESSION in access.methods:
        actor = _session()
    elif access.reason is not None:
        return None
    if actor is None:
        return None if access.reason is not None else _ask_to_sign_in()
    if access.reason is None:
        _authorise(access, actor)
    return _ask_to_prove_again() if access.recent and not _proved_lately() else None


def _proved_lately() -> bool:
    row = identity.session_row()
    return row is not None and clock.now() - sessions.proven_at(row) <= registry.get(SessionSettings).recent


def _ask_to_prove_again() -> BaseResponse:
    """Send somebody to prove again who they are; what they wanted to see is resumed, what they sent is shown again."""
    wanted = request.full_path.rstrip("?")
    if request.method not in SAFE_METHODS:
        wanted = _page_of(request.path)
        flash(_("Nothing was changed yet. Prove that it is you, then send it once more."), "info")
    return redirect(url_for("account.prove_again", next=wanted), 303)


def _page_of(path: str) -> str:
    """Return the page that a form at `path` stands on: the nearest address above it that can be opened."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    while path.strip("/") and not adapter.test(path, method="GET"):
        path = path.rstrip("/").rpartition("/")[0]
    return path or "/"


def _session() -> Actor | None:
    secret = cookies.session_secret()
    if secret is None:
        return None
    with db.reading() as session:
        found = sessions.resolve(session, secret)
    if found is None:
        return None
    actor, row = found
    identity.set_actor(actor, row)
    if sessions.due_for_touch(row):
        with db.transaction() as session:
            sessions.touch(session, row.id)
    return actor


def _bearer() -> Actor:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret or len(secret) > 200:
        raise NotSignedIn
    with db.reading() as session:
        found = api_tokens.resolve(session, secret.strip())
    if found is None:
        raise NotSignedIn
    actor, token = found
    identity.set_actor(actor)
    if api_tokens.due_for_note(token):
        with db.transaction() as session:
            api_tokens.note_use(session, token.id)
    return actor


def _ask_to_sign_in() -> BaseResponse:
    if request.method in SAFE_METHODS and "account.sign_in" in current_app.view_functions:
        wanted = request.full_path.rstrip("?")
        return redirect(url_for("account.sign_in", next=None if wanted == "/" else wanted), code=303)
    raise NotSignedIn


def _authorise(access: Access, actor: Actor) -> None:
    if access.staff and not actor.is_staff:
        _refuse("not staff", access, actor)
        raise NothingHere
    if access.scope is not None and (actor.scopes is None or access.scope not in actor.scopes):
        _refuse("scope", access, actor)
        raise Forbidden
    if access.permission is not None and not actor.may(access.permission):
        _refuse("permission", access, actor)
        raise Forbidden


def _refuse(reason: str, access: Access, actor: Actor) -> None:
    trail.record_refusal(
        CoreEvent.REFUSED,
        subject=None,
        actor=actor,
        endpoint=request.endpoint,
        reason=reason,
        permission=access.permission.value if access.permission else access.scope,
    )


def set_context() -> None:
    """Say who is calling, for logs and audit; runs before the guard."""
    asked = request_ctx.request
    api = asked.path.startswith("/api/")
    context.set_current(
        context.CallContext(
            source=context.Source.API if api else context.Source.WEB,
            address=asked.remote_addr,
            agent=asked.environ.get("HTTP_USER_AGENT", "")[:400] or None,
        )
    )


def answer_with_request_id(response: Response) -> Response:
    """Put the reference id on every answer."""
    response.headers[REFERENCE] = context.current().request_id
    return response
