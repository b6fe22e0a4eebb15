"""The conditions of a link as a form: a few that are usual, the others folded away until they are wanted."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateTimeLocalField, IntegerField, SelectField, TextAreaField
from wtforms.validators import Optional as Optionally

from app.core.accounts import second_factor
from app.core.accounts.sign_in import Way
from app.features.share_links.conditions import MAXIMUM_TERMS
from app.web.forms import FIRST_YEAR, LAST_YEAR, Form, TicksField, at_most
from app.web.templating import viewer_zone

#: As many characters as the largest number of the longest entries takes.
_LONGEST_LIST = 40_000
#: Values of the choice of a sign-in beside the names of ways, which hold no colon.
_NOT_ASKED, _ANY_WAY = "", ":any"
_APART = re.compile(r"[\s,;]+")


class Moment(DateTimeLocalField):
    """An instant, entered in the person's zone and handed on in UTC."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Enter a day and a time, such as 2026-12-31 18:00.")) from error
        if self.data and not FIRST_YEAR <= self.data.year <= LAST_YEAR:
            self.data = None
            raise ValueError(gettext("Enter a day and a time, such as 2026-12-31 18:00."))

    def instant(self, before: datetime | None = None) -> datetime | None:
        """Return what was entered as an aware instant; `before` where the form shows it still."""
        # A form shows minutes: one that was left alone must not move an instant by its seconds.
        if before is not None and self.data == local_minute(before):
            return before
        return self.data.replace(tzinfo=viewer_zone()).astimezone(UTC) if self.data else None


class Count(IntegerField):
    """A whole number."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Enter a whole number.")) from error


class Entries(TextAreaField):
    """Several entries, one a line or with commas between them."""

    def entries(self) -> tuple[str, ...]:
        """Return the entries that hold anything."""
        return tuple(one for one in _APART.split(self.data or "") if one)


def local_minute(instant: datetime) -> datetime:
    """Return an instant as a form shows it: the person's wall clock, to the minute."""
    return instant.astimezone(viewer_zone()).replace(second=0, microsecond=0, tzinfo=None)


class ConditionFields(Form):
    """Mix into a form that sets conditions; the password is apart, since it is hashed first."""

    expires_at = Moment(_("Ends"), [Optionally()])
    groups = TicksField(_("Groups"), description=_("Members of any of these may open the link, after signing in."))

    all_groups = BooleanField(_("Membership in all of the chosen groups"), description=_("One is enough otherwise."))
    sign_in = SelectField(_("Sign-in"), description=_("Groups ask for a sign-in by themselves."))
    recipients = Entries(
        _("Addresses and domains"),
        [at_most(_LONGEST_LIST)],
        description=_(
            "One a line, such as anna@example.org, or example.org for everybody there. Readers get a code by mail."
        ),
        render_kw={"rows": 4, "spellcheck": "false"},
    )
    asks_second_factor = BooleanField(
        _("A second factor"), description=_("Readers sign in and prove a second time that it is them.")
    )
    opens_at = Moment(_("Opens not before"), [Optionally()], description=_("Leave empty to open it at once."))
    networks = Entries(
        _("Networks"),
        [at_most(_LONGEST_LIST)],
        description=_("One a line, such as 192.0.2.0/24 or 2001:db8::/32. Leave empty for everywhere."),
        render_kw={"rows": 3, "spellcheck": "false"},
    )
    max_views = Count(_("Largest number of views"), [Optionally()], description=_("Leave empty for no limit."))
    max_views_each = Count(
        _("Largest number of views for each reader"),
        [Optionally()],
        description=_("A reader is who signed in, else who proved an address, else a browser."),
    )
    terms = TextAreaField(
        _("Terms to accept"),
        [at_most(MAXIMUM_TERMS)],
        description=_("Readers accept them before they open the link. Changed terms are asked again."),
        render_kw={"rows": 5},
    )
    asks_reason = BooleanField(
        _("A reason"), description=_("Readers say why they open the link; it stands in the link's activity.")
    )

    #: What is folded away.
    MORE = (
        *("all_groups", "sign_in", "recipients", "asks_second_factor"),
        *("opens_at", "networks", "max_views", "max_views_each", "terms", "asks_reason"),
    )

    def offer(self, groups: Sequence[Any], ways: Sequence[Way], link: Any = None) -> None:
        """Set what there is to choose from, and what `link` has already though it is not on offer any more."""
        twice = {one.name for one in groups if sum(other.name == one.name for other in groups) > 1}
        self.groups.choices = [
            (one.public_id, f"{one.name} ({one.source})" if one.name in twice else one.name) for one in groups
        ]
        self.sign_in.choices = [(_NOT_ASKED, gettext("Not asked for")), (_ANY_WAY, gettext("Any way of signing in"))]
        self.sign_in.choices += [(way.name, gettext("Only: %(label)s", label=way.label)) for way in ways]
        through = link.sign_in_through if link else None
        if through is not None and through not in {way.name for way in ways}:
            self.sign_in.choices.append((through, gettext("Only: a sign-in that is switched off")))
        asked = link is not None and link.asks_second_factor
        if "asks_second_factor" in self and not second_factor.is_offered() and not asked:
            del self.asks_second_factor

    @property
    def wants_more(self) -> bool:
        """Whether anything that is folded away is set or has to be mended."""
        return any(name in self and (self[name].data or self[name].errors) for name in self.MORE)

    def fill_conditions(self, link: Any, terms: str) -> None:
        """Show what is set now."""
        self.expires_at.data = local_minute(link.expires_at)
        self.opens_at.data = local_minute(link.opens_at) if link.opens_at else None
        self.groups.data = [group.public_id for group in link.groups]
        self.sign_in.data = link.sign_in_through or (_ANY_WAY if link.asks_sign_in else _NOT_ASKED)
        self.recipients.data, self.networks.data = "\n".join(link.recipients), "\n".join(link.networks)
        self.terms.data = terms
        for name in ("all_groups", "asks_second_factor", "max_views", "max_views_each", "asks_reason"):
            if name in self:
                self[name].data = getattr(link, name)

    def conditions(self, link: Any = None) -> dict[str, Any]:
        """Return what was entered, under the names of `Conditions` and `Changes`; `link` is what stood before."""
        way = self.sign_in.data or _NOT_ASKED
        return {
            "opens_at": self.opens_at.instant(link.opens_at if link else None),
            "networks": self.networks.entries(),
            "max_views": self.max_views.data,
            "max_views_each": self.max_views_each.data,
            "asks_sign_in": way == _ANY_WAY,
            "sign_in_through": way if way not in (_NOT_ASKED, _ANY_WAY) else None,
            "groups": tuple(self.groups.data or ()),
            "all_groups": bool(self.all_groups.data),
            "recipients": self.recipients.entries(),
            "asks_second_factor": "asks_second_factor" in self and bool(self.asks_second_factor.data),
            "terms": self.terms.data or "",
            "asks_reason": bool(self.asks_reason.data),
        }
