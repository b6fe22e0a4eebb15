"""What administrators see when a provider that others wrote is tried, when a sign-in fails, and when its keys change."""

from app.core import clock
from app.protocols.saml.certificates import make_key_pair
from tests.interop import ways
from tests.interop.conftest import every_way, one_way
from tests.interop.peers import openid_provider
from tests.interop.traveller import Going, Traveller, refused_as
from tests.interop.ways import Way
from tests.journeys.portal import Portal


@every_way()
def test_a_test_sign_in_shows_what_came_and_what_follows(way: Way, administrator: Traveller) -> None:
    page = administrator.open(f"/admin/sso/{way.name}/test")
    page.choose("Begin test", way.peer).prove(way.peer, way.outsider)
    assert "It went through This was a test: nobody was signed in" in page.words
    assert page.fact("Groups received") == "office"
    assert way.outsider.email in page.words
    assert way.outsider.name in page.words
    assert page.page.get_by_role("row").filter(has_text="Failed").count() == 0


@one_way("simple-both")
def test_a_response_signed_with_a_key_we_do_not_know_is_explained_and_both_keys_count_while_it_changes(
    way: Way, administrator: Traveller, visit: Going
) -> None:
    old, new = way.peer.key, make_key_pair(clock.now(), "second")
    way.peer.sign_with(new)
    person = visit().open("/sign-in").choose(way.button, way.peer).prove(way.peer, way.member)
    line = refused_as(administrator, person)
    assert line.startswith("The signature was made with a key of this connection Failed")

    # The provider announces both, and signs with either.
    way.peer.sign_with(old, following=new)
    page = administrator.open(f"/admin/sso/{way.name}").follow("Read metadata")
    page.enter({"Address of the metadata": way.peer.metadata_url}).press("Read metadata")
    for key in (old, new):
        way.peer.sign_with(key)
        person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
        assert person.path == "/profile", person.words

    page.unfold("Remove", row=old.certificate.fingerprint_sha256[:16]).press("Remove certificate")
    way.peer.sign_with(old)
    person = visit().open("/sign-in").choose(way.button, way.peer).prove(way.peer, way.member)
    assert refused_as(administrator, person).startswith("The signature was made with a key of this connection Failed")
    administrator.open(f"/admin/sso/{way.name}/metadata")
    administrator.enter({"Address of the metadata": way.peer.metadata_url}).press("Read metadata")


@one_way("simple-encrypted")
def test_our_key_changes_without_a_gap_and_what_is_encrypted_to_a_forgotten_one_is_explained(
    way: Way, portal: Portal, administrator: Traveller, visit: Going
) -> None:
    page = administrator.open(f"/admin/sso/{way.name}")
    old = page.page.get_by_role("row").filter(has_text="Signs").locator("code").inner_text()
    page.press("Add key")
    # The provider has not read our metadata since: it encrypts to the old key.
    visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
    page.press("Sign with it").unfold("Remove", row=old).press("Remove key")
    person = visit().open("/sign-in").choose(way.button, way.peer).prove(way.peer, way.member)
    assert refused_as(administrator, person).startswith("The assertion can be decrypted with a key of ours Failed")
    way.read_our_metadata(portal)
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
    assert person.path == "/profile", person.words


@one_way("simple-assertion")
def test_a_response_that_lacks_a_signature_that_is_demanded_is_explained(
    way: Way, administrator: Traveller, visit: Going
) -> None:
    page = administrator.open(f"/admin/sso/{way.name}/edit")
    page.choose_option("What has to be signed", "Both").press("Save provider")
    person = visit().open("/sign-in").choose(way.button, way.peer).prove(way.peer, way.member)
    assert refused_as(administrator, person).startswith(
        "The response is signed, where the connection demands it Failed"
    )
    page = administrator.open(f"/admin/sso/{way.name}/edit")
    page.choose_option("What has to be signed", "The assertion").press("Save provider")
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
    assert person.path == "/profile", person.words


@one_way("lemon-openid", "node-openid")
def test_a_client_secret_that_is_wrong_is_explained(way: Way, administrator: Traveller, visit: Going) -> None:
    page = administrator.open(f"/admin/sso/{way.name}/edit")
    page.enter({"Client secret": "not what the provider was told"}).press("Save provider")
    person = visit().open("/sign-in").choose(way.button, way.peer).prove(way.peer, way.member)
    line = refused_as(administrator, person)
    assert line.startswith("The provider accepted the code and who Portico is Failed")
    assert "invalid_client" in line
    page.open(f"/admin/sso/{way.name}/edit").enter({"Client secret": ways.SECRET}).press("Save provider")
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
    assert person.path == "/profile", person.words


@one_way("lemon-openid", "node-openid")
def test_the_client_id_of_another_application_is_explained(
    way: Way, portal: Portal, administrator: Traveller, visit: Going
) -> None:
    # Another application at the provider with a secret of its own, and by mistake with our address.
    way.peer.register("intranet", "a secret of their own", f"{portal.base_url}/sso/{way.name}/oidc/callback")
    page = administrator.open(f"/admin/sso/{way.name}/edit")
    page.enter({"Client id": "intranet", "Client secret": ways.SECRET}).press("Save provider")
    person = visit().open("/sign-in").choose(way.button, way.peer).prove(way.peer, way.member)
    line = refused_as(administrator, person)
    assert line.startswith("The provider accepted the code and who Portico is Failed")
    assert "invalid_client" in line
    page.open(f"/admin/sso/{way.name}/edit")
    page.enter({"Client id": "portico", "Client secret": ways.SECRET}).press("Save provider")
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
    assert person.path == "/profile", person.words


@one_way("lemon-openid")
def test_a_token_that_is_for_others_too_is_refused_and_explained(
    way: Way, portal: Portal, administrator: Traveller, visit: Going
) -> None:
    ours = ("portico", ways.SECRET, f"{portal.base_url}/sso/{way.name}/oidc/callback")
    way.peer.register(*ours, AdditionalAudiences="intranet")
    person = visit().open("/sign-in").choose(way.button, way.peer).prove(way.peer, way.member)
    line = refused_as(administrator, person)
    assert line.startswith("It was made for Portico and for no other application Failed")
    assert "intranet" in line
    way.peer.register(*ours)
    person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
    assert person.path == "/profile", person.words


@one_way("node-openid")
def test_an_openid_provider_changes_its_key_after_announcing_the_next(way: Way, visit: Going) -> None:
    old, new = way.peer.keys[0], openid_provider.new_key("second")
    for keys in ((old, new), (new, old), (new,)):
        way.peer.sign_with(*keys)
        person = visit().open("/sign-in?next=/profile").choose(way.button, way.peer).prove(way.peer, way.member)
        assert person.path == "/profile", person.words
