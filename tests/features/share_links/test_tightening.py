"""Stricter or not: each change of a condition beside its reverse."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from app.features.share_links import powers
from app.features.share_links.applying import Snapshot
from app.features.share_links.gates.tightening import is_looser, is_tighter
from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading.names import Names
from tests.conftest import NOW

PLAIN = Snapshot(
    name="For Northwind",
    opens_at=None,
    expires_at=NOW + timedelta(days=2),
    networks=None,
    max_views=None,
    max_views_each=None,
    asks_sign_in=False,
    sign_in_through=None,
    groups=(),
    all_groups=False,
    recipients=(),
    asks_second_factor=False,
    password=True,
    terms=None,
    asks_reason=False,
    powers=powers.dump(Powers()),
)


@pytest.mark.parametrize(
    ("looser", "stricter"),
    [
        ({}, {"expires_at": NOW + timedelta(days=1)}),
        ({}, {"opens_at": NOW}),
        ({"opens_at": NOW}, {"opens_at": NOW + timedelta(hours=1)}),
        ({}, {"networks": (ip_network("10.0.0.0/8"),)}),
        ({"networks": (ip_network("10.0.0.0/8"),)}, {"networks": (ip_network("10.1.0.0/16"),)}),
        ({}, {"max_views": 3}),
        ({"max_views": 3}, {"max_views": 2}),
        ({}, {"max_views_each": 3}),
        ({"max_views_each": 3}, {"max_views_each": 2}),
        ({}, {"asks_sign_in": True}),
        ({}, {"sign_in_through": "acme"}),
        ({}, {"groups": ("a",)}),
        ({"groups": ("a", "b")}, {"groups": ("a",)}),
        ({"groups": ("a",), "all_groups": True}, {"groups": ("a", "b"), "all_groups": True}),
        ({"groups": ("a", "b")}, {"groups": ("a", "b"), "all_groups": True}),
        ({"groups": ("a", "b", "c")}, {"groups": ("a", "b"), "all_groups": True}),
        ({}, {"recipients": ("example.org",)}),
        ({"recipients": ("example.org",)}, {"recipients": ("anna@example.org",)}),
        ({}, {"asks_second_factor": True}),
        ({}, {"terms": 1}),
        ({}, {"asks_reason": True}),
    ],
)
def test_a_stricter_condition_is_one_and_its_reverse_is_not(looser: dict[str, Any], stricter: dict[str, Any]) -> None:
    loose, strict = replace(PLAIN, **looser), replace(PLAIN, **stricter)
    assert is_tighter(strict, loose)
    assert not is_tighter(loose, strict)
    assert is_looser(loose, strict)
    assert not is_looser(strict, loose)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"sign_in_through": "acme"}, {"sign_in_through": "other"}),
        ({"terms": 1}, {"terms": 2}),
        ({"groups": ("a",)}, {"groups": ("b",)}),
        ({"recipients": ("example.org",)}, {"recipients": ("example.net",)}),
    ],
)
def test_something_else_is_stricter_either_way(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert is_tighter(replace(PLAIN, **one), replace(PLAIN, **other))
    assert is_tighter(replace(PLAIN, **other), replace(PLAIN, **one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"name": "Another"}),
        ({"groups": ("a",)}, {"groups": ("a",), "all_groups": True}),
        ({}, {"powers": powers.dump(Powers(attachments=True))}),
    ],
)
def test_what_lets_the_same_people_in_is_not_stricter_either_way(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert not is_tighter(replace(PLAIN, **one), replace(PLAIN, **other))
    assert not is_tighter(replace(PLAIN, **other), replace(PLAIN, **one))


@pytest.mark.parametrize(
    ("less", "more"),
    [
        *(({}, {name: True}) for name in ("comments", "attachments", "download", "pdf")),
        ({"watermark": True}, {}),
        ({}, {"children": Children()}),
        ({"children": Children(1)}, {"children": Children(2)}),
        ({"children": Children(2, ("a",))}, {"children": Children(2, ("a", "b"))}),
        ({"children": Children(2, ("a",))}, {"children": Children(2)}),
        ({"jira_fields": ("summary",)}, {"jira_fields": ("summary", "status")}),
        ({"names": Names.NONE}, {"names": Names.INITIALS}),
        ({"names": Names.INITIALS}, {"names": Names.NAME}),
        ({"names": Names.NAME}, {"names": Names.FULL}),
    ],
)
def test_a_link_that_shows_more_is_looser_and_its_reverse_is_not(less: dict[str, Any], more: dict[str, Any]) -> None:
    one, other = (replace(PLAIN, powers=powers.dump(Powers(**each))) for each in (less, more))
    assert is_looser(other, one)
    assert not is_looser(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"children": Children(2, ("a",))}, {"children": Children(2, ("b",))}),
        ({"children": Children(1)}, {"children": Children(2, ("b",))}),
        ({"jira_fields": ("summary",)}, {"jira_fields": ()}),
        ({"jira_fields": ("summary",)}, {"jira_fields": ("status",)}),
    ],
)
def test_a_link_that_shows_something_else_is_looser(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert is_looser(
        replace(PLAIN, powers=powers.dump(Powers(**other))), replace(PLAIN, powers=powers.dump(Powers(**one)))
    )


def test_without_its_password_a_link_is_looser_and_a_new_one_is_not() -> None:
    assert is_looser(replace(PLAIN, password=False), PLAIN)
    assert not is_looser(PLAIN, replace(PLAIN, password=False))
    assert not is_looser(PLAIN, PLAIN)
