"""The filters above the trail."""

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import SelectField

from app.core.audit import events
from app.features.audit_log.queries import SUBJECT_KINDS, Filters
from app.web.forms import Day, FilterForm, OneLine, Words, choices, start_of_day

_TYPED = {"autocomplete": "off", "spellcheck": "false"}
_LONGEST = 254


class AuditFilter(FilterForm):
    """Above the list of entries."""

    ids = Words(_("Id"), render_kw={"placeholder": _("Any id or reference"), **_TYPED})
    event = SelectField(_("Event"))
    actor = OneLine(_("Who"), render_kw={"placeholder": _("Who: address or id"), **_TYPED})
    subject_kind = SelectField(
        _("About what"), choices=choices([("", _("About anything")), *((kind, kind) for kind in SUBJECT_KINDS)])
    )
    subject = OneLine(_("About whom"), render_kw={"placeholder": _("About: address or id"), **_TYPED})
    since = Day(_("From"))
    until = Day(_("To"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = sorted(events.registry())
        self.event.choices = choices([("", _("Any event")), *((value, value) for value in known)])

    @property
    def filters(self) -> Filters:
        """What is asked for. What cannot be read is left out rather than refused: this is a list, not an entry."""
        until = self.until.data + timedelta(days=1) if self.until.data is not None else None
        return Filters(
            event=self.event.data if self.event.data in events.registry() else "",
            actor=_words(self.actor.data),
            subject_kind=self.subject_kind.data if self.subject_kind.data in SUBJECT_KINDS else "",
            subject=_words(self.subject.data),
            ids=_words(self.ids.data),
            since=start_of_day(self.since.data),
            until=start_of_day(until),
        )


def _words(value: str | None) -> str:
    return (value or "")[:_LONGEST]
