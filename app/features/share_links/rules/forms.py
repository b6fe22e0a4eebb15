"""Forms of the rules of a level, made from their declarations: everywhere each has a value, below it may be left to others."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.validators import Optional as Optionally

from app.core.settings.registry import Declaration
from app.core.text import Text
from app.features.share_links.conditions_form import Count
from app.features.share_links.lists.listing import GroupRow
from app.features.share_links.powers_form import NAME_LABELS
from app.features.share_links.rules.rulebook import Effective, Level, Plain, Scope, groups_of
from app.features.share_links.settings import CHECK_MODES, SHARERS
from app.web.forms import Form, OneLine, TicksField, at_most, choices

#: The rules in groups, as the pages show them.
SECTIONS = (
    (
        _("What a link asks for"),
        ("require_gate", "require_password", "password_length", "password_score", "require_person", "maximum_days"),
    ),
    (_("Who it may be for"), ("allowed_domains", "blocked_domains")),
    (
        _("What it may show"),
        (
            *("allow_attachments", "allow_download", "allow_pdf", "allow_comments", "allow_children"),
            *("force_watermark", "share_restricted"),
        ),
    ),
    (_("Who shares and who approves"), ("sharers", "sharing_groups", "approval", "approver_groups")),
    (_("What it must not hold"), ("content_check", "patterns")),
    (_("What is chosen beforehand"), ("default_days", "names", "default_watermark")),
)
_GROUPS = ("sharing_groups", "approver_groups")
_CHOICE_WORDS = {
    **{one.value: label for one, label in NAME_LABELS.items()},
    "authors": _("Everybody who has links"),
    "administrators": _("Administrators"),
    "off": _("Look for nothing"),
    "warn": _("Warn the creator"),
    "approve": _("Have a second person decide"),
    "refuse": _("Refuse the link"),
}
_YES, _NO, _AS_ABOVE = "yes", "no", ""
_LONGEST = 4_000


class GroupTicks(TicksField):
    """Groups to tick; sent along hidden, they come as one text with commas."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([part for one in valuelist for part in one.split(",") if part])


class PlaceForm(Form):
    """Which place has rules of its own."""

    connection = SelectField(_("Connection"))
    container = OneLine(
        _("Space or project"),
        [at_most(64)],
        description=_("Its key, such as OPS. Leave it empty for the whole connection."),
        render_kw={"autocomplete": "off"},
    )


def rules_form(
    declared: Mapping[str, Declaration],
    own: Mapping[str, Plain],
    groups: Sequence[GroupRow],
    above: Effective | None = None,
) -> Form:
    """Return the form of one level with what is set on it; `above` is what holds without it, None for everywhere."""
    fields = {one.name: _field(one, groups, above) for one in declared.values()}
    shown = {name: _shown(name, own[name], lower=above is not None) for name in own}
    form: Form = type("RulesForm", (Form,), fields)(data=shown)
    return form


def entered(form: Form, scope: Scope, declared: Mapping[str, Declaration]) -> dict[str, Plain | None]:
    """Return what was entered; None leaves a rule to the other levels."""
    lower = scope is not Scope.EVERYWHERE
    return {name: _value(one, form[name].data, lower=lower) for name, one in declared.items()}


def sent_along(form: Form, declared: Mapping[str, Declaration]) -> dict[str, str]:
    """Return what was entered as hidden fields, to be sent once more."""
    found: dict[str, str] = {}
    for name, one in declared.items():
        data = form[name].data
        if one.kind is bool and isinstance(data, bool):
            found |= {name: "y"} if data else {}
        elif isinstance(data, list):
            found[name] = ",".join(data)
        else:
            # What was emptied is sent as empty: left out, the form would show what is set.
            found[name] = "" if data is None else str(data)
    return found


def value_words(name: str, value: Any) -> str:
    """Say what an effective rule is."""
    return str(_value_words(name, value))


def level_words(level: Level) -> str:
    """Return what a level is called."""
    return str(gettext("Everywhere")) if level.scope is Scope.EVERYWHERE else level.name


def held(effective: Effective, name: str) -> str:
    """Say what holds for a rule, and which levels decide it where any asks for something."""
    words = value_words(name, getattr(effective.rules, name))
    levels = ", ".join(level_words(one) for one in effective.decided[name])
    return f"{words} ({levels})" if levels else words


def _value_words(name: str, value: Any) -> Any:
    match name, value:
        case _, bool():
            return _("Yes") if value else _("No")
        case "sharers", rank:
            return _CHOICE_WORDS[SHARERS[rank]]
        case "names", chosen:
            return _CHOICE_WORDS[chosen]
        case "content_check", rank:
            return _CHOICE_WORDS[CHECK_MODES[rank]]
        case "patterns", found:
            return ", ".join(sorted(one.name for one in found)) or _("None")
        case (("sharing_groups" | "approver_groups"), sets):
            return _("Set") if sets else _("Anybody who may")
        case "allowed_domains", None:
            return _("Any")
    return (", ".join(sorted(value)) or _("None")) if isinstance(value, frozenset) else value


def _field(declared: Declaration, groups: Sequence[GroupRow], above: Effective | None) -> Any:
    label, words = _words(declared.label), _words(declared.help) if declared.help is not None else ""
    holds = gettext("As above: %(value)s", value=held(above, declared.name)) if above is not None else ""
    nothing = [(_AS_ABOVE, holds)] if above is not None else []
    if declared.name in _GROUPS:
        named = [(one.public_id, one.name) for one in groups]
        return GroupTicks(label, choices=named, validate_choice=False, description=holds)
    if declared.kind is bool and above is not None:
        return SelectField(label, description=words, choices=choices([*nothing, (_YES, _("Yes")), (_NO, _("No"))]))
    if declared.kind is bool:
        return BooleanField(label, description=words)
    if declared.choices is not None:
        # What its help names, the choices say in words.
        named = [(one, _CHOICE_WORDS[one]) for one in declared.choices]
        return SelectField(label, choices=choices([*nothing, *named]))
    words = f"{words} {holds}".strip()
    if declared.kind is int:
        return Count(label, [Optionally()], description=words, render_kw={"inputmode": "numeric"})
    if declared.name == "patterns":
        return TextAreaField(label, [at_most(_LONGEST)], description=words, render_kw={"rows": 4})
    return OneLine(label, [at_most(_LONGEST)], description=words, render_kw={"autocomplete": "off"})


def _shown(name: str, value: Plain, *, lower: bool) -> Any:
    if name in _GROUPS:
        return sorted(groups_of(str(value)))
    if isinstance(value, bool) and lower:
        return _YES if value else _NO
    return value


def _value(declared: Declaration, data: Any, *, lower: bool) -> Plain | None:
    if declared.name in _GROUPS:
        return ",".join(data or ()) or (None if lower else "")
    if declared.kind is bool and lower:
        return None if data == _AS_ABOVE else data == _YES
    if data is None or (lower and data == ""):
        return None
    value: Plain = data
    return value


def _words(text: Text) -> Any:
    return _(text.message_id, **text.arguments)
