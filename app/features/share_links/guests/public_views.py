"""The list of what is shared with somebody, on the host of links: without an account, after a code by mail or a sign-in.

Off unless an administrator switches it on; then there is no such address at all. No answer tells whether anything is shared
with an address before that address was proven.
"""

from datetime import timedelta

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, db
from app.core.crypto import tokens as secrets
from app.core.errors import NotFound
from app.core.mail import delivery
from app.core.settings import registry
from app.features.share_links import tokens
from app.features.share_links.gates.mailed_codes import Outcome, Refusal
from app.features.share_links.gates.pages import CODE_STATUS, AddressForm, CodeForm, code_sentence
from app.features.share_links.guests import codes, shared
from app.features.share_links.guests.forms import SharedForm
from app.features.share_links.guests.settings import GuestSettings
from app.features.share_links.guests.shared import Guest
from app.features.share_links.visit_statement import OWN_GENERATION
from app.web import cookies
from app.web.access import public
from app.web.identity import actor_or_none
from app.web.surfaces import Surface
from app.web.tables import place
from app.web.templating import endpoint_url

blueprint = Blueprint("shared_with_me", __name__, url_prefix="/shared")
open_to_guests = public("asks for a code by mail or a sign-in itself", surface=Surface.PUBLIC, session=True)


def is_offered() -> bool:
    """Tell whether people outside can list what is shared with them."""
    return registry.get(GuestSettings).shared_with_me


@blueprint.before_request
def _only_where_it_is_on() -> None:
    if not is_offered():
        raise NotFound


@blueprint.get("/")
@open_to_guests
def list_shared() -> BaseResponse:
    """List what is shared with whoever this is; ask who it is where nothing is known."""
    form, after = SharedForm(request.args), place()[1]
    settings = registry.get(GuestSettings)
    with db.reading() as session:
        known = _guest(session)
        if not known.known:
            return _entry(AddressForm(formdata=None))
        ended = shared.ended(session, known)
        page = shared.page(session, known, form.q.data or "", after, titles=settings.show_titles)
    person = actor_or_none()
    soon = clock.now() + timedelta(days=2)
    values = {"page": page, "ended": ended, "form": form, "known": known, "person": person, "soon": soon}
    return make_response(render_template("share_links/public/shared.html", **values))


@blueprint.get("/address")
@open_to_guests
def ask_address() -> BaseResponse:
    """Ask for an address, also of somebody who is signed in or has proven another."""
    return _entry(AddressForm(formdata=None))


@blueprint.post("/address")
@open_to_guests
def ask_for_code() -> BaseResponse:
    """Send a code to an address, if anything is shared with it; the answer is the same if nothing is."""
    form = AddressForm()
    browser_id = cookies.browser_id() or secrets.new_secret()
    outcome = codes.ask(form.address.data, secrets.digest(browser_id))
    if outcome.refusal is Refusal.TOO_SOON:
        code = CodeForm(formdata=None)
        code.code.errors = [code_sentence(outcome)]
        return _wait(_code(code, CODE_STATUS[outcome.refusal]), outcome)
    if outcome.refusal is not None:
        form.address.errors = [code_sentence(outcome)]
        return _wait(_entry(form, CODE_STATUS[outcome.refusal]), outcome)
    response = make_response(redirect(url_for("shared_with_me.ask_code"), 303))
    cookies.ensure_browser_id(response, browser_id)
    return response


@blueprint.get("/code")
@open_to_guests
def ask_code() -> BaseResponse:
    """Ask for the code that was mailed."""
    return _code(CodeForm(formdata=None))


@blueprint.post("/code")
@open_to_guests
def prove_code() -> BaseResponse:
    """Prove an address by the code that was mailed to it."""
    form = CodeForm()
    outcome = codes.prove(form.code.data, cookies.browser_digest(), _person_id())
    if outcome.refusal is not None:
        form.code.errors = [code_sentence(outcome)]
        return _wait(_code(form, CODE_STATUS[outcome.refusal]), outcome)
    return redirect(url_for("shared_with_me.list_shared"), 303)


@blueprint.post("/<public_id>/open")
@open_to_guests
def open_shared(public_id: str) -> BaseResponse:
    """Lead to a link that is shared with whoever this is, and take the proven address along where it asks for one."""
    digest = cookies.browser_digest()
    with db.transaction() as session:
        known = _guest(session)
        row = shared.one(session, known, public_id) if known.known else None
        if row is None:
            raise NotFound
        if row.asks_for_address and digest is not None:
            codes.carry(session, public_id, digest)
    named = (row.invitation_id, OWN_GENERATION) if row.invitation_id else (row.public_id, row.generation)
    return redirect(url_for("share_links_public.read_link", token=tokens.make(*named)), 303)


@blueprint.post("/forget")
@open_to_guests
def forget_address() -> BaseResponse:
    """Let this browser no longer stand for the address it proved."""
    digest = cookies.browser_digest()
    if digest is not None:
        with db.transaction() as session:
            codes.forget(session, digest)
    return redirect(url_for("shared_with_me.list_shared"), 303)


def _guest(session: Session) -> Guest:
    digest = cookies.browser_digest()
    proven = codes.proven(session, digest)
    return shared.guest(session, proven.address if proven else None, _person_id(), digest)


def _person_id() -> int | None:
    person = actor_or_none()
    return person.person_id if person is not None else None


def _entry(form: AddressForm, status: int = 200) -> Response:
    here = url_for("shared_with_me.list_shared")
    values = {
        "form": form,
        "sends": delivery.can_send(),
        "person": actor_or_none(),
        "sign_in_url": endpoint_url("account.sign_in", next=here),
    }
    return make_response(render_template("share_links/public/shared_entry.html", **values), status)


def _code(form: CodeForm, status: int = 200) -> Response:
    with db.reading() as session:
        found = codes.waiting(session, cookies.browser_digest())
    if found is None:
        entry = AddressForm(formdata=None)
        entry.address.errors = form.code.errors
        return _entry(entry, status)
    return make_response(render_template("share_links/public/shared_code.html", form=form, waiting=found), status)


def _wait(response: Response, outcome: Outcome) -> Response:
    if outcome.retry_after is not None:
        response.headers["Retry-After"] = str(outcome.retry_after)
    return response
