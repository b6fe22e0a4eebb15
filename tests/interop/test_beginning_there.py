"""Signing in that begins at a provider others wrote: only where that is allowed, and only by what was made for Portico."""

from collections.abc import Iterator

import pytest

from tests.interop.conftest import one_way
from tests.interop.traveller import Going, Traveller, refused_as
from tests.interop.ways import Way, fetch
from tests.journeys.portal import Portal

BEGIN_THERE = "Let people begin at the provider"


@pytest.fixture
def allowed(way: Way, administrator: Traveller) -> Iterator[Way]:
    """A way on which people may begin at the provider."""
    edit = f"/admin/sso/{way.name}/edit"
    administrator.open(edit).tick(BEGIN_THERE).press("Save provider")
    yield way
    administrator.open(edit).tick(BEGIN_THERE, off=True).press("Save provider")


def come(person: Traveller, way: Way, entity_id: str) -> Traveller:
    """Begin at the provider and prove there who one is."""
    person.page.goto(way.peer.beginning(entity_id))
    return person.arrive_at(way.peer).prove(way.peer, way.member)


@one_way("simple-both", "lemon-signed")
def test_where_it_is_not_allowed_it_is_refused_and_explained(
    way: Way, portal: Portal, administrator: Traveller, visit: Going
) -> None:
    person = come(visit(), way, way.entity_id(portal))
    assert refused_as(administrator, person) == (
        "It answers a request that is outstanding Failed an answer to a request of ours a sign-in that the provider began"
    )
    person.open("/profile", 200)
    assert person.heading == "Sign in"


@one_way("simple-both", "lemon-signed")
def test_where_it_is_allowed_somebody_is_asked_first_and_then_signed_in(
    allowed: Way, portal: Portal, visit: Going
) -> None:
    person = come(visit(), allowed, allowed.entity_id(portal))
    assert person.heading.startswith("Sign in as ")
    person.press("Sign in").open("/profile")
    assert allowed.member.email in person.words


@one_way("simple-both", "lemon-signed")
def test_what_was_made_for_another_application_is_refused_and_explained(
    allowed: Way, portal: Portal, administrator: Traveller, visit: Going
) -> None:
    # An application of the same provider that names our address as its own: what comes is signed, and not for us.
    ours = allowed.entity_id(portal)
    theirs = "https://intranet.example/metadata"
    allowed.peer.trust(fetch(ours).replace(f'entityID="{ours}"'.encode(), f'entityID="{theirs}"'.encode()), theirs)
    person = come(visit(), allowed, theirs)
    assert refused_as(administrator, person) == (
        f"It was made for Portico and for no other application Failed {ours} {theirs}"
    )
    person.open("/profile")
    assert person.heading == "Sign in"
