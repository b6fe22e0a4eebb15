"""Forms of a person's own matters."""

from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, SelectField
from wtforms.validators import NumberRange

from app.core.accounts import api_tokens
from app.core.accounts.api_tokens import Scope
from app.core.crypto import passwords
from app.web.forms import Form, OneLine, Required, Secret, TicksField, at_most, choices

_NO_SPELLING = {"spellcheck": "false", "autocapitalize": "none"}
_SCOPE_WORDS = {
    Scope.SHARES_READ: _("Read links and their activity"),
    Scope.SHARES_WRITE: _("Create, change and revoke links"),
    Scope.APPROVALS_READ: _("Read the links that wait for your approval"),
    Scope.APPROVALS_WRITE: _("Approve and decline links, as far as you may"),
    Scope.RULES_READ: _("Read the rules for links, as far as you may"),
    Scope.RULES_WRITE: _("Change the rules for links, as far as you may"),
    Scope.CONNECTIONS_READ: _("Read identity providers, as far as you may"),
    Scope.CONNECTIONS_WRITE: _("Add, change and switch identity providers, as far as you may"),
}


class SignInForm(Form):
    """Address and password."""

    email = OneLine(
        _("Email address"),
        [Required(), at_most(254)],
        render_kw={"type": "email", "autocomplete": "username", **_NO_SPELLING},
    )
    password = Secret(_("Password"), [Required()], render_kw={"autocomplete": "current-password"})
    next = HiddenField()


class ProveAgainForm(Form):
    """The password once more, of who is signed in."""

    password = Secret(_("Your password"), [Required()], render_kw={"autocomplete": "current-password"})
    next = HiddenField()


class NewPasswordForm(Form):
    """A password for whoever holds a one-time link."""

    new_password = Secret(
        _("New password"),
        [Required()],
        description=_("At least %(count)s characters, such as four unrelated words.", count=passwords.MINIMUM_LENGTH),
        render_kw={"autocomplete": "new-password"},
    )


class ChangePasswordForm(NewPasswordForm):
    """The old password and the new one."""

    password = Secret(_("Current password"), [Required()], render_kw={"autocomplete": "current-password"})
    field_order = ("password", "new_password")


class DetailsForm(Form):
    """What a person may change about themselves."""

    name = OneLine(_("Name"), [Required(), at_most(120)], render_kw={"autocomplete": "name"})
    time_zone = SelectField(_("Time zone"), description=_("Times are shown to you in this zone."))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(available_timezones())
        self.time_zone.choices = choices(
            [("", _("The organisation's")), *((zone, zone.replace("_", " ")) for zone in zones)]
        )


class ApiTokenForm(Form):
    """A token for a program."""

    name = OneLine(
        _("Name"),
        [Required(), at_most(80)],
        description=_("What it is for, such as the name of the script."),
        render_kw={"autocomplete": "off"},
    )
    scopes = TicksField(
        _("What it may do"),
        choices=choices((scope.value, words) for scope, words in _SCOPE_WORDS.items()),
        default=[Scope.SHARES_READ.value],
    )
    days = IntegerField(
        _("Ends after"),
        [
            NumberRange(
                1,
                api_tokens.MAXIMUM_DAYS,
                _("Choose between 1 and %(maximum)s days.", maximum=api_tokens.MAXIMUM_DAYS),
            )
        ],
        default=api_tokens.DEFAULT_DAYS,
    )


class AccessTokenForm(Form):
    """A person's own account on a Data Center site, proven by a token of theirs."""

    token = Secret(
        _("Personal access token"),
        [Required(), at_most(1_000)],
        description=_(
            "Make one in your profile there, under Personal access tokens. It is stored encrypted and never shown."
        ),
        render_kw={"autocomplete": "off"},
    )


class ConnectForm(Form):
    """A person's own Atlassian account, proven by a token of theirs."""

    email = OneLine(
        _("Email address of your Atlassian account"),
        [Required(), at_most(254)],
        render_kw={"type": "email", "autocomplete": "off", **_NO_SPELLING},
    )
    token = Secret(
        _("API token"),
        [Required(), at_most(1_000)],
        description=_(
            "Make one at id.atlassian.com under Security, API tokens. It is stored encrypted and never shown."
        ),
        render_kw={"autocomplete": "off"},
    )
