"""Why somebody could open a link or could not, step by step, for its owner, administrators and auditors."""

from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import reading
from app.features.share_links import api as shares
from app.features.share_links.lists import listing
from app.features.share_links.policy import Admit, Ask, Closed, Gate, Refused, RefusedBecause, RuleName, Serve, Verdict
from app.features.share_links.public_views import why_closed
from app.features.share_links.rules import why
from app.features.share_links.rules.why import Explained, Somebody
from app.web import api
from app.web.access import bearer, signed_in
from app.web.api import Output, Query
from app.web.forms import FilterForm, OneLine, at_most, errors_onto, form_page
from app.web.identity import actor
from app.web.openapi import Operation, operation

blueprint = Blueprint("share_links_why", __name__, url_prefix="/links/<public_id>")
LONGEST_ADDRESS, LONGEST_NETWORK = 254, 45
_RULES = {
    RuleName.STATE: lazy_gettext("State and times"),
    RuleName.NETWORK: lazy_gettext("Network"),
    RuleName.VIEWS: lazy_gettext("Views left"),
    RuleName.SIGN_IN: lazy_gettext("Sign-in"),
    RuleName.MEMBERSHIP: lazy_gettext("Groups"),
    RuleName.ADDRESS: lazy_gettext("Address"),
    RuleName.SECOND_FACTOR: lazy_gettext("Second factor"),
    RuleName.PASSWORD: lazy_gettext("Password"),
    RuleName.TERMS: lazy_gettext("Terms"),
    RuleName.REASON: lazy_gettext("Reason"),
    RuleName.OPEN: lazy_gettext("Opening"),
}
_GATES = {
    Gate.SIGN_IN: lazy_gettext("Has to sign in, and has no account here that counts."),
    Gate.RENEW: lazy_gettext("Has to sign in again, so that the groups are confirmed."),
    Gate.ADDRESS: lazy_gettext("Is not among the addresses and domains that this link is for."),
    Gate.SECOND_FACTOR: lazy_gettext("Has to prove a second factor."),
    Gate.PASSWORD: lazy_gettext("Is asked for the password."),
    Gate.TERMS: lazy_gettext("Is asked to accept the terms."),
    Gate.REASON: lazy_gettext("Is asked for a reason."),
    Gate.OPEN: lazy_gettext("May open the link."),
}
_REFUSALS = {
    RefusedBecause.WRONG_NETWORK: lazy_gettext("Comes from no network that this link opens from."),
    RefusedBecause.OWN_VIEWS_SPENT: lazy_gettext("Has opened the link as often as each reader may."),
    RefusedBecause.NOT_MEMBER: lazy_gettext("Is not in the groups that this link asks for."),
}


class SomebodyForm(FilterForm):
    """Whom is asked about."""

    address = OneLine(
        lazy_gettext("Email address"),
        [at_most(LONGEST_ADDRESS)],
        description=lazy_gettext(
            "Of a person with an account, or of anybody. Leave it empty for whoever has the link."
        ),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    network = OneLine(
        lazy_gettext("IP address"),
        [at_most(LONGEST_NETWORK)],
        description=lazy_gettext("Where they come from, such as 192.0.2.17."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )


class WhyQuery(Query):
    """Whom is asked about."""

    address: str | None = Field(None, max_length=LONGEST_ADDRESS, description="Of a person, or of anybody.")
    network: str | None = Field(None, max_length=LONGEST_NETWORK, description="One IP address that they come from.")


class StepBody(Output):
    """What one rule says."""

    rule: RuleName
    answer: str = Field(description="passes, asks:<gate>, refused:<reason>, closed:<reason>, or opens.")


class WhyBody(Output):
    """Whether somebody could open a link, and why."""

    opens: bool
    decided_by: RuleName | None = Field(description="The rule that keeps them out; null where they could open it.")
    steps: list[StepBody]


@blueprint.get("/why")
@signed_in()
def why_link(public_id: str) -> str | tuple[str, int]:
    """Say whether somebody could open a link, and what each rule says of them."""
    form = SomebodyForm(request.args)
    with reading() as db:
        link = listing.one(db, actor(), public_id)
        found = why.explain(db, actor(), public_id, Somebody())
        if form.validate():
            with errors_onto(form):
                asked = why.somebody(form.address.data, form.network.data)
                found = why.explain(db, actor(), public_id, asked)
    return form_page(
        "share_links/why_link.html", form, link=link, found=found, steps=_steps(found), not_asked=_not_asked(found)
    )


@shares.blueprint.get("/shares/<public_id>/why")
@bearer(Scope.SHARES_READ)
@operation(
    Operation(
        "whyShare",
        "Say whether somebody could open a link, and why",
        query=WhyQuery,
        answers=WhyBody,
        problems=(404,),
        places={"public_id": "The id of the link."},
    )
)
def why_share(public_id: str) -> Response:
    """Say whether somebody could open a link, and what each rule says of them."""
    query = api.read_query(WhyQuery)
    with reading() as db:
        found = why.explain(db, actor(), public_id, why.somebody(query.address, query.network))
    steps = [StepBody(rule=one.rule, answer=_answer(one)) for one in found.verdicts]
    return api.answer(WhyBody(opens=found.opens, decided_by=found.decides, steps=steps))


def _steps(found: Explained) -> list[dict[str, Any]]:
    return [
        {"rule": _RULES[one.rule], "words": _words(one), "decides": one.rule is found.decides}
        for one in found.verdicts
        # Whoever is kept out does not come as far as opening it.
        if why.asks(found.link, one.rule) and (found.opens or one.rule is not RuleName.OPEN)
    ]


def _not_asked(found: Explained) -> list[str]:
    return [str(_RULES[one.rule]) for one in found.verdicts if not why.asks(found.link, one.rule)]


def _words(verdict: Verdict) -> Any:
    match verdict.step:
        case Closed(because):
            return why_closed(because)
        case Refused(reason):
            return _REFUSALS[reason]
        case Ask(gate):
            return _GATES[gate]
        case Admit() | Serve():
            return _("May open the link.")
    return _("Nothing in the way.")


def _answer(verdict: Verdict) -> str:
    match verdict.step:
        case Closed(because):
            return f"closed:{because.value}"
        case Refused(reason):
            return f"refused:{reason.value}"
        case Ask(gate) if gate is not Gate.OPEN:
            return f"asks:{gate.value}"
        case None:
            return "passes"
    return "opens"
