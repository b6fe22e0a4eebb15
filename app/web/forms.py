"""Forms: shape and single-field rules here; what needs the database or the actor is the service's, and comes back here.

A view reads `if form.validate_on_submit(): with errors_onto(form), transaction() as db: … return redirect(…)`, and ends
with `return form_page(template, form, …)`, which answers 422 where the form has errors.
"""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from types import TracebackType
from typing import Any, Self

from flask import render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateField, PasswordField, SearchField, SelectMultipleField, StringField
from wtforms import Form as PlainForm
from wtforms.fields import choices as wtforms_choices
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.core.errors import Conflict, DomainError, Invalid
from app.web.fields import ComponentMeta
from app.web.templating import viewer_zone

#: The first and last years there are cannot be converted into every zone.
FIRST_YEAR, LAST_YEAR = 1970, 9000
#: Newer than the library's published types.
_CHOICE: Any = vars(wtforms_choices)["SelectChoice"]


class Form(FlaskForm):
    """A form that is posted, with its CSRF token."""

    class Meta(ComponentMeta, FlaskForm.Meta):
        def wrap_formdata(self, form: BaseForm, formdata: Any) -> Any:
            """Return what was sent as a form. The library would take JSON for one, whatever its shape and types."""
            return MultiDict() if request.is_json else super().wrap_formdata(form, formdata)


class FilterForm(PlainForm):
    """A form above a list, sent by GET: it changes nothing and carries no token."""

    class Meta(ComponentMeta, PlainForm.Meta):
        pass

    @property
    def active(self) -> bool:
        """Whether any filter is set."""
        return any(bool(field.data) for field in self)


class TicksField(SelectMultipleField):
    """Several of a few choices, each with a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def choices(pairs: Iterable[tuple[str, Any]]) -> list[Any]:
    """Return choices for a field, from pairs of value and words."""
    return [_CHOICE(value, words) for value, words in pairs]


class OneLine(StringField):
    """Text of one line, without spaces around it and control characters in it; empty where nothing was sent."""

    data: str

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _one_line(valuelist)


class Words(SearchField):
    """What is searched for; cleaned as one line is."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _one_line(valuelist)


class Secret(PasswordField):
    """A password or token, exactly as it was typed, and never printed back."""

    data: str

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0] if valuelist else ""


class Day(DateField):
    """A day, as the browser's own control sends it; None where it was left empty."""

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        super().__init__(label, [Optional(), *validators], **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("Enter a day such as 2026-12-31.")) from error
        if self.data and not FIRST_YEAR <= self.data.year <= LAST_YEAR:
            self.data = None
            raise ValueError(gettext("Enter a day such as 2026-12-31."))


class Required(DataRequired):
    """Wants an entry, and says so in one sentence everywhere."""

    def __init__(self, message: Any = None) -> None:
        super().__init__(message or _("Fill this in."))


def at_most(count: int) -> Length:
    """Bound a text, with the number in the sentence."""
    return Length(max=count, message=_("Use at most %(count)s characters.", count=count))


class errors_onto:  # noqa: N801 - reads as a verb: with errors_onto(form)
    """Put what a service refuses back on the form: Invalid on its field, Conflict above the form.

    It swallows the exception once the transaction inside has rolled back; the view goes on to `form_page`.
    """

    def __init__(self, form: Form | FilterForm) -> None:
        self._form = form

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Invalid | Conflict):
            return False
        put_error(self._form, error)
        return True


def put_error(form: Form | FilterForm, error: DomainError) -> None:
    """Put one sentence on the field that the error names, or above the form where it has no such field."""
    name = str(getattr(error, "field", ""))
    if name in form:
        form[name].errors = [*form[name].errors, error.sentence]
    else:
        # The name is not repeated as a field: hidden ones and those of other forms have no place to show it.
        form.form_errors.append(error.sentence.render(gettext))


def form_page(template: str, form: Form | FilterForm, **context: Any) -> tuple[str, int]:
    """Render a page with a form: 200 while it is untouched, 422 once it has errors."""
    return render_template(template, form=form, **context), 422 if form.errors else 200


def start_of_day(day: date | None) -> datetime | None:
    """Return the instant at which a day begins in the person's zone."""
    return datetime.combine(day, time(), tzinfo=viewer_zone()).astimezone(UTC) if day is not None else None


def instant_of(day: date | None) -> datetime | None:
    """Return the instant that stands for a day everywhere: its beginning in UTC, so that no zone moves it."""
    return datetime.combine(day, time(), tzinfo=UTC) if day is not None else None


def _one_line(valuelist: list[str]) -> str:
    # HTML cannot carry control characters, and PostgreSQL refuses NUL with an error.
    return "".join(one for one in valuelist[0] if unicodedata.category(one) != "Cc").strip() if valuelist else ""
