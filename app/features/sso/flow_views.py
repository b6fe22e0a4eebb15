"""The sign-in flow over HTTP: going to a provider, what comes back from it, and the browser that comes for the outcome."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.core import db
from app.core.accounts.actor import Actor
from app.core.crypto import tokens
from app.core.errors import NotFound, TooMany
from app.core.permissions import Permission
from app.core.text import Text
from app.features.sso import arrival, attempts, begin, callback, finish, limits, outstanding
from app.features.sso.configuration import Connection, Kind
from app.features.sso.finish import Browser, Ending, Finished, Tested
from app.features.sso.models import Purpose
from app.features.sso.refusals import Refusal
from app.features.sso.verified import Refused
from app.web import cookies
from app.web.access import Access, declare, public, signed_in
from app.web.forms import Form
from app.web.identity import actor, actor_or_none
from app.web.surfaces import Surface, absolute, config
from app.web.templating import endpoint_url
from app.web.theme import local_path

blueprint = Blueprint("sso_flow", __name__, url_prefix="/sso")
#: As long as `SsoRequest.next_path`; a longer path is given up and people land where they begin.
MAXIMUM_PATH = 2_000
#: Bytes of a posted response; `protocols.saml.envelope` has the bound that counts.
MAXIMUM_ANSWER = 1_000_000


@blueprint.route("/<public_id>/start", methods=["GET", "POST"])
@public("whoever signs in with a provider goes there from here", session=True)
def start(public_id: str) -> BaseResponse:
    """Send the browser to the provider; one that is not known here is asked for a press of a button first."""
    return _go(_connection(public_id), Purpose.SIGN_IN, "sso_flow.start", actor_or_none())


@blueprint.route("/<public_id>/again", methods=["GET", "POST"])
@signed_in(surface=Surface.EITHER, staff=False)
def prove_again(public_id: str) -> BaseResponse:
    """Have the provider ask the signed-in person for their proof once more."""
    return _go(_connection(public_id), Purpose.REAUTH, "sso_flow.prove_again", actor())


@blueprint.post("/<public_id>/test")
@signed_in(Permission.ADMIN_SSO_MANAGE)
def test(public_id: str) -> BaseResponse:
    """Try a connection, on or off; nobody is signed in by it."""
    return _go(_connection(public_id, switched_off=True), Purpose.TEST, "sso_flow.test", actor())


@blueprint.post("/<public_id>/saml/acs")
def assertion_consumer_service(public_id: str) -> BaseResponse:
    """Read a SAML response and hand the browser a one-time address; no cookie is read here."""
    _count(limits.ANSWERS)
    connection = _connection(public_id, switched_off=True)
    if connection.kind is not Kind.SAML:
        raise NotFound
    outcome = arrival.read(connection, _here(), request.form.get("SAMLResponse", ""))
    with db.transaction() as rows:
        accepted = arrival.accept(rows, connection, outcome)
    if isinstance(accepted, Refused):
        return _refused(connection, accepted)
    return redirect(url_for("sso_flow.go_on", handle=accepted.handle), 303)


declare(
    assertion_consumer_service,
    Access(
        Surface.EITHER,
        frozenset(),
        staff=False,
        reason="an answer is posted from the provider's site; no cookie is read, its browser is looked at afterwards",
        cross_site=True,
    ),
)


@blueprint.route("/continue/<handle>", methods=["GET", "POST"])
@public("the browser that asked comes for its answer before it is signed in", session=True)
def go_on(handle: str) -> BaseResponse:
    """Compare the browser with the one that asked, and only then sign somebody in."""
    if request.method == "GET":
        with db.reading() as rows:
            waiting = outstanding.waiting(rows, handle)
        if waiting is not None and waiting.request is None:
            return _ask_before_signing_in(handle, waiting)
    chosen = cookies.browser_id() or (tokens.new_secret() if request.method == "POST" else None)
    with db.transaction() as rows:
        ending = finish.collect(rows, handle, _browser(chosen))
    if ending is None:
        return make_response(render_template("sso/over.html"), 410)
    return _end(ending, chosen)


@blueprint.get("/<public_id>/oidc/callback")
@public("an answer of a provider comes here with the browser that asked", session=True)
def oidc_callback(public_id: str) -> BaseResponse:
    """Take the answer of an OpenID or OAuth provider, exchange its code and sign somebody in."""
    _count(limits.ANSWERS)
    connection = _connection(public_id, switched_off=True)
    if connection.kind is Kind.SAML:
        raise NotFound
    browser = _browser(cookies.browser_id())
    said = {name: tuple(request.args.getlist(name)) for name in request.args}
    return _end(callback.answer(connection, said, browser), None, connection)


def _go(connection: Connection, purpose: Purpose, endpoint: str, who: Actor | None) -> BaseResponse:
    wanted = local_path(request.values.get("next"))
    wanted = wanted if len(wanted) <= MAXIMUM_PATH else "/"
    chosen = cookies.browser_id()
    if request.method == "GET" and chosen is None:
        # Only an answer to a POST gives a browser an id: whoever follows links for others must not get one.
        page = render_template("sso/start.html", form=Form(), connection=connection, wanted=wanted, endpoint=endpoint)
        return make_response(page)
    _count(limits.STARTS)
    chosen = chosen or tokens.new_secret()
    # Who left, perhaps to come as somebody else, would be let in again as the same person: the provider still knows them.
    again = purpose is Purpose.REAUTH or (purpose is Purpose.SIGN_IN and cookies.signed_out())
    prepared = begin.prepare(connection, _here(), again=again)
    with db.transaction() as rows:
        begin.remember(
            rows,
            prepared,
            browser_digest=tokens.digest(chosen),
            next_path=wanted,
            purpose=purpose,
            person_id=who.person_id if who and purpose is not Purpose.SIGN_IN else None,
        )
    response = _going(connection, prepared.going)
    if request.method == "POST":
        cookies.ensure_browser_id(response, chosen)
    return response


def _going(connection: Connection, going: begin.Going) -> Response:
    """Return a page that leads on by itself.

    Not a redirect: browsers apply `form-action` to every redirect that follows a form (CSP 3, 4.2.2), also to those the
    provider makes, and nobody knows where these lead.
    """
    response = make_response(render_template("sso/going.html", connection=connection, going=going))
    if going.fields:
        parts = urlsplit(going.url)
        policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; "
        schemes = "https: http:" if config().web.development else "https:"
        response.headers["Content-Security-Policy"] = f"{policy}form-action {parts.scheme}://{parts.netloc} {schemes}"
    return response


def _ask_before_signing_in(handle: str, waiting: outstanding.Waiting) -> Response:
    """Ask first where the provider began: nobody here asked, so anybody may have sent this browser the answer."""
    with db.reading() as rows:
        connection = begin.by_id(rows, waiting.connection_id)
    page = render_template(
        "sso/unasked.html",
        form=Form(),
        handle=handle,
        connection=connection,
        subject=waiting.verified.received.subject,
    )
    return make_response(page)


def _end(ending: Ending, chosen: str | None, connection: Connection | None = None) -> BaseResponse:
    if isinstance(ending, Refused):
        return _refused(connection, ending)
    if isinstance(ending, Tested):
        shown = endpoint_url("sso.attempt", reference=ending.reference)
        return redirect(shown or "/", 303)
    return _signed_in(ending, chosen)


def _signed_in(ending: Finished, chosen: str | None) -> BaseResponse:
    # A form cookie from before the sign-in may be known to somebody else: its CSRF token dies with it.
    session.clear()
    response = make_response(redirect(local_path(ending.next_path), 303))
    cookies.set_session_secret(response, ending.signed_in.secret)
    cookies.keep_way(response, ending.connection_public_id)
    if request.method == "POST":
        cookies.ensure_browser_id(response, chosen)
    return response


def _refused(connection: Connection | None, refused: Refused) -> Response:
    page = render_template(
        "sso/refused.html", sentence=_sentence(refused.reason), reference=attempts.reference(), connection=connection
    )
    return make_response(page, 503 if refused.reason is Refusal.PROVIDER_DOWN else 403)


def _sentence(reason: Refusal) -> str:
    words = {
        Refusal.PROVIDER_SAID_NO: _("Your identity provider did not sign you in, or you cancelled there."),
        Refusal.PROVIDER_DOWN: _("Your identity provider does not answer at the moment. Try again soon."),
        Refusal.REQUEST_UNKNOWN: _("This took too long, or it was not begun here. Sign in again."),
        Refusal.REPLAYED: _("This answer of your identity provider was used already. Sign in again."),
        Refusal.OTHER_BROWSER: _("This sign-in was begun in another browser. Sign in again in this one."),
        Refusal.CONNECTION_OFF: _("Signing in this way is switched off."),
        Refusal.GROUP_MISSING: _("Your identity provider knows you, but you are in no group that may sign in here."),
        Refusal.ADDRESS_TAKEN: _(
            "There is somebody with your address here already. An administrator has to say that this is you."
        ),
        Refusal.NOT_KNOWN: _("Your identity provider knows you, but you have no account here."),
        Refusal.DEACTIVATED: _("Your account here is deactivated."),
        Refusal.NOT_FOR_THIS_KIND: _("People like you do not sign in this way. Choose another one."),
        Refusal.OTHER_PERSON: _("You signed in at your provider as somebody else. Sign in as yourself."),
    }
    return str(words.get(reason) or _("Your identity provider's answer could not be used."))


def _connection(public_id: str, *, switched_off: bool = False) -> Connection:
    with db.reading() as rows:
        found = begin.connection(rows, public_id[:40], switched_off=switched_off)
    if found is None:
        raise NotFound
    return found


def _browser(chosen: str | None) -> Browser:
    who = actor_or_none()
    return Browser(tokens.digest(chosen) if chosen else None, who.session_id if who else None)


def _here() -> str:
    """Return the portal's own address on the host this request came to: a session belongs to the host it began on."""
    hosts = config().web
    public_host = urlsplit(hosts.links_url).netloc.lower()
    return absolute("", Surface.PUBLIC if request.host.lower() == public_host else Surface.APP)


def _count(limit: limits.Limit) -> None:
    with db.transaction() as rows:
        taken = limits.take(rows, limit)
    if not taken.allowed:
        raise TooMany(Text("Too many tries. Wait a moment, then try again."), retry_after=taken.retry_after)
