"""Forms about whose a provider's account is."""

from flask_babel import lazy_gettext as _

from app.features.sso.account_rows import MAXIMUM_SEARCH
from app.features.sso.verified import MAXIMUM_SUBJECT
from app.web.forms import FilterForm, Form, OneLine, Required, Words, at_most

_TYPED = {"autocomplete": "off", "spellcheck": "false"}


class AccountFilter(FilterForm):
    """Finds accounts of one provider."""

    q = Words(
        _("Account, name or address"),
        [at_most(MAXIMUM_SEARCH)],
        render_kw={"placeholder": _("Account, name or address")},
    )


class AssignForm(Form):
    """An account, and whose it is."""

    subject = OneLine(
        _("Account at the provider"),
        [Required(), at_most(MAXIMUM_SUBJECT)],
        description=_(
            "What stands for the person there for good: the NameID or sub that the explanation of an attempt shows."
        ),
        render_kw=_TYPED,
    )
    email = OneLine(_("Address of the person here"), [Required(), at_most(254)], render_kw={"type": "email", **_TYPED})
