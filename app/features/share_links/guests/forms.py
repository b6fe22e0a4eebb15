"""Forms of invitations, and those of visitors."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import RadioField, TextAreaField

from app.features.share_links.conditions_form import Entries
from app.features.share_links.gates.recipients import LONGEST_ADDRESS
from app.features.share_links.guests.invitations import AT_ONCE, MAXIMUM_WORDS
from app.features.share_links.guests.listing import InvitationState
from app.features.share_links.guests.reports import MAXIMUM_WORDS as MAXIMUM_REPORT
from app.features.share_links.guests.reports import SENTENCES, ReportReason
from app.web.forms import FilterForm, Form, Required, Words, at_most

#: Words for each state; the template chooses the tone.
STATE_LABELS = {
    InvitationState.WAITING: _("Waiting for the mail server"),
    InvitationState.SENT: _("Sent"),
    InvitationState.OPENED: _("Opened"),
    InvitationState.REVOKED: _("Taken back"),
    InvitationState.LEFT: _("Done with it"),
}
_LONGEST_LIST = AT_ONCE * (LONGEST_ADDRESS + 2)


class InviteFields(Form):
    """Mix into a form that invites people."""

    invite = Entries(
        _("Send it by mail to"),
        [at_most(_LONGEST_LIST)],
        description=_("One address a line. Each person gets a link of their own, so that you see whose was opened."),
        render_kw={"rows": 3, "spellcheck": "false"},
    )
    words = TextAreaField(
        _("A few words to them"),
        [at_most(MAXIMUM_WORDS)],
        description=_("Stands in the mail under your name. Leave out what only readers may know."),
        render_kw={"rows": 3},
    )

    @property
    def invites(self) -> bool:
        """Whether anybody is named, or something about it has to be mended."""
        return bool(self.invite.data or self.words.data or self.invite.errors or self.words.errors)


class InviteForm(InviteFields):
    """Inviting people to a link that is there."""


class SharedForm(FilterForm):
    """What stands above the list of what is shared with somebody."""

    q = Words(_("Search"), render_kw={"placeholder": _("Search by who shares it")})


class ReportForm(Form):
    """Why a visitor reports a link."""

    reason = RadioField(_("What is wrong?"), [Required(_("Choose what is wrong."))])
    words = TextAreaField(
        _("What should they know?"),
        [at_most(MAXIMUM_REPORT)],
        description=_("Leave it empty if the choice says it all."),
        render_kw={"rows": 3},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [(one.value, words.render(gettext)) for one, words in SENTENCES.items()]

    def chosen(self) -> ReportReason:
        """Return the reason, once the form is good."""
        return ReportReason(self.reason.data)
