"""Levels of rules: the strictest of them holds, and it is told which level it stands on."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock
from app.core.errors import Invalid
from app.features.share_links.conditions import check_password
from app.features.share_links.powers import Children, Powers
from app.features.share_links.rules import abiding, patterns, rulebook
from app.features.share_links.rules.abiding import Asked
from app.features.share_links.rules.rulebook import COMPARISONS, PRESELECTED, Level, Plain, Rules, Scope
from app.features.share_links.settings import CHECK_MODES, SHARERS, ShareLinkSettings

SCOPES = (Scope.EVERYWHERE, Scope.CONNECTION, Scope.CONTAINER)


def subsets(*words: str) -> list[str]:
    return [",".join(one) for count in range(len(words) + 1) for one in combinations(words, count)]


DOMAINS, GROUPS = subsets("a.example", "b.example", "c.example"), subsets("one", "two", "three")
VALUES: dict[str, Sequence[Plain]] = {
    "password_length": range(10, 65),
    "password_score": range(5),
    "maximum_days": (1, 2, 7, 30, 90, 365, 3_649, 3_650),
    "allowed_domains": DOMAINS,
    "blocked_domains": DOMAINS,
    "sharers": SHARERS,
    "sharing_groups": GROUPS,
    "approver_groups": GROUPS,
    "content_check": CHECK_MODES,
    "patterns": ("", "Project: PX-[0-9]{5}", "Crane: CR[0-9]+"),
}


def chosen(drawn: bytes) -> dict[str, Plain]:
    """Return what a byte for each rule chooses: the lowest bit says whether it is set."""
    given = zip(COMPARISONS, drawn, strict=True)
    values = {name: (VALUES.get(name, (False, True)), number) for name, number in given if number & 1}
    return {name: possible[(number >> 1) % len(possible)] for name, (possible, number) in values.items()}


#: All of a level is drawn at once: sixty draws for one example are slow.
SET = st.binary(min_size=len(COMPARISONS), max_size=len(COMPARISONS)).map(chosen)


def levels(*values: dict[str, Plain]) -> list[Level]:
    return [Level(scope, one, scope.value) for scope, one in zip(SCOPES, values, strict=False)]


def decided(name: str, *values: Plain | None) -> tuple[Any, list[str]]:
    given = [{name: one} if one is not None else {} for one in values]
    found = rulebook.effective(levels(*given))
    return getattr(found.rules, name), [one.scope.value for one in found.decided[name]]


@pytest.mark.parametrize(
    ("name", "values", "effective", "by"),
    [
        ("require_password", (False, None, None), False, []),
        ("require_password", (True, None, None), True, ["everywhere"]),
        ("require_password", (False, True, None), True, ["connection"]),
        ("require_password", (True, False, True), True, ["everywhere"]),
        ("maximum_days", (90, None, None), 90, ["everywhere"]),
        ("maximum_days", (90, 30, None), 30, ["connection"]),
        ("maximum_days", (30, 90, 60), 30, ["everywhere"]),
        ("maximum_days", (90, 30, 7), 7, ["container"]),
        ("password_length", (12, 16, None), 16, ["connection"]),
        ("allow_download", (True, None, False), False, ["container"]),
        ("allow_download", (False, True, True), False, ["everywhere"]),
        ("allowed_domains", ("", "", None), None, []),
        ("allowed_domains", ("a.example,b.example", "b.example", None), {"b.example"}, ["connection"]),
        ("allowed_domains", ("a.example", "b.example", None), set(), ["everywhere", "connection"]),
        ("blocked_domains", ("a.example", "b.example", None), {"a.example", "b.example"}, ["everywhere", "connection"]),
        ("sharing_groups", ("one,two", "three", None), {frozenset({"one", "two"}), frozenset({"three"})}, None),
        ("content_check", ("warn", None, "refuse"), CHECK_MODES.index("refuse"), ["container"]),
        ("sharers", ("authors", "administrators", None), 1, ["connection"]),
    ],
)
def test_the_strictest_level_decides(name: str, values: tuple[Plain | None, ...], effective: Any, by: Any) -> None:
    found, levels_named = decided(name, *values)
    assert found == effective
    assert by is None or levels_named == by


@given(SET, SET, SET)
def test_no_combination_of_levels_loosens(first: Any, second: Any, third: Any) -> None:
    every = levels(first, second, third)
    for upper in range(len(every)):
        above = rulebook.effective(every[: upper + 1]).rules
        below = rulebook.effective(every[: upper + 2]).rules
        for name, comparison in COMPARISONS.items():
            one, other = getattr(above, name), getattr(below, name)
            assert comparison.stricter(one, other) == other, name


@given(SET, SET, SET)
def test_the_order_of_levels_changes_who_decides_and_nothing_else(first: Any, second: Any, third: Any) -> None:
    there, back = levels(first, second, third), levels(third, second, first)
    assert rulebook.effective(there).rules == rulebook.effective(back).rules


@given(SET, SET)
def test_a_value_that_is_not_refused_is_in_force_where_it_is_set(upper: Any, lower: Any) -> None:
    above = levels(upper)
    accepted = {name: value for name, value in lower.items() if rulebook.loosens(name, value, above) is None}
    found = rulebook.effective(levels(upper, accepted)).rules
    for name, value in accepted.items():
        if not COMPARISONS[name].adds:
            assert getattr(found, name) == COMPARISONS[name].parse(value), name


@given(SET, SET)
def test_a_value_is_refused_only_where_it_would_not_hold(upper: Any, lower: Any) -> None:
    found = rulebook.effective(levels(upper, lower)).rules
    for name, value in lower.items():
        refused = rulebook.loosens(name, value, levels(upper)) is not None
        assert not refused or getattr(found, name) != COMPARISONS[name].parse(value), name


@pytest.mark.parametrize(
    ("values", "chosen", "by"),
    [
        ((None, None, None), 14, []),
        ((30, None, None), 30, ["everywhere"]),
        ((30, 7, None), 7, ["connection"]),
        ((7, 30, None), 30, ["connection"]),
        ((7, None, 14), 14, ["container"]),
        ((7, 90, 14), 14, ["container"]),
    ],
)
def test_of_what_is_chosen_beforehand_the_lowest_level_decides(
    values: tuple[Plain | None, ...], chosen: int, by: list[str]
) -> None:
    assert decided("default_days", *values) == (chosen, by)


@given(st.sampled_from(sorted(PRESELECTED)), st.sampled_from(["full", 3, True]))
def test_nothing_that_is_chosen_beforehand_is_looser_than_a_level_above(name: str, value: Plain) -> None:
    assert rulebook.loosens(name, value, levels({name: PRESELECTED[name]})) is None


def test_what_is_chosen_where_no_level_says_anything_is_what_settings_declare() -> None:
    assert {name: getattr(ShareLinkSettings(), name) for name in PRESELECTED} == PRESELECTED


def rules(**values: Plain) -> Rules:
    everything: dict[str, Plain] = {"require_gate": False, "maximum_days": 90}
    return rulebook.effective([Level(Scope.EVERYWHERE, everything | values)]).rules


def asked(**values: Any) -> Asked:
    now = clock.now()
    plain: dict[str, Any] = {
        "created_at": now,
        "expires_at": now + timedelta(days=14),
        "has_password": False,
        "asks_person": False,
        "recipients": (),
        "powers": Powers(),
    }
    return Asked(**plain | values)


@pytest.mark.parametrize(
    ("rule", "value", "breaking", "abiding_link"),
    [
        ("require_gate", True, {}, {"recipients": ("a@a.example",)}),
        ("require_password", True, {"asks_person": True}, {"has_password": True}),
        ("require_person", True, {"has_password": True}, {"asks_person": True}),
        ("maximum_days", 13, {}, {"expires_at": clock.now() + timedelta(days=12)}),
        ("allowed_domains", "a.example", {"recipients": ("b.example",)}, {"recipients": ("x@a.example",)}),
        ("blocked_domains", "b.example", {"recipients": ("x@b.example",)}, {"recipients": ("x@a.example",)}),
        ("allow_attachments", False, {"powers": Powers(attachments=True)}, {}),
        ("allow_download", False, {"powers": Powers(download=True)}, {"powers": Powers(attachments=True)}),
        ("allow_pdf", False, {"powers": Powers(pdf=True)}, {}),
        ("allow_comments", False, {"powers": Powers(comments=True)}, {}),
        ("allow_children", False, {"powers": Powers(children=Children())}, {}),
        ("force_watermark", True, {}, {"powers": Powers(watermark=True)}),
        ("share_restricted", False, {"restricted": True}, {}),
    ],
)
def test_each_rule_refuses_its_breach_and_takes_its_twin(
    rule: str, value: Plain, breaking: dict[str, Any], abiding_link: dict[str, Any]
) -> None:
    found = abiding.breaches(rules(**{rule: value}), asked(**breaking))
    assert [one.rule for one in found] == [rule]
    assert abiding.breaches(rules(**{rule: value}), asked(**abiding_link)) == ()
    assert abiding.breaches(rules(), asked(**breaking)) == ()
    with pytest.raises(Invalid) as refusal:
        abiding.check(rules(**{rule: value}), asked(**breaking))
    assert refusal.value.field == found[0].field


@pytest.mark.parametrize(
    ("rule", "weak", "strong"),
    [
        ({"password_length": 16}, "harbour-dawn-7", "harbour-dawn-at-7"),
        ({"password_score": 4}, "password12345", "lentil-orbit-cobalt-thirteen"),
    ],
)
def test_a_password_has_to_be_as_long_and_as_hard_to_guess_as_the_rules_say(
    rule: dict[str, Plain], weak: str, strong: str
) -> None:
    with pytest.raises(Invalid):
        check_password(weak, rules(**rule))
    check_password(strong, rules(**rule))
    check_password(weak, rules())


@pytest.mark.parametrize(
    ("entered", "problem"),
    [
        ("Project: PX-[0-9]{5}", None),
        ("", None),
        ("PX-[0-9]{5}", "is not a pattern"),
        ("Project: (", "is not a pattern"),
        ("Project: x*", "found everywhere"),
        (f"Project: {'x' * 301}", "is not a pattern"),
        ("\n".join(f"P{number}: x{number}" for number in range(51)), "at most 50"),
    ],
)
def test_patterns_are_checked_when_they_are_entered(entered: str, problem: str | None) -> None:
    found = patterns.not_patterns(entered)
    assert (problem is None and found is None) or (problem is not None and problem in str(found))
