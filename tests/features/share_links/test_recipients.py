"""Addresses and domains that links are for: what may be entered, and whom they cover."""

import pytest

from app.core.errors import Invalid
from app.features.share_links.gates import recipients


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("Anna.Berg@Example.ORG", "anna.berg@example.org"),
        (" bo+links@mail.example.org ", "bo+links@mail.example.org"),
        ("example.org", "example.org"),
        ("@example.org", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
    ],
)
def test_entries_are_kept_in_one_form(entered: str, kept: str) -> None:
    assert recipients.read([entered, kept]) == (kept,)


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "anna",
        "anna@",
        "@",
        "anna@localhost",
        "anna@example.org\nBcc: eve@example.net",
        "anna@example.org,eve@example.net",
        "anna berg@example.org",
        '"anna"@example.org',
        "anna@@example.org",
        "anna@-example.org",
        "anna@example..org",
        ".anna@example.org",
        "änna@example.org",
        "a" * 65 + "@example.org",
        "anna@" + "a" * 250 + ".org",
        "*.example.org",
        "anna@\u2024.example",
    ],
)
def test_what_is_neither_address_nor_domain_is_named(entry: str) -> None:
    with pytest.raises(Invalid) as refusal:
        recipients.read(["example.org", entry])
    assert refusal.value.field == "recipients"


def test_there_are_at_most_a_hundred() -> None:
    assert len(recipients.read(f"a{number}@example.org" for number in range(100))) == 100
    with pytest.raises(Invalid, match="at most 100"):
        recipients.read(f"a{number}@example.org" for number in range(101))


@pytest.mark.parametrize(
    ("inner", "outer", "covered"),
    [
        ((), (), True),
        ((), ("example.org",), False),
        (("anna@example.org",), (), True),
        (("anna@example.org",), ("example.org",), True),
        (("example.org",), ("anna@example.org",), False),
        (("anna@mail.example.org",), ("example.org",), False),
        (("anna@example.org", "bo@example.net"), ("example.org", "example.net"), True),
    ],
)
def test_recipients_cover_others_or_do_not(inner: tuple[str, ...], outer: tuple[str, ...], covered: bool) -> None:
    assert recipients.covered(inner, outer) is covered
