"""Forms of the mapping editor: rows that are there from the start, so that it works without script.

A form is made for the rules it shows. Rows are numbered; an error of the service names the field of its row.
"""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectField, TextAreaField

from app.features.sso.forms.connections import lines
from app.features.sso.mapping import (
    MAXIMUM_TRANSFORMS,
    AttributeRule,
    GroupMapping,
    GroupRules,
    Need,
    Otherwise,
    OwnGroups,
    Target,
    Transform,
    TransformKind,
)
from app.web.forms import Form, OneLine, TicksField, at_most, choices

#: Empty rows that are offered beyond those in use.
SPARE_TRANSFORMS = 2
SPARE_MAPPINGS = 3
#: Group of the form's transforms in the names of its fields.
GROUP = "group"
_TYPED = {"autocomplete": "off", "spellcheck": "false"}
_LIST = {"rows": 3, **_TYPED}

_OTHERWISE = (
    (Otherwise.IGNORE.value, _("Leave what Portico has")),
    (Otherwise.KEEP.value, _("Keep the value as it was received")),
    (Otherwise.CLEAR.value, _("Clear it")),
    (Otherwise.REFUSE.value, _("Refuse the sign-in")),
)
_TRANSFORMS = (
    ("", _("No change")),
    (TransformKind.LOWER.value, _("Lower case")),
    (TransformKind.STRIP_DOMAIN.value, _("Strip the domain")),
    (TransformKind.REGEX.value, _("Pattern")),
    (TransformKind.TEMPLATE.value, _("Template")),
)
_OWN = (
    (OwnGroups.NONE.value, _("None: only the mapping counts")),
    (OwnGroups.EXISTING.value, _("Groups of this provider that exist with the same name")),
    (OwnGroups.ALL.value, _("All that are received; missing ones are made")),
)
_NEED = ((Need.ANY.value, _("Any of them")), (Need.ALL.value, _("All of them")))


def mapping_form(rules: Sequence[AttributeRule]) -> Form:
    """Return the form of all attribute rules, showing these."""
    by_target = {one.target: one for one in rules}
    fields: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for target in Target:
        rule = by_target.get(target, AttributeRule(target))
        prefix = target.value
        fields[f"{prefix}_sources"] = TextAreaField(
            _("Attributes"),
            [at_most(20_000)],
            description=_("One a line; the first that was received is used."),
            render_kw=_LIST,
        )
        shown[f"{prefix}_sources"] = "\n".join(rule.sources)
        _transform_fields(prefix, rule.transforms, fields, shown)
        fields[f"{prefix}_otherwise"] = SelectField(_("When nothing fits"), choices=choices(_OTHERWISE))
        shown[f"{prefix}_otherwise"] = rule.otherwise.value
    return _made("MappingForm", fields, shown)


def rules_of(form: Form) -> tuple[AttributeRule, ...]:
    """Return the attribute rules that were entered; a property without sources and transforms has none."""
    found = (
        AttributeRule(
            target,
            lines(form[f"{target.value}_sources"].data),
            _transforms_of(form, target.value),
            Otherwise(form[f"{target.value}_otherwise"].data),
        )
        for target in Target
    )
    return tuple(one for one in found if one.sources or one.transforms)


def group_form(rules: GroupRules, groups: Sequence[tuple[str, str]]) -> Form:
    """Return the form of the rules about groups, showing these; `groups` are public id and words of what can be chosen."""
    fields: dict[str, Any] = {
        "sources": TextAreaField(
            _("Attributes that hold groups"), [at_most(20_000)], description=_("One a line."), render_kw=_LIST
        ),
        "required": TextAreaField(
            _("Groups needed for signing in"),
            [at_most(100_000)],
            description=_("One a line, as they are received. Empty means that nobody is kept out."),
            render_kw=_LIST,
        ),
        "need": RadioField(_("How many of them"), choices=choices(_NEED)),
        "own": RadioField(_("Groups of the same name"), choices=choices(_OWN)),
        "default_all": TicksField(_("Everybody is in, at each sign-in"), choices=choices(groups)),
        "default_new": TicksField(_("New people are put into"), choices=choices(groups)),
    }
    shown: dict[str, Any] = {
        "sources": "\n".join(rules.sources),
        "required": "\n".join(rules.required),
        "need": rules.need.value,
        "own": rules.own.value,
        "default_all": list(rules.default_all),
        "default_new": list(rules.default_new),
    }
    _transform_fields(GROUP, rules.transforms, fields, shown)
    offered = choices([("", _("No group")), *groups])
    for number in range(len(rules.mapped) + SPARE_MAPPINGS):
        one = rules.mapped[number] if number < len(rules.mapped) else GroupMapping("", "")
        fields[f"mapped_{number}_received"] = OneLine(_("Received group"), [at_most(1_000)], render_kw=_TYPED)
        fields[f"mapped_{number}_group"] = SelectField(_("Group in Portico"), choices=offered)
        shown |= {f"mapped_{number}_received": one.received, f"mapped_{number}_group": one.group}
    return _made("GroupForm", fields, shown)


def group_rules_of(form: Form) -> GroupRules:
    """Return the rules about groups that were entered; a row without both its halves is none."""
    pairs = [(form[f"mapped_{n}_received"].data, form[f"mapped_{n}_group"].data) for n in mapping_rows(form)]
    return GroupRules(
        sources=lines(form.sources.data),
        transforms=_transforms_of(form, GROUP),
        default_all=tuple(form.default_all.data or ()),
        default_new=tuple(form.default_new.data or ()),
        mapped=tuple(GroupMapping(received, group) for received, group in pairs if received and group),
        own=OwnGroups(form.own.data),
        required=lines(form.required.data),
        need=Need(form.need.data),
    )


def transform_rows(form: Form, prefix: str) -> list[int]:
    """Return the numbers of the rows of transforms that a form has."""
    return [number for number in range(MAXIMUM_TRANSFORMS) if f"{prefix}_{number}_kind" in form]


def mapping_rows(form: Form) -> list[int]:
    """Return the numbers of the rows of mapped groups that a form has."""
    return [n for n in range(len(list(form))) if f"mapped_{n}_received" in form]


def _transform_fields(
    prefix: str, transforms: Sequence[Transform], fields: dict[str, Any], shown: dict[str, Any]
) -> None:
    for number in range(min(len(transforms) + SPARE_TRANSFORMS, MAXIMUM_TRANSFORMS)):
        name = f"{prefix}_{number}"
        fields[f"{name}_kind"] = SelectField(_("Change %(number)s", number=number + 1), choices=choices(_TRANSFORMS))
        fields[f"{name}_text"] = OneLine(_("Pattern or template"), [at_most(200)], render_kw=_TYPED)
        fields[f"{name}_replacement"] = OneLine(_("Put in its place"), [at_most(200)], render_kw=_TYPED)
        if number < len(transforms):
            one = transforms[number]
            shown |= {f"{name}_kind": one.kind.value, f"{name}_text": one.text, f"{name}_replacement": one.replacement}


def _transforms_of(form: Form, prefix: str) -> tuple[Transform, ...]:
    rows = [f"{prefix}_{number}" for number in transform_rows(form, prefix)]
    return tuple(
        Transform(TransformKind(form[f"{row}_kind"].data), form[f"{row}_text"].data, form[f"{row}_replacement"].data)
        for row in rows
        if form[f"{row}_kind"].data
    )


def _made(name: str, fields: dict[str, Any], shown: dict[str, Any]) -> Form:
    made: Form = type(name, (Form,), fields)(data=shown)
    return made
