"""The pages of a link's gates. Each asks for one thing, says why, and tells nothing of what is behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from wtforms import HiddenField

from app.core import db
from app.core.accounts import second_factor, sign_in
from app.core.accounts.models import Person
from app.core.mail import delivery
from app.features.share_links.conditions import MAXIMUM_REASON
from app.features.share_links.gates import codes
from app.features.share_links.gates.mailed_codes import Outcome, Refusal
from app.features.share_links.gates.recipients import LONGEST_ADDRESS
from app.features.share_links.lists import listing
from app.features.share_links.policy import Gate, RefusedBecause
from app.features.share_links.queries import Visit
from app.web.forms import Form, OneLine, Required, Secret, at_most
from app.web.templating import endpoint_url


class PasswordForm(Form):
    """The password gate."""

    password = Secret(_("Password"), render_kw={"autocomplete": "off"})


class AddressForm(Form):
    """Somebody says at which address a code reaches them."""

    address = OneLine(
        _("Your email address"),
        [at_most(LONGEST_ADDRESS)],
        render_kw={"autocomplete": "email", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false"},
    )


class CodeForm(Form):
    """The code that came by mail."""

    code = OneLine(_("Code"), [at_most(40)], render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"})


#: How a code that is not sent, or proves nothing, is answered.
CODE_STATUS = {
    Refusal.NOT_AN_ADDRESS: 422,
    Refusal.TOO_SOON: 429,
    Refusal.LIMITED: 429,
    Refusal.WRONG: 403,
    Refusal.OVER: 403,
}


class TermsForm(Form):
    """Which version of the terms was on the page."""

    version = HiddenField()


class ReasonForm(Form):
    """Why somebody opens the link."""

    reason = OneLine(
        _("Reason"),
        [Required(_("Say in a few words why you open this page.")), at_most(MAXIMUM_REASON)],
        render_kw={"autocomplete": "off"},
    )


@dataclass(frozen=True)
class At:
    """Where somebody stands: which link, in which browser."""

    token: str
    visit: Visit
    browser_digest: str | None
    #: Whether another address is wanted than the one that a code was sent to.
    another: bool = False

    @property
    def address(self) -> str:
        """The address of the link."""
        return url_for("share_links_public.read_link", token=self.token)


def show(at: At, gate: Gate, *, form: Form | None = None, status: int = 200) -> Response:
    """Return the page of a gate; with the form that was sent, if it comes back."""
    with db.reading() as session:
        template, values = _PAGES[gate](session, at, form)
    names: dict[str, Any] = {"shown": at.visit.shown, "token": at.token, "address": at.address}
    return make_response(render_template(f"share_links/public/{template}.html", **names, **values), status)


def turned_away(at: At, reason: RefusedBecause) -> Response:
    """Return the page for somebody who is not meant, or not from here, or not any more."""
    template = f"share_links/public/{_TURNED_AWAY[reason]}.html"
    values: dict[str, Any] = {"address": at.address, "network_address": at.visit.visitor.network_address}
    person = _person(at)
    if person is not None:
        values |= {"name": person.display_name, "email": person.email}
    return make_response(render_template(template, shown=at.visit.shown, **values), 403)


def way_through(session: Session, name: str | None) -> sign_in.Way | None:
    """Return the way to sign in by its name, if it is open."""
    return next((way for way in sign_in.ways(session) if way.name == name), None)


def _person(at: At) -> Person | None:
    with db.reading() as session:
        person_id = at.visit.visitor.person_id
        return session.get(Person, person_id) if person_id is not None else None


def too_many() -> str:
    """Return the one sentence for every limit."""
    return str(gettext("There were too many tries. Wait a while, then try again."))


def code_sentence(outcome: Outcome) -> str:
    """Return why no code is sent, or why one proves nothing; the same whomever the link is for."""
    match outcome.refusal:
        case Refusal.NOT_AN_ADDRESS:
            return str(gettext("Enter an email address, such as anna@example.org."))
        case Refusal.TOO_SOON:
            return str(
                gettext(
                    "A code was sent a moment ago. You can ask for another in %(count)s seconds.",
                    count=outcome.retry_after,
                )
            )
        case Refusal.WRONG:
            return str(gettext("That is not the code. Look at the newest mail, or ask for another code."))
        case Refusal.OVER:
            return str(gettext("That code cannot be used any more. Ask for another."))
        case _:
            return too_many()


# A form brings a cookie with it, so it is made only where one is shown.


def _sign_in(session: Session, at: At, _form: Form | None) -> tuple[str, dict[str, Any]]:
    through = at.visit.link.sign_in_through
    ways = sign_in.ways(session)
    if through is not None:
        ways = tuple(way for way in ways if way.name == through)
    sign_in_url = endpoint_url("account.sign_in", next=at.address) or f"/sign-in?next={at.address}"
    return "gate_sign_in", {
        "ways": ways,
        "named": through is not None,
        "person": _person(at),
        "sign_in_url": sign_in_url if through is None else None,
    }


def _address(session: Session, at: At, form: Form | None) -> tuple[str, dict[str, Any]]:
    waiting = None if at.another else codes.waiting(session, at.visit, at.browser_digest)
    if isinstance(form, CodeForm) and waiting is None:
        # Its code is of no use any more: the sentence goes where another is asked for.
        form, errors = AddressForm(formdata=None), form.code.errors
        form.address.errors = errors
    if waiting is None or isinstance(form, AddressForm):
        page = form if isinstance(form, AddressForm) else AddressForm(formdata=None)
        return "gate_address", {"form": page, "sends": delivery.can_send(), "own": at.visit.invited is not None}
    code = form or CodeForm(formdata=None)
    return "gate_code", {"form": code, "waiting": waiting, "own": at.visit.invited is not None}


def _second_factor(_session: Session, at: At, _form: Form | None) -> tuple[str, dict[str, Any]]:
    provider = second_factor.provider()
    return "gate_second_factor", {"prove_url": endpoint_url(provider.endpoint, next=at.address) if provider else None}


def _password(_session: Session, _at: At, form: Form | None) -> tuple[str, dict[str, Any]]:
    return "gate_password", {"form": form or PasswordForm(formdata=None)}


def _terms(session: Session, at: At, _form: Form | None) -> tuple[str, dict[str, Any]]:
    version = at.visit.link.terms_version
    text = listing.terms(session, at.visit.shown.link_id, version)
    return "gate_terms", {"form": TermsForm(formdata=None, version=version), "text": text, "version": version}


def _reason(_session: Session, _at: At, form: Form | None) -> tuple[str, dict[str, Any]]:
    return "gate_reason", {"form": form or ReasonForm(formdata=None)}


def _open(_session: Session, _at: At, _form: Form | None) -> tuple[str, dict[str, Any]]:
    return "gate_open", {"form": Form(formdata=None)}


_PAGES: dict[Gate, Callable[[Session, At, Form | None], tuple[str, dict[str, Any]]]] = {
    Gate.SIGN_IN: _sign_in,
    # Whoever has to renew a membership, and has no way to, signs in.
    Gate.RENEW: _sign_in,
    Gate.ADDRESS: _address,
    Gate.SECOND_FACTOR: _second_factor,
    Gate.PASSWORD: _password,
    Gate.TERMS: _terms,
    Gate.REASON: _reason,
    Gate.OPEN: _open,
}
_TURNED_AWAY = {
    RefusedBecause.WRONG_NETWORK: "not_from_here",
    RefusedBecause.OWN_VIEWS_SPENT: "views_spent",
    RefusedBecause.NOT_MEMBER: "not_for_you",
}
