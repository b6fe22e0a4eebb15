"""An attempt to sign in, explained: what each mapping makes of what was received, which groups follow, what would refuse.

Pure: the mappings are applied as they are now, so that an administrator who changes one sees its effect by loading the page again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.text import Text
from app.features.sso import mapping
from app.features.sso.configuration import Connection
from app.features.sso.mapping import Answer, GroupPlan, Mapped, OwnGroups
from app.features.sso.received import Received


@dataclass(frozen=True)
class GroupLine:
    """One group that follows, or would be taken away."""

    name: str
    #: mapped, own, default or removed.
    why: str


@dataclass(frozen=True)
class Effects:
    """What follows from what was received, by the rules as they are now."""

    mapped: tuple[Mapped, ...]
    plan: GroupPlan
    groups: tuple[GroupLine, ...]
    #: What would refuse the sign-in.
    refusals: tuple[Text, ...]
    #: What an administrator should know though it refuses nothing.
    remarks: tuple[Text, ...]
    second_factor: tuple[str, ...]


def effects(
    connection: Connection, received: Received, names: Mapping[str, str], existing: frozenset[str], *, is_new: bool
) -> Effects:
    """Return what follows. `names` are of Portico's groups by public id, `existing` the connection's own by external id."""
    attributes = received.by_name
    mapped = tuple(mapping.apply(rule, attributes) for rule in connection.mapping)
    plan = mapping.plan_groups(connection.groups, attributes, existing=existing, is_new=is_new)
    proofs = set(connection.identity.second_factor_values)
    return Effects(
        mapped=mapped,
        plan=plan,
        groups=_groups(plan, names),
        refusals=_refusals(mapped, plan),
        remarks=_remarks(connection, mapped, plan),
        second_factor=tuple(one for one in received.contexts if one in proofs),
    )


def _groups(plan: GroupPlan, names: Mapping[str, str]) -> tuple[GroupLine, ...]:
    lines = [GroupLine(names.get(one, one), "mapped") for one in sorted(plan.mapped)]
    lines += [GroupLine(one, "own") for one in plan.own]
    lines += [GroupLine(names.get(one, one), "default") for one in sorted(plan.defaults - plan.mapped)]
    lines += [GroupLine(names.get(one, one), "removed") for one in sorted(plan.managed - plan.mapped)]
    return tuple(lines)


def _refusals(mapped: tuple[Mapped, ...], plan: GroupPlan) -> tuple[Text, ...]:
    found = [
        Text("The mapping of %(target)s found no value that fits, and is set to refuse then.", target=one.target.value)
        for one in mapped
        if one.answer is Answer.REFUSED
    ]
    if not plan.may_sign_in:
        missing = ", ".join(plan.missing)
        found.append(Text("A group that is needed was not received: %(groups)s.", groups=missing))
    return tuple(found)


def _remarks(connection: Connection, mapped: tuple[Mapped, ...], plan: GroupPlan) -> tuple[Text, ...]:
    found = [
        Text("A pattern of the mapping of %(target)s took too long and was given up.", target=one.target.value)
        for one in mapped
        if one.too_slow
    ]
    rules = connection.groups
    if rules.sources and not plan.received:
        wanted = ", ".join(rules.sources)
        found.append(Text("No group was received in %(names)s, and so there is none.", names=wanted))
    if plan.unused and rules.own is not OwnGroups.ALL:
        found.append(Text("Received groups that no rule uses: %(count)s.", count=len(plan.unused)))
    if not any(one.target.value == "email" and one.value for one in mapped):
        found.append(Text("No email address follows; nobody can be created without one."))
    return tuple(found)
