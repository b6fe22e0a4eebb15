"""The part of a link's forms that says what its readers may do."""

from collections.abc import Sequence

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField
from wtforms.validators import Optional as Optionally

from app.documents.issue import DEFAULT_FIELDS, FieldChoice
from app.documents.issue_words import IssueWords
from app.features.share_links.objects import ObjectKind
from app.features.share_links.powers import (
    MAXIMUM_DEPTH,
    MAXIMUM_LABELS,
    Children,
    Powers,
    labels_of,
)
from app.features.share_links.reading.names import Names
from app.web.forms import Form, OneLine, TicksField, at_most

NAME_LABELS = {
    Names.FULL: _("Names, and addresses where their owners show them"),
    Names.NAME: _("Names"),
    Names.INITIALS: _("Initials"),
    Names.NONE: _("Nobody is named"),
}
_DEPTHS = (1, 2, 3)
_LABELS = IssueWords().labels


class PowersFields(Form):
    """What readers may do; `offer_powers` fits it to what is shared."""

    attachments = BooleanField(_("Show attachments"), description=_("Files of the page or issue are listed."))
    download = BooleanField(_("Allow downloads"), description=_("Listed files can be saved by whoever opens the link."))
    pdf = BooleanField(_("Offer a PDF"), description=_("Each copy says on every sheet for whom it was made."))
    watermark = BooleanField(
        _("Show a watermark"), description=_("Who is reading lies across the page and its PDF, for all to see.")
    )
    comments = BooleanField(
        _("Show comments"), description=_("Internal and restricted comments are never shown, whoever reads.")
    )
    children = SelectField(_("Child pages"), default="0")
    labels = OneLine(
        _("Only child pages with one of these labels"),
        [Optionally(), at_most(MAXIMUM_LABELS * 60)],
        description=_("Separate labels by commas. Leave empty for all child pages."),
    )
    fields = TicksField(_("Fields"), description=_("Nothing else of the issue is fetched or shown, but its title."))
    names = SelectField(_("People"), description=_("How people in Atlassian are named to readers."))

    def offer_powers(
        self, kind: ObjectKind, choices: Sequence[FieldChoice] | None, before: Powers | None = None
    ) -> None:
        """Set what there is to choose from, and leave away what does not go with a page or an issue."""
        before = before or Powers()
        self.names.choices = [(one.value, label) for one, label in NAME_LABELS.items()]
        depths = [(str(depth), gettext("%(count)s levels", count=depth)) for depth in _DEPTHS[1:]]
        self.children.choices = [
            ("0", gettext("None")),
            ("1", gettext("Those directly below")),
            *depths,
            (str(MAXIMUM_DEPTH), gettext("All levels")),
        ]
        if before.children and before.children.depth not in (*_DEPTHS, MAXIMUM_DEPTH):
            depth = before.children.depth
            self.children.choices.insert(-1, (str(depth), gettext("%(count)s levels", count=depth)))
        if kind is ObjectKind.ISSUE:
            del self.children, self.labels
            known = {one.id: one.label for one in choices or ()}
            # What was chosen and has no value now stays chosen.
            kept = {one: _LABELS.get(one, one) for one in before.jira_fields if one not in known and one != "summary"}
            self.fields.choices = list((known | kept).items())
        if kind is ObjectKind.PAGE or not choices:
            del self.fields

    def show_powers(self, powers: Powers) -> None:
        """Show what is set now."""
        for name in ("attachments", "download", "pdf", "watermark", "comments"):
            self[name].data = getattr(powers, name)
        self.names.data = powers.names.value
        if "children" in self:
            depth = powers.children.depth if powers.children else 0
            self.children.data = str(depth)
            self.labels.data = ", ".join(powers.children.labels) if powers.children else ""
        if "fields" in self:
            self.fields.data = sorted(powers.jira_fields or DEFAULT_FIELDS)

    def powers(self, before: Powers | None = None) -> Powers:
        """Return the powers that are chosen; nothing can be downloaded that is not listed."""
        before = before or Powers()
        return Powers(
            comments=bool(self.comments.data),
            attachments=bool(self.attachments.data or self.download.data),
            download=bool(self.download.data),
            pdf=bool(self.pdf.data),
            watermark=bool(self.watermark.data),
            children=self._children() if "children" in self else before.children,
            jira_fields=("summary", *(self.fields.data or ())) if "fields" in self else before.jira_fields,
            names=Names(self.names.data),
        )

    def _children(self) -> Children | None:
        depth = int(self.children.data)
        return Children(depth, labels_of(self.labels.data or "")) if depth else None
