"""Forms of the administrators' pages."""

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, TextAreaField, ValidationError

from app.core.accounts.actor import PersonKind
from app.core.connections.service import Credential, Draft
from app.core.jobs import outbox
from app.core.permissions import Role
from app.core.settings.registry import AreaDeclaration, Declaration
from app.core.text import Text
from app.features.admin.queries import groups, jobs, people
from app.features.admin.queries.groups import GroupSource
from app.features.admin.queries.people import PersonState
from app.integrations.atlassian.types import Product
from app.web.forms import (
    Day,
    FilterForm,
    Form,
    OneLine,
    Required,
    Secret,
    TicksField,
    Words,
    at_most,
    choices,
    instant_of,
)

KINDS = (
    (PersonKind.STAFF.value, _("Staff: works in Portico")),
    (PersonKind.GUEST.value, _("Guest: opens what is shared")),
    (PersonKind.CUSTOMER.value, _("Customer: comes from a service desk")),
)
ROLES = (
    (Role.ADMINISTRATOR.value, _("Administrator: may do everything")),
    (Role.AUTHOR.value, _("Author: makes and manages own links")),
    (Role.AUDITOR.value, _("Auditor: reads everything, changes nothing")),
)
_TYPED = {"autocomplete": "off", "spellcheck": "false"}


class PeopleFilter(FilterForm):
    """Above the list of people."""

    q = Words(_("Search people"), render_kw={"placeholder": _("Search people")})
    kind = SelectField(
        _("Kind"),
        choices=choices(
            [
                ("", _("Any kind")),
                (PersonKind.STAFF.value, _("Staff")),
                (PersonKind.GUEST.value, _("Guests")),
                (PersonKind.CUSTOMER.value, _("Customers")),
            ]
        ),
    )
    state = SelectField(
        _("State"),
        choices=choices(
            [
                ("", _("Any state")),
                (PersonState.ACTIVE.value, _("Active")),
                (PersonState.DEACTIVATED.value, _("Deactivated")),
            ]
        ),
    )

    def wanted(self, sort: str) -> people.Wanted:
        """Return what is asked of the list."""
        return people.Wanted(self.q.data or "", self.kind.data or "", self.state.data or "", sort)


class GroupFilter(FilterForm):
    """Above the list of groups."""

    q = Words(_("Search groups"), render_kw={"placeholder": _("Search groups")})
    source = SelectField(
        _("Source"),
        choices=choices(
            [
                ("", _("Any source")),
                (GroupSource.LOCAL.value, _("Made in Portico")),
                (GroupSource.ELSEWHERE.value, _("From elsewhere")),
            ]
        ),
    )

    def wanted(self, sort: str) -> groups.Wanted:
        """Return what is asked of the list."""
        return groups.Wanted(self.q.data or "", self.source.data or "", sort)


class MemberFilter(FilterForm):
    """Above the members of a group."""

    q = Words(_("Search members"), render_kw={"placeholder": _("Search members")})

    def wanted(self, sort: str) -> groups.Wanted:
        """Return what is asked of the list."""
        return groups.Wanted(self.q.data or "", sort=sort)


class JobFilter(FilterForm):
    """Above the list of jobs."""

    name = SelectField(_("Job"))
    #: The tab is kept while the list is filtered.
    tab = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name.choices = choices([("", _("Any job")), *((name, name) for name in sorted(outbox.kinds()))])

    @property
    def active(self) -> bool:
        """Whether one kind of job is asked for."""
        return bool(self.name.data)

    def wanted(self, sort: str) -> jobs.Wanted:
        """Return what is asked of the list; a tab that there is not is the first."""
        tab = self.tab.data if self.tab.data in jobs.TABS else next(iter(jobs.TABS))
        return jobs.Wanted(tab, self.name.data or "", sort)


class PersonForm(Form):
    """What an administrator may change about a person."""

    name = OneLine(_("Name"), [Required(), at_most(120)], render_kw={"autocomplete": "off"})
    kind = RadioField(_("Kind"), choices=choices(KINDS), default=PersonKind.STAFF.value)
    roles = TicksField(_("Roles"), choices=choices(ROLES), description=_("For staff. Groups may give further ones."))


class NewPersonForm(PersonForm):
    """A person to be."""

    email = OneLine(_("Email address"), [Required(), at_most(254)], render_kw={"type": "email", **_TYPED})


class AccountForm(Form):
    """The Atlassian account of a person, by its id."""

    account_id = OneLine(
        _("Atlassian account id"),
        [Required(), at_most(128)],
        description=_("It stands at the end of the address of the person's Atlassian profile."),
        render_kw=_TYPED,
    )


class GroupForm(Form):
    """A local group."""

    name = OneLine(_("Name"), [Required(), at_most(120)], render_kw={"autocomplete": "off"})
    description = TextAreaField(_("Description"), [at_most(400)], render_kw={"rows": 3})


class GroupRolesForm(Form):
    """What a group's members may do."""

    roles = TicksField(_("Roles"), choices=choices(ROLES), description=_("Staff in this group hold them."))


class MemberForm(Form):
    """Somebody to put into a group."""

    email = OneLine(_("Email address"), [Required(), at_most(254)], render_kw={"type": "email", **_TYPED})


class AccountNameForm(Form):
    """The account of a person on a Data Center site, by its username."""

    account_id = OneLine(
        _("Username"),
        [Required(), at_most(128)],
        description=_("As the person signs in there. The site is asked whose it is, and its key is kept."),
        render_kw=_TYPED,
    )


class ConnectionForm(Form):
    """A connection to a Cloud site; tokens are never printed back, and left empty they stay as they are."""

    name = OneLine(_("Name"), [Required(), at_most(80)], render_kw={"autocomplete": "off"})
    base_url = OneLine(
        _("Address"),
        [Required(), at_most(300)],
        description=_("Of the site, such as https://example.atlassian.net, or of its gateway for tokens with scopes."),
        render_kw={"inputmode": "url", **_TYPED},
    )
    site_address = OneLine(
        _("Address that people see"),
        [at_most(300)],
        description=_("Only where it differs: what stands in the addresses that people paste."),
        render_kw={"inputmode": "url", **_TYPED},
    )
    reading_email = OneLine(_("Email address"), [Required(), at_most(254)], render_kw={"type": "email", **_TYPED})
    reading_token = Secret(_("API token"), [at_most(1_000)], render_kw={"autocomplete": "off"})
    reading_expires = Day(_("Ends"), description=_("As Atlassian showed it; you are warned 30 days before."))
    checking_email = OneLine(_("Email address"), [at_most(254)], render_kw={"type": "email", **_TYPED})
    checking_token = Secret(_("API token"), [at_most(1_000)], render_kw={"autocomplete": "off"})
    checking_expires = Day(_("Ends"))

    def validate_checking_email(self, field: Field) -> None:
        """Want an address beside a token."""
        if self.checking_token.data and not field.data:
            raise ValidationError(_("Enter the address that the token belongs to."))

    @property
    def draft(self) -> Draft:
        """What was entered, as the service takes it."""
        checking = None
        if self.checking_email.data:
            checking = Credential(
                self.checking_email.data, self.checking_token.data or None, instant_of(self.checking_expires.data)
            )
        return Draft(
            name=self.name.data,
            base_url=self.base_url.data,
            site_address=self.site_address.data or None,
            reading=Credential(
                self.reading_email.data, self.reading_token.data or None, instant_of(self.reading_expires.data)
            ),
            checking=checking,
        )


class DataCenterForm(Form):
    """A connection to a Data Center site, whose tokens say themselves whose they are."""

    name = OneLine(_("Name"), [Required(), at_most(80)], render_kw={"autocomplete": "off"})
    base_url = OneLine(
        _("Address"),
        [Required(), at_most(300)],
        description=_(
            "With its path, if it has one, such as https://jira.example.com/jira. It may lie in your own network."
        ),
        render_kw={"inputmode": "url", **_TYPED},
    )
    site_address = OneLine(
        _("Address that people see"),
        [at_most(300)],
        description=_("Only where it differs: what the addresses that people paste begin with."),
        render_kw={"inputmode": "url", **_TYPED},
    )
    reading_token = Secret(_("Personal access token"), [at_most(1_000)], render_kw={"autocomplete": "off"})
    reading_expires = Day(_("Ends"), description=_("As the site showed it; you are warned 30 days before."))
    checking_token = Secret(_("Personal access token"), [at_most(1_000)], render_kw={"autocomplete": "off"})
    checking_expires = Day(_("Ends"))
    keep_checking = BooleanField(_("Keep the checking token that is stored"), default=True)

    @property
    def draft(self) -> Draft:
        """What was entered, as the service takes it."""
        return Draft(
            name=self.name.data,
            base_url=self.base_url.data,
            site_address=self.site_address.data or None,
            reading=Credential(None, self.reading_token.data or None, instant_of(self.reading_expires.data)),
            checking=self._checking(),
        )

    def _checking(self) -> Credential | None:
        # No address stands beside the token here, so that leaving it away is said by a tick.
        token = self.checking_token.data or None
        if token is None and not (self.keep_checking.data and self.has_checking):
            return None
        return Credential(None, token, instant_of(self.checking_expires.data))

    def __init__(self, *args: Any, has_checking: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_checking = has_checking


class NewDataCenterForm(DataCenterForm):
    """A connection to a Data Center site to be."""

    product = RadioField(
        _("Product"),
        choices=choices(
            [(Product.CONFLUENCE.value, _("Confluence Data Center")), (Product.JIRA.value, _("Jira Data Center"))]
        ),
        default=Product.CONFLUENCE.value,
    )


class NewConnectionForm(ConnectionForm):
    """A connection to be."""

    product = RadioField(
        _("Product"),
        choices=choices([(Product.CONFLUENCE.value, _("Confluence Cloud")), (Product.JIRA.value, _("Jira Cloud"))]),
        default=Product.CONFLUENCE.value,
    )


def settings_form(area: AreaDeclaration, values: dict[str, Any]) -> Form:
    """Return the form of one area of settings, made from its declarations; the registry checks the bounds."""
    fields = {declared.name: _field(declared) for declared in area.listed}
    shown = {one.name: values[one.name] for one in area.listed if not one.secret}
    form: Form = type("SettingsForm", (Form,), fields)(data=shown)
    return form


def settings_values(area: AreaDeclaration, form: Form) -> dict[str, Any]:
    """Return what was entered; a secret that was left empty is not among it, and stays."""
    return {one.name: form[one.name].data for one in area.listed if not one.secret or form[one.name].data}


def _field(declared: Declaration) -> Any:
    label, words = _words(declared.label), _words(declared.help) if declared.help is not None else ""
    if declared.kind is bool:
        return BooleanField(label, description=words)
    if declared.choices is not None:
        return SelectField(label, description=words, choices=choices((one, one) for one in declared.choices))
    if declared.secret:
        return Secret(label, description=words, render_kw={"autocomplete": "off"})
    extra = {"inputmode": "numeric"} if declared.kind is int else {}
    return OneLine(label, description=words, render_kw={"autocomplete": "off", **extra})


def _words(text: Text) -> Any:
    return _(text.message_id, **text.arguments)
