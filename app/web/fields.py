"""WTForms fields drawn by the `field` macro, so that no template writes a control of its own.

A form whose Meta includes `ComponentMeta` prints a whole field – label, hint, error, control – for `{{ form.name }}`. The
macro comes back here for the bare control, with its class and the ids that describe it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import current_app
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import DateTimeLocalField, Field, SelectFieldBase, TextAreaField
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta
from wtforms.widgets import Select

from app.core.text import Text

#: The macro file that draws a field.
_TEMPLATE = "components/field.html"


class ComponentMeta(DefaultMeta):
    """Mix into a form's `Meta` before the library's: fields print themselves through the macro."""

    def wrap_formdata(self, form: BaseForm, formdata: Any) -> Any:
        """Return what was sent, without NUL: no browser's form sends it, and PostgreSQL refuses it with an error."""
        sent = super().wrap_formdata(form, formdata)
        if sent is None or not any("\0" in value for value in _texts(sent)):
            return sent
        return MultiDict(
            (name, value.replace("\0", "") if isinstance(value, str) else value)
            for name, values in sent.lists()
            for value in values
        )

    def render_field(self, field: Field, render_kw: Any) -> Markup:
        """Return the whole field; what the template passes are the macro's arguments and HTML attributes."""
        macro = current_app.jinja_env.get_template(_TEMPLATE).module.field  # type: ignore[attr-defined]
        drawn: Markup = macro(field, **render_kw)
        return drawn


def _texts(sent: Any) -> Iterable[str]:
    return (value for _name, values in sent.lists() for value in values if isinstance(value, str))


def template_globals(*, field_suffix: Callable[[], str]) -> dict[str, Callable[..., Any]]:
    """Return what the form components call; `field_suffix` names the zone that stands beside an instant."""
    return {
        "control": control,
        "error_count": error_count,
        "field_errors": field_errors,
        "field_shape": shape,
        "field_suffix": lambda field: field_suffix() if isinstance(field, DateTimeLocalField) else None,
        "focus_id": focus_id,
        "required_count": lambda form: sum(1 for field in form if field.flags.required),
        "visible_count": lambda form: sum(1 for field in form if shape(field) not in ("hidden", "submit")),
    }


def shape(field: Field) -> str:
    """Return how a field is laid out: hidden, submit, tick, choices, or the type of its control."""
    if isinstance(field, SelectFieldBase):
        return "select" if isinstance(field.widget, Select) else "choices"
    if isinstance(field, TextAreaField):
        return "textarea"
    kind = getattr(field.widget, "input_type", "text")
    return {"checkbox": "tick", "submit": "submit", "hidden": "hidden"}.get(kind, kind)


def control(field: Field, *, described: str = "", **attributes: Any) -> Markup:
    """Return the bare control, pointing at its hint and error."""
    if described:
        attributes.setdefault("aria-describedby", described)
    if field.errors:
        attributes.setdefault("aria-invalid", "true")
    return field.widget(field, **{**(field.render_kw or {}), **attributes})


def field_errors(field: Field) -> list[str]:
    """Return a field's errors as sentences in the reader's language; nested ones in their order."""
    return [_sentence(error) for error in _flat(field.errors)]


def _flat(errors: Any) -> list[Any]:
    if isinstance(errors, dict):
        return [found for inner in errors.values() for found in _flat(inner)]
    if isinstance(errors, list | tuple):
        return [found for inner in errors for found in _flat(inner)]
    return [errors]


def _sentence(error: Any) -> str:
    return error.render(gettext) if isinstance(error, Text) else str(error)


def error_count(form: BaseForm) -> int:
    """Return how many entries the error summary is about; what concerns the whole form counts as one each."""
    return len(form.form_errors) + sum(1 for field in form if field.errors)


def focus_id(field: Field) -> str:
    """Return the id that a link to the field leads to: of a choice its first option."""
    if shape(field) == "choices":
        options: Iterable[Field] = field  # type: ignore[assignment]  # choice fields yield their options
        return next((str(option.id) for option in options), str(field.id))
    return str(field.id)
