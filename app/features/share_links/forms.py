"""Forms of the internal pages. What needs settings, rows or the person is the service's."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, PasswordField, SearchField, SelectField

from app.features.share_links.conditions import MAXIMUM_NAME, Changes
from app.features.share_links.conditions_form import ConditionFields, Moment
from app.features.share_links.listing import Wanted
from app.features.share_links.policy import LinkState
from app.features.share_links.powers_form import PowersFields
from app.integrations.atlassian.addresses import MAX_ADDRESS_LENGTH
from app.web.forms import FilterForm, OneLine, Required, at_most

#: Words for each state; the templates choose the tone.
STATE_LABELS = {
    LinkState.SCHEDULED: _("Scheduled"),
    LinkState.ACTIVE: _("Active"),
    LinkState.PAUSED: _("Paused"),
    LinkState.EXPIRED: _("Expired"),
    LinkState.USED_UP: _("Used up"),
    LinkState.REVOKED: _("Revoked"),
    LinkState.CLOSED: _("Closed"),
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


class CreateForm(_LinkFields):
    """The second step: the conditions."""

    url = HiddenField(_("Address"), [Required(), at_most(MAX_ADDRESS_LENGTH)])
    password = PasswordField(
        _("Password"),
        description=_("At least 10 characters. Leave empty to ask for none."),
        render_kw={"autocomplete": "new-password"},
    )
    generate = BooleanField(_("Generate a password"), description=_("It is shown once, after the link is created."))


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

    def fill(self, link: Any, terms: str) -> None:
        """Show what is set now."""
        self.name.data = link.name
        self.fill_conditions(link, terms)
        self.show_powers(link.powers)

    def changes(self, link: Any) -> Changes:
        """Return what was changed, without the password, which is hashed first."""
        return Changes(
            name=self.name.data or "",
            expires_at=self.expires_at.instant(link.expires_at) or link.expires_at,
            powers=self.powers(link.powers),
            **self.conditions(link),
        )


class ListForm(FilterForm):
    """What stands above the list."""

    q = SearchField(_("Search links"), render_kw={"placeholder": _("Search links")})
    state = SelectField(_("State"), validate_choice=False)

    def offer(self) -> None:
        """Set the states to choose from."""
        self.state.choices = [
            ("", gettext("Any state")),
            *((state.value, label) for state, label in STATE_LABELS.items()),
        ]

    def wanted(self, sort: str, *, everybodys: bool) -> Wanted:
        """Return what is asked of the list."""
        return Wanted(everybodys, self.q.data or "", self.wanted_state(), sort)

    def wanted_state(self) -> LinkState | None:
        """Return the chosen state; anything unknown is none."""
        try:
            return LinkState(self.state.data or "")
        except ValueError:
            return None
