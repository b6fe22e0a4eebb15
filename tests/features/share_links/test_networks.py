"""Networks: what may be entered, and which addresses are in them."""

import pytest

from app.core.errors import Invalid
from app.features.share_links.gates import networks


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        (["192.0.2.0/24"], ["192.0.2.0/24"]),
        ([" 192.0.2.7 "], ["192.0.2.7/32"]),
        (["192.0.2.0/255.255.255.0", "192.0.2.0/24"], ["192.0.2.0/24"]),
        (["2001:DB8::/32", "2001:db8::1"], ["2001:db8::/32", "2001:db8::1/128"]),
        (["0.0.0.0/0"], ["0.0.0.0/0"]),
    ],
)
def test_networks_are_read_in_one_form(entered: list[str], kept: list[str]) -> None:
    found = networks.read(entered)
    assert [str(one) for one in found] == kept
    assert networks.load(networks.dump(found)) == found


@pytest.mark.parametrize(
    "entry",
    ["", "office", "192.0.2.7/24", "192.0.2.0/33", "2001:db8::1/32", "::ffff:192.0.2.0/120", "192.0.2", "1" * 400],
)
def test_what_is_no_network_is_named(entry: str) -> None:
    with pytest.raises(Invalid) as refusal:
        networks.read(["192.0.2.0/24", entry])
    assert refusal.value.field == "networks"


def test_there_are_at_most_fifty() -> None:
    assert len(networks.read(f"10.0.{number}.0/24" for number in range(50))) == 50
    with pytest.raises(Invalid, match="at most 50"):
        networks.read(f"10.0.{number}.0/24" for number in range(51))


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.0", True),
        ("192.0.2.255", True),
        ("192.0.3.0", False),
        ("::ffff:192.0.2.9", True),
        ("2001:db8:1::1", True),
        ("2001:db8:2::1", False),
        ("fe80::1%eth0", False),
        ("", False),
        ("unknown", False),
        (None, False),
    ],
)
def test_an_address_is_inside_or_not(address: str | None, inside: bool) -> None:
    assert networks.contain(networks.read(["192.0.2.0/24", "2001:db8:1::/48"]), address) is inside


def test_what_a_later_version_wrote_opens_from_nowhere() -> None:
    assert networks.load(None) is None
    assert networks.load({"schema": 2, "networks": ["0.0.0.0/0"]}) == ()


@pytest.mark.parametrize(
    ("inner", "outer", "covered"),
    [
        (None, None, True),
        (None, ["0.0.0.0/0"], False),
        (["10.0.0.0/8"], None, True),
        (["10.1.0.0/16"], ["10.0.0.0/8"], True),
        (["10.0.0.0/8"], ["10.1.0.0/16"], False),
        (["10.0.0.0/8", "2001:db8::/32"], ["10.0.0.0/8"], False),
        (["2001:db8::/48"], ["10.0.0.0/8", "2001:db8::/32"], True),
    ],
)
def test_networks_cover_others_or_do_not(inner: list[str] | None, outer: list[str] | None, covered: bool) -> None:
    assert networks.covered(_read(inner), _read(outer)) is covered


def _read(entered: list[str] | None) -> tuple[networks.Network, ...] | None:
    return networks.read(entered) if entered is not None else None
