"""Forms of the internal pages. What needs settings, rows or the person is the service's."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, PasswordField, SelectField

from app.features.share_links.conditions import MAXIMUM_NAME, Changes
from app.features.share_links.conditions_form import ConditionFields, Moment
from app.features.share_links.guests.forms import InviteFields
from app.features.share_links.lists.saved_filters import MAXIMUM_NAME as MAXIMUM_FILTER_NAME
from app.features.share_links.lists.wanted import Condition, Risk, Wanted
from app.features.share_links.policy import LinkState
from app.features.share_links.powers_form import PowersFields
from app.integrations.atlassian.addresses import MAX_ADDRESS_LENGTH
from app.web.forms import Day, FilterForm, Form, OneLine, Required, Words, at_most, start_of_day

Choice = TypeVar("Choice", bound=StrEnum)

#: Words for each state; the templates choose the tone.
STATE_LABELS = {
    LinkState.SCHEDULED: _("Scheduled"),
    LinkState.ACTIVE: _("Active"),
    LinkState.EXPIRING: _("Ends soon"),
    LinkState.PAUSED: _("Paused"),
    LinkState.EXPIRED: _("Expired"),
    LinkState.USED_UP: _("Used up"),
    LinkState.REVOKED: _("Revoked"),
    LinkState.CLOSED: _("Closed"),
}

#: Words for each condition that links are found by.
CONDITION_LABELS = {
    Condition.PASSWORD: _("Password"),
    Condition.SIGN_IN: _("Sign-in"),
    Condition.GROUPS: _("Groups"),
    Condition.RECIPIENTS: _("Code by mail"),
    Condition.NETWORKS: _("Networks"),
    Condition.SECOND_FACTOR: _("Second factor"),
    Condition.TERMS: _("Terms"),
    Condition.REASON: _("Reason"),
}

#: Words for each risk.
RISK_LABELS = {
    Risk.NO_SIGN_IN: _("Nobody proves who they are"),
    Risk.PASSWORD_ONLY: _("Password only"),
    Risk.LONG_LIVED: _("Open for long"),
    Risk.NEVER_OPENED: _("Never opened"),
    Risk.PAGE_CHANGED: _("Changed since"),
    Risk.NEW_NETWORK: _("New network"),
}


class AddressForm(FilterForm):
    """The first step: what should be shared. Sent by GET, so that other programs can lead here."""

    url = OneLine(
        _("Address"),
        [Required(_("Paste the address of a Confluence page or a Jira issue.")), at_most(MAX_ADDRESS_LENGTH)],
        description=_("The address of a Confluence page or a Jira issue, from the address bar or “Copy link”."),
    )


class _LinkFields(ConditionFields, PowersFields):
    name = OneLine(_("Name"), [at_most(MAXIMUM_NAME)])


class CreateForm(_LinkFields, InviteFields):
    """The second step: the conditions."""

    url = HiddenField(_("Address"), [Required(), at_most(MAX_ADDRESS_LENGTH)])
    password = PasswordField(
        _("Password"),
        description=_("Or one of your own, of at least 10 characters."),
        render_kw={"autocomplete": "new-password"},
    )
    generate = BooleanField(_("Generate a password"), description=_("It is shown once, after the link is created."))
    #: The digest of what a content check found that this page shows.
    seen = HiddenField(_("What was found"), [at_most(64)])


class EditForm(_LinkFields):
    """What can be changed later."""

    name = OneLine(_("Name"), [Required(), at_most(MAXIMUM_NAME)])
    expires_at = Moment(_("Ends"), [Required()])
    password = PasswordField(
        _("New password"),
        description=_("At least 10 characters. Leave empty to keep things as they are."),
        render_kw={"autocomplete": "new-password"},
    )
    generate = BooleanField(_("Generate a new password"), description=_("It is shown once, after you save."))
    remove_password = BooleanField(_("Remove the password"))
    #: The version that is shown: who saves an old page must not take back what was tightened since.
    version = HiddenField(_("Version"), [at_most(20)])

    def fill(self, link: Any, terms: str) -> None:
        """Show what is set now."""
        self.name.data, self.version.data = link.name, str(link.version)
        self.fill_conditions(link, terms)
        self.show_powers(link.powers)

    @property
    def seen(self) -> int:
        """The version that was shown; 0, which none has, where the field says nothing that is one."""
        given = self.version.data or ""
        return int(given) if given.isascii() and given.isdigit() else 0

    def changes(self, link: Any) -> Changes:
        """Return what was changed, without the password, which is hashed first."""
        return Changes(
            name=self.name.data or "",
            expires_at=self.expires_at.instant(link.expires_at) or link.expires_at,
            powers=self.powers(link.powers),
            **self.conditions(link),
        )


class FilterNameForm(Form):
    """What a filter is kept by."""

    name = OneLine(_("Name"), [Required(), at_most(MAXIMUM_FILTER_NAME)])


class TransferForm(Form):
    """To whom a link goes."""

    email = OneLine(
        _("Email address of the new owner"),
        [Required(), at_most(254)],
        description=_("A colleague who may share, and who may see this in Atlassian: that is checked now."),
        render_kw={"type": "email", "autocomplete": "off"},
    )


class ListForm(FilterForm):
    """What stands above the list."""

    #: Shown when asked for.
    MORE: ClassVar = (
        *("page", "creator", "recipient", "domain", "created_from", "created_to", "ends_from", "ends_to"),
        *("opened_from", "opened_to", "never_opened"),
    )

    q = Words(_("Search links"), render_kw={"placeholder": _("Search links")})
    state = SelectField(_("State"), validate_choice=False)
    condition = SelectField(_("Condition"), validate_choice=False)
    risk = SelectField(_("Risk"), validate_choice=False)
    page = OneLine(_("Page id or issue key"))
    creator = OneLine(_("Owner’s name or address"))
    recipient = OneLine(_("Recipient’s address"))
    domain = OneLine(_("Recipients’ domain"))
    created_from = Day(_("Created from"))
    created_to = Day(_("Created until"))
    ends_from = Day(_("Ends from"))
    ends_to = Day(_("Ends until"))
    opened_from = Day(_("Last opened from"))
    opened_to = Day(_("Last opened until"))
    never_opened = BooleanField(_("Never opened"), false_values=("", "no"))

    def offer(self) -> None:
        """Set the choices."""
        for field, nothing, labels in (
            (self.state, gettext("Any state"), STATE_LABELS),
            (self.condition, gettext("Any condition"), CONDITION_LABELS),
            (self.risk, gettext("Any risk"), RISK_LABELS),
        ):
            field.choices = [("", nothing), *((one.value, label) for one, label in labels.items())]

    def wanted(self, sort: str, *, everybodys: bool) -> Wanted:
        """Return what is asked of the list; what cannot be read asks for nothing."""
        self.validate()
        return Wanted(
            everybodys=everybodys,
            search=self.q.data or "",
            sort=sort,
            state=_chosen(LinkState, self.state.data),
            condition=_chosen(Condition, self.condition.data),
            risk=_chosen(Risk, self.risk.data),
            page=self.page.data or "",
            creator=(self.creator.data or "") if everybodys else "",
            recipient=self.recipient.data or "",
            domain=self.domain.data or "",
            never_opened=bool(self.never_opened.data),
            created_from=start_of_day(self.created_from.data),
            created_to=_end_of_day(self.created_to.data),
            ends_from=start_of_day(self.ends_from.data),
            ends_to=_end_of_day(self.ends_to.data),
            opened_from=start_of_day(self.opened_from.data),
            opened_to=_end_of_day(self.opened_to.data),
        )

    def described(self) -> list[tuple[str, str]]:
        """Return what narrows the list as labels and words."""
        found = []
        for field in self:
            if field.data and not field.errors:
                words = gettext("Yes") if field.data is True else str(field.data)
                if isinstance(field, SelectField):
                    words = next((str(one[1]) for one in list(field.choices or ()) if one[0] == words), words)
                found.append((str(field.label.text), words))
        return found

    def asked(self) -> dict[str, str]:
        """Return the query arguments that narrow the list, as an address holds them."""
        return {field.short_name: _argument(field.data) for field in self if field.data and not field.errors}


def _chosen(kind: type[Choice], value: str | None) -> Choice | None:
    try:
        return kind(value or "")
    except ValueError:
        return None


def _argument(value: object) -> str:
    return "yes" if value is True else str(value)


def _end_of_day(day: date | None) -> datetime | None:
    return start_of_day(day + timedelta(days=1)) if day is not None else None
