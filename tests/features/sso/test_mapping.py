"""What is made of received attributes: tables of transforms, the four answers, and groups; properties over anything."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.features.sso.mapping import (
    MAXIMUM_GROUP,
    Answer,
    AttributeRule,
    GroupMapping,
    GroupRules,
    Need,
    Otherwise,
    OwnGroups,
    PatternRefused,
    Target,
    Transform,
    TransformKind,
    apply,
    check_transform,
    plan_groups,
)
from tests.processes import PATIENCE_SECONDS

LOWER = Transform(TransformKind.LOWER)
STRIP = Transform(TransformKind.STRIP_DOMAIN)


def pattern(text: str, replacement: str = "") -> Transform:
    return Transform(TransformKind.REGEX, text, replacement)


def template(text: str) -> Transform:
    return Transform(TransformKind.TEMPLATE, text)


@pytest.mark.parametrize(
    ("transforms", "received", "expected"),
    [
        ((), "Ada@Example.COM", "Ada@Example.COM"),
        ((LOWER,), "Ada@Example.COM", "ada@example.com"),
        ((STRIP,), "ada@example.com", "ada"),
        ((STRIP,), "EXAMPLE\\ada", "ada"),
        ((STRIP,), "ada", "ada"),
        ((LOWER, STRIP), "ADA@EXAMPLE.COM", "ada"),
        ((pattern(r"^(.+)@old\.example$", r"\1@new.example"),), "ada@old.example", "ada@new.example"),
        ((pattern(r"^(.+)@old\.example$"),), "ada@old.example", "ada"),
        ((pattern(r"[a-z]+"),), "ada99", "ada"),
        ((pattern(r"^([^_]+)_([^#]+)#EXT#.*", r"\1@\2"),), "ada_out.example#EXT#@in.example", "ada@out.example"),
        ((pattern(r"(a)|(b)", r"\1-\2"),), "b", "-b"),
        ((pattern(r"^no"),), "ada", None),
        ((template("{givenName} {sn}"),), "ignored", "Ada Lovelace"),
        ((template("{value} ({sn})"),), "Ada", "Ada (Lovelace)"),
        ((template("{missing} {sn}"),), "Ada", None),
        ((pattern("^(A)", r"\1"), template("{value}.{sn}"), LOWER), "Ada", "a.lovelace"),
        ((STRIP,), "@example.com", None),
    ],
)
def test_transforms_are_applied_in_their_order(
    transforms: tuple[Transform, ...], received: str, expected: str | None
) -> None:
    attributes = {"it": [received], "givenName": ["Ada"], "sn": ["Lovelace", "Byron"]}
    made = apply(AttributeRule(Target.NAME, ("it",), transforms), attributes)
    assert (made.value if made.matched else None) == expected


@pytest.mark.parametrize(
    ("otherwise", "received", "answer", "value"),
    [
        (Otherwise.KEEP, ["raw"], Answer.TAKEN, "raw"),
        (Otherwise.KEEP, [], Answer.LEFT, None),
        (Otherwise.IGNORE, ["raw"], Answer.LEFT, None),
        (Otherwise.IGNORE, [], Answer.LEFT, None),
        (Otherwise.CLEAR, ["raw"], Answer.CLEARED, ""),
        (Otherwise.CLEAR, [], Answer.CLEARED, ""),
        (Otherwise.REFUSE, ["raw"], Answer.REFUSED, None),
        (Otherwise.REFUSE, [], Answer.REFUSED, None),
    ],
)
def test_when_nothing_fits_one_of_four_answers_is_given(
    otherwise: Otherwise, received: list[str], answer: Answer, value: str | None
) -> None:
    made = apply(AttributeRule(Target.EMAIL, ("mail",), (pattern("^never$"),), otherwise), {"mail": received})
    assert (made.answer, made.value, made.matched) == (answer, value, False)


def test_the_first_source_that_was_received_is_used_and_the_first_of_its_values_that_fits() -> None:
    rule = AttributeRule(Target.EMAIL, ("absent", "empty", "mail", "other"), (pattern(r"^.+@b\.example$"),))
    made = apply(rule, {"empty": ["", " "], "mail": ["x@a.example", " y@b.example "], "other": ["z@b.example"]})
    assert (made.source, made.value) == ("mail", "y@b.example")
    assert made.received == ("x@a.example", "y@b.example")


def test_a_template_needs_no_source() -> None:
    rule = AttributeRule(Target.NAME, (), (template("{first} {last}"),))
    assert apply(rule, {"first": ["Ada"], "last": ["Lovelace"]}).value == "Ada Lovelace"
    assert apply(rule, {"first": ["Ada"]}).answer is Answer.LEFT


def test_a_pattern_that_backtracks_is_given_up_and_said() -> None:
    rule = AttributeRule(Target.NAME, ("it",), (pattern(r"^(\w+\s?)*\d$|^(a|a)*b$"),), Otherwise.REFUSE)
    began = time.monotonic()
    made = apply(rule, {"it": ["a" * 900 + "!"] * 50})
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert (made.answer, made.too_slow) == (Answer.REFUSED, True)


def test_a_pattern_on_groups_that_is_given_up_leaves_no_group() -> None:
    rules = GroupRules(("groups",), (pattern(r"^(\w+\s?)*\d$|^(a|a)*b$"),), own=OwnGroups.ALL)
    assert plan_groups(rules, {"groups": ["1", "a" * 900 + "!"]}).own == ()


@pytest.mark.parametrize(
    "transform",
    [
        pattern(""),
        pattern("("),
        pattern("a" * 201),
        pattern("(a)", r"\2"),
        pattern("a", "b" * 201),
        template("no place"),
        template("{}"),
    ],
)
def test_what_could_never_be_applied_is_refused_when_it_is_entered(transform: Transform) -> None:
    with pytest.raises(PatternRefused):
        check_transform(transform)


@pytest.mark.parametrize("transform", [LOWER, STRIP, pattern("(a)", r"\1"), pattern("a"), template("{value}x")])
def test_what_can_be_applied_is_accepted(transform: Transform) -> None:
    check_transform(transform)


MAPPED = (GroupMapping("eng", "G-ENG"), GroupMapping("ops", "G-OPS"), GroupMapping("sre", "G-OPS"))


@pytest.mark.parametrize(
    ("received", "gives", "takes"),
    [
        ([], set(), {"G-ENG", "G-OPS"}),
        (["eng"], {"G-ENG"}, {"G-OPS"}),
        (["sre"], {"G-OPS"}, {"G-ENG"}),
        (["eng", "ops", "else"], {"G-ENG", "G-OPS"}, set()),
        (["ENG"], set(), {"G-ENG", "G-OPS"}),
    ],
)
def test_the_mapping_gives_and_takes_only_what_it_manages(
    received: list[str], gives: set[str], takes: set[str]
) -> None:
    plan = plan_groups(GroupRules(("groups",), mapped=MAPPED), {"groups": received})
    assert (set(plan.mapped), set(plan.managed - plan.mapped)) == (gives, takes)


@pytest.mark.parametrize(
    ("own", "expected"),
    [(OwnGroups.NONE, ()), (OwnGroups.EXISTING, ("old",)), (OwnGroups.ALL, ("old", "new"))],
)
def test_groups_of_the_same_name_follow_as_it_is_set(own: OwnGroups, expected: tuple[str, ...]) -> None:
    plan = plan_groups(GroupRules(("g",), own=own), {"g": ["old", "new", "old"]}, existing=frozenset({"old"}))
    assert plan.own == expected


def test_names_that_no_group_can_have_are_left_out_and_said() -> None:
    odd = ["x" * (MAXIMUM_GROUP + 1), "a\u202eb"]
    plan = plan_groups(GroupRules(("g",), own=OwnGroups.ALL), {"g": odd})
    assert (plan.own, plan.unused) == ((), tuple(odd))


@pytest.mark.parametrize(
    ("need", "received", "may"),
    [
        (Need.ANY, ["a"], True),
        (Need.ANY, ["b", "x"], True),
        (Need.ANY, ["x"], False),
        (Need.ANY, [], False),
        (Need.ALL, ["a"], False),
        (Need.ALL, ["b", "a"], True),
        (Need.ALL, [], False),
    ],
)
def test_groups_that_are_needed_decide_who_signs_in(need: Need, received: list[str], may: bool) -> None:
    rules = GroupRules(("g",), required=("a", "b"), need=need)
    assert plan_groups(rules, {"g": received}).may_sign_in is may


def test_nobody_is_kept_out_where_no_group_is_needed() -> None:
    assert plan_groups(GroupRules(("g",)), {}).may_sign_in
    assert plan_groups(GroupRules(need=Need.ALL), {}).may_sign_in


def test_defaults_are_for_all_and_for_new_people() -> None:
    rules = GroupRules(default_all=("ALL",), default_new=("NEW",))
    assert plan_groups(rules, {}).defaults == {"ALL"}
    assert plan_groups(rules, {}, is_new=True).defaults == {"ALL", "NEW"}


def test_groups_are_gathered_from_every_source_and_transformed() -> None:
    rules = GroupRules(("memberOf", "roles"), (pattern(r"^CN=([^,]+)|^([a-z]+)$", r"\1\2"), LOWER), own=OwnGroups.ALL)
    plan = plan_groups(rules, {"memberOf": ["CN=Crew,OU=x", "OU=none"], "roles": ["crew", "boss"]})
    assert (plan.found_in, plan.own) == (("memberOf", "roles"), ("crew", "boss"))


texts = st.text(max_size=40)
attributes = st.dictionaries(st.sampled_from(["mail", "name", "groups", "x"]), st.lists(texts, max_size=4), max_size=4)
transforms = st.lists(
    st.sampled_from([LOWER, STRIP, pattern("(.)(.*)", r"\2\1"), pattern("^a"), template("{mail}-{value}")]), max_size=4
).map(tuple)


@given(attributes, transforms, st.sampled_from(list(Otherwise)))
def test_a_rule_takes_a_value_only_from_what_was_received(
    given_attributes: dict[str, list[str]], chain: tuple[Transform, ...], otherwise: Otherwise
) -> None:
    made = apply(AttributeRule(Target.NAME, ("name",), chain, otherwise), given_attributes)
    assert (made.value is not None and made.value != "") == (made.answer is Answer.TAKEN)
    if not chain and made.answer is Answer.TAKEN:
        assert made.value in [one.strip() for one in given_attributes["name"]]
    if made.answer is Answer.REFUSED:
        assert otherwise is Otherwise.REFUSE


@given(attributes, st.sampled_from(list(OwnGroups)), st.sampled_from(list(Need)), st.frozensets(texts, max_size=3))
def test_fewer_groups_received_never_give_more(
    given_attributes: dict[str, list[str]], own: OwnGroups, need: Need, existing: frozenset[str]
) -> None:
    mapped = tuple(GroupMapping(one, f"G-{one}") for one in given_attributes.get("x", ()) if one)
    required = tuple(given_attributes.get("name", ()))[:2]
    rules = GroupRules(("groups",), mapped=mapped, own=own, required=required, need=need)
    whole = plan_groups(rules, given_attributes, existing=existing)
    fewer = {**given_attributes, "groups": given_attributes.get("groups", [])[1:]}
    part = plan_groups(rules, fewer, existing=existing)
    assert part.mapped <= whole.mapped
    assert set(part.own) <= set(whole.own)
    assert whole.may_sign_in or not part.may_sign_in
    assert whole.mapped <= whole.managed
