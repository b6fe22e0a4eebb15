"""`/_gallery`: every component in every state and both modes, and the layouts. Registered in development only.

The samples are made-up and stand in no catalogue: nobody but a developer reads them.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Flask, abort, render_template
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    BooleanField,
    DateTimeLocalField,
    FileField,
    Form,
    IntegerField,
    PasswordField,
    RadioField,
    SearchField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.core import clock
from app.web.access import public
from app.web.fields import ComponentMeta

blueprint = Blueprint("gallery", __name__, url_prefix="/_gallery")

#: Pages that show a layout, by the last part of their address.
_LAYOUTS = ("app", "empty", "gate", "wide", "reader", "error", "closed")


class SampleForm(Form):
    """One field of each shape."""

    Meta = ComponentMeta

    address = StringField("Address", [InputRequired()], description="The address of a Confluence page or a Jira issue.")
    password = PasswordField("Password", [InputRequired()], render_kw={"autocomplete": "new-password"})
    state = SelectField(
        "State",
        choices=[SelectChoice("", "Any state"), SelectChoice("active", "Active"), SelectChoice("paused", "Paused")],
    )
    views = IntegerField("Largest number of views", description="Leave empty for no limit.")
    until = DateTimeLocalField("Ends")
    note = TextAreaField("Note")
    logo = FileField("Logo")
    download = BooleanField("Allow downloads", description="Attachments can be saved by whoever opens the link.")
    kind = RadioField("Kind", choices=[SelectChoice("staff", "Staff"), SelectChoice("guest", "Guest")], default="staff")
    groups = SelectMultipleField(
        "Groups",
        choices=[SelectChoice("1", "Partners"), SelectChoice("2", "Auditors at Northwind")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description="Members of any of these may open the link.",
    )

    def validate_address(self, field: StringField) -> None:
        """Refuse everything, so that the error state can be looked at."""
        raise ValidationError("Paste the whole address, beginning with https://.")

    def validate_kind(self, field: RadioField) -> None:
        raise ValidationError("Choose who it is for.")


class FilterForm(Form):
    """What stands above a table."""

    Meta = ComponentMeta

    q = SearchField("Search links", render_kw={"placeholder": "Search links"})
    state = SelectField(
        "State",
        choices=[SelectChoice("", "Any state"), SelectChoice("active", "Active"), SelectChoice("paused", "Paused")],
    )
    mine = BooleanField("Only mine")


class GateForm(Form):
    """The one question of a gate."""

    Meta = ComponentMeta

    password = PasswordField("Password", [InputRequired()], render_kw={"autocomplete": "off"})


@dataclass(frozen=True)
class SampleLink:
    """A row of the sample table."""

    name: str
    owner: str
    initials: str
    state: str
    tone: str
    views: int


_LINKS = (
    SampleLink("Onboarding for Northwind", "Ines Duarte", "id", "Active", "success", 128),
    SampleLink(
        "PORT-14 Delivery dates slip when the carrier changes the route", "Bo Lind", "bl", "Paused", "warning", 7
    ),
    SampleLink("Price list, spring", "Ada Krämer", "ak", "Revoked", "danger", 0),
    SampleLink("Architecture overview", "Ines Duarte", "id", "Used up", "neutral", 1204),
)


def install(app: Flask) -> None:
    """Add the gallery; the factory does so in development only."""
    app.register_blueprint(blueprint)


def _forms(mode: str) -> dict[str, Form]:
    wrong = SampleForm(prefix=f"{mode}-wrong-", formdata=None)
    wrong.validate()
    return {
        "sample": SampleForm(prefix=f"{mode}-", formdata=None),
        "wrong": wrong,
        "filters": FilterForm(prefix=f"{mode}-filter-", formdata=None),
    }


@blueprint.get("/")
@public("registered in development only", session=True)
def components() -> str:
    """Show every component, once in each mode."""
    now = clock.now()
    return render_template(
        "gallery/components.html",
        forms={mode: _forms(mode) for mode in ("light", "dark")},
        links=_LINKS,
        now=now,
        events=(
            {
                "at": now,
                "title": "Opened by a stranger",
                "detail": "Chromium on Linux, 203.0.113.0/24",
                "tone": "success",
            },
            {"at": now - timedelta(hours=1), "title": "Wrong password", "detail": None, "tone": "danger"},
            {"at": now - timedelta(days=3), "title": "Created by Ines Duarte", "detail": None, "tone": "neutral"},
        ),
        bars=tuple((f"{day} Nov", (day * 37) % 23) for day in range(1, 29)),
    )


@blueprint.get("/layouts/<name>")
@public("registered in development only", session=True)
def layout(name: str) -> str:
    """Show one layout with made-up content."""
    if name not in _LAYOUTS:
        abort(404)
    now = clock.now()
    form = GateForm(formdata=None)
    if name == "wide":
        form.password.errors = ("That is not the password of this link. Check it and try again.",)
    return render_template(
        f"gallery/{name}.html",
        form=form,
        filters=FilterForm(formdata=None),
        links=_LINKS,
        now=now,
        an_hour_ago=now - timedelta(hours=1),
    )
