"""Forms of the internal pages. What needs settings, rows or the person is the service's."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateTimeLocalField, HiddenField, IntegerField, PasswordField, SearchField, SelectField
from wtforms.validators import Optional as Optionally

from app.features.share_links.conditions import MAXIMUM_NAME, Changes
from app.features.share_links.listing import Wanted
from app.features.share_links.policy import LinkState
from app.features.share_links.powers_form import PowersFields
from app.integrations.atlassian.addresses import MAX_ADDRESS_LENGTH
from app.web.forms import FilterForm, OneLine, Required, TicksField, at_most
from app.web.templating import viewer_zone

FIRST_YEAR, LAST_YEAR = 1970, 9000

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


class Moment(DateTimeLocalField):
    """An instant, entered in the person's zone and handed on in UTC."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Enter a day and a time, such as 2026-12-31 18:00.")) from error
        # The first and last years cannot be converted into every zone.
        if self.data and not FIRST_YEAR <= self.data.year <= LAST_YEAR:
            self.data = None
            raise ValueError(gettext("Enter a day and a time, such as 2026-12-31 18:00."))

    def instant(self) -> datetime | None:
        """Return what was entered as an aware instant."""
        return self.data.replace(tzinfo=viewer_zone()).astimezone(UTC) if self.data else None


class Count(IntegerField):
    """A whole number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Enter a whole number.")) from error


def local_minute(instant: datetime) -> datetime:
    """Return an instant as a form shows it: the person's wall clock, to the minute."""
    return instant.astimezone(viewer_zone()).replace(second=0, microsecond=0, tzinfo=None)


class AddressForm(FilterForm):
    """The first step: what should be shared. Sent by GET, so that other programs can lead here."""

    url = OneLine(
        _("Address"),
        [Required(_("Paste the address of a Confluence page or a Jira issue.")), at_most(MAX_ADDRESS_LENGTH)],
        description=_("The address of a Confluence page or a Jira issue, from the address bar or “Copy link”."),
    )


class _ConditionFields(PowersFields):
    name = OneLine(_("Name"), [at_most(MAXIMUM_NAME)])
    expires_at = Moment(_("Ends"), [Optionally()])
    groups = TicksField(_("Groups"), description=_("Members of any of these may open the link, after signing in."))
    max_views = Count(_("Largest number of views"), [Optionally()], description=_("Leave empty for no limit."))

    def offer(self, groups: Sequence[Any]) -> None:
        """Set the groups to choose from."""
        twice = {one.name for one in groups if sum(other.name == one.name for other in groups) > 1}
        self.groups.choices = [
            (one.public_id, f"{one.name} ({one.source})" if one.name in twice else one.name) for one in groups
        ]


class CreateForm(_ConditionFields):
    """The second step: the conditions."""

    url = HiddenField(_("Address"), [Required(), at_most(MAX_ADDRESS_LENGTH)])
    password = PasswordField(
        _("Password"),
        description=_("At least 10 characters. Leave empty to ask for none."),
        render_kw={"autocomplete": "new-password"},
    )
    generate = BooleanField(_("Generate a password"), description=_("It is shown once, after the link is created."))


class EditForm(_ConditionFields):
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

    def fill(self, link: Any) -> None:
        """Show what is set now."""
        self.name.data = link.name
        self.expires_at.data = local_minute(link.expires_at)
        self.groups.data = [group.public_id for group in link.groups]
        self.max_views.data = link.max_views
        self.show_powers(link.powers)

    def changes(self, link: Any) -> Changes:
        """Return what was changed, without the password, which is hashed first."""
        moment = self.expires_at.instant()
        # A form shows minutes: one that was left alone must not move the end by its seconds.
        kept = self.expires_at.data == local_minute(link.expires_at) or moment is None
        return Changes(
            name=self.name.data or "",
            expires_at=link.expires_at if kept or moment is None else moment,
            groups=tuple(self.groups.data or ()),
            max_views=self.max_views.data,
            powers=self.powers(link.powers),
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
