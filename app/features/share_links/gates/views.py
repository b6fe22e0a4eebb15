"""What is sent to the gates of a link. Each view takes what its gate asks for; the last gate opens the link.

A view answers only where `next_step` asks for its gate; anybody else is led back to the page of the link, which says what is
asked for now.
"""

from flask import Response, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.core.crypto import tokens as secrets
from app.features.share_links.conditions import checked_reason
from app.features.share_links.gates import codes, proving
from app.features.share_links.gates import pages as gate_pages
from app.features.share_links.gates.mailed_codes import Outcome, Refusal
from app.features.share_links.gates.opening import Asked, Brought
from app.features.share_links.gates.pages import AddressForm, At, CodeForm, PasswordForm, ReasonForm
from app.features.share_links.gates.proving import Proof
from app.features.share_links.policy import Ask, Gate
from app.features.share_links.public_views import (
    asked_by,
    back,
    blueprint,
    closed,
    closed_page,
    is_closed,
    open_to_strangers,
    pass_gate,
)
from app.features.share_links.reading import sheets
from app.web import cookies
from app.web.forms import Form


@blueprint.post("/<token>/address")
@open_to_strangers
def ask_for_code(token: str) -> BaseResponse:
    """Send a code to an address, if the link is for it; the answer is the same if it is not."""
    asked, at, answer = _at(token, Gate.ADDRESS)
    if asked is None or at is None:
        return answer
    form = AddressForm()
    browser_id = cookies.browser_id() or secrets.new_secret()
    outcome = codes.ask(at.visit, form.address.data, secrets.digest(browser_id))
    if outcome.refusal is Refusal.TOO_SOON:
        return _code_again(at, CodeForm(formdata=None), "code", outcome)
    if outcome.refusal is not None:
        return _code_again(at, form, "address", outcome)
    response = back(token)
    cookies.ensure_browser_id(response, browser_id)
    return response


@blueprint.post("/<token>/code")
@open_to_strangers
def prove_code(token: str) -> BaseResponse:
    """Prove an address by the code that was mailed to it."""
    asked, at, answer = _at(token, Gate.ADDRESS)
    if asked is None or at is None:
        return answer
    form = CodeForm()
    outcome = codes.prove(at.visit, form.code.data, asked.browser_digest)
    if outcome.refusal is not None:
        return _code_again(at, form, "code", outcome)
    return pass_gate(token, asked)


@blueprint.post("/<token>/password")
@open_to_strangers
def prove_password(token: str) -> BaseResponse:
    """Prove the link's password."""
    asked, at, answer = _at(token, Gate.PASSWORD)
    if asked is None or at is None:
        return answer
    form = PasswordForm()
    proof = proving.prove(at.visit, form.password.data or "", asked.browser_digest)
    if proof.refusal is proving.Refusal.WRONG:
        return _again(at, form, "password", _("That password does not open this page."), 403)
    if proof.refusal is proving.Refusal.LIMITED:
        return _told_to_wait(_again(at, form, "password", gate_pages.too_many(), 429), proof)
    return pass_gate(token, asked, Brought(proven_hash=proof.proven_hash))


@blueprint.post("/<token>/terms")
@open_to_strangers
def accept_terms(token: str) -> BaseResponse:
    """Accept the terms that were on the page; where they have changed since, the new ones are shown."""
    asked, at, answer = _at(token, Gate.TERMS)
    if asked is None or at is None:
        return answer
    version = request.form.get("version", "")
    accepted = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else None
    return pass_gate(token, asked, Brought(terms_version=accepted))


@blueprint.post("/<token>/reason")
@open_to_strangers
def state_reason(token: str) -> BaseResponse:
    """State why the link is opened."""
    asked, at, answer = _at(token, Gate.REASON)
    if asked is None or at is None:
        return answer
    form = ReasonForm()
    reason = checked_reason(form.reason.data) if form.validate() else None
    if reason is None:
        form.reason.errors = form.reason.errors or [_("Say in a few words why you open this page.")]
        return gate_pages.show(at, Gate.REASON, form=form, status=422)
    return pass_gate(token, asked, Brought(reason=reason))


@blueprint.post("/<token>/open")
@open_to_strangers
def open_link(token: str) -> BaseResponse:
    """Open a link that asks for nothing any more."""
    asked = asked_by(token)
    if asked is None:
        return closed_page(known=False)
    first = sheets.approach(asked)
    return closed(asked, first) if is_closed(first) else pass_gate(token, asked)


def _at(token: str, gate: Gate) -> tuple[Asked | None, At | None, BaseResponse]:
    """Return who asks and where they stand; where that is not at this gate, only the answer counts."""
    asked = asked_by(token)
    if asked is None:
        return None, None, closed_page(known=False)
    found = sheets.approach(asked)
    if found.visit is None or found.step != Ask(gate):
        return None, None, closed(asked, found) if is_closed(found) else back(token)
    return asked, At(token, found.visit, asked.browser_digest), back(token)


def _again(at: At, form: Form, field: str, sentence: str, status: int) -> Response:
    form[field].errors = [sentence]
    gate = Gate.PASSWORD if isinstance(form, PasswordForm) else Gate.ADDRESS
    return gate_pages.show(at, gate, form=form, status=status)


def _code_again(at: At, form: Form, field: str, outcome: Outcome) -> Response:
    assert outcome.refusal is not None
    status = gate_pages.CODE_STATUS[outcome.refusal]
    return _told_to_wait(_again(at, form, field, gate_pages.code_sentence(outcome), status), outcome)


def _told_to_wait(response: Response, outcome: Outcome | Proof) -> Response:
    if outcome.retry_after is not None:
        response.headers["Retry-After"] = str(outcome.retry_after)
    return response
