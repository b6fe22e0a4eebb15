"""Every attack on a SAML sign-in, at the portal's own address: refused, recorded with its reason, shown in its explanation.

What the reader makes of each is in `tests/protocols/saml/test_attacks.py`; here each goes the way of a real answer, beside
the same answer without it, which signs somebody in. Those on OpenID Connect are in `test_openid_attacks`.
"""

import base64
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import xmlsec
from lxml import etree
from sqlalchemy import select

from app.core.accounts.models import Group, Membership, Person
from app.core.db import reading
from app.protocols.saml import envelope
from app.protocols.saml.types import Signed
from tests.features.sso import acme, refusing
from tests.features.sso.acme import Provider
from tests.pages import PageClient
from tests.protocols.saml import attacks, provider
from tests.protocols.saml.provider import MIN, How, Said, keys

ACME, PARTNER = Provider("acme"), Provider("partner")
Change = Callable[[etree._Element], None]
Bytes = Callable[[bytes], bytes]


@pytest.fixture(autouse=True)
def _noon(held_clock: datetime) -> None:
    """What the provider says is said at that time."""


def said(request_id: str, **more: Any) -> Said:
    return ACME.says(in_response_to=request_id, response_in_response_to=request_id, **more)


def encoded(xml: bytes) -> str:
    return base64.b64encode(xml).decode()


def changed(change: Change) -> Callable[[str], str]:
    """Return an answer that was changed after both signatures were made."""
    how = How(pair=keys("acme"))
    return lambda request: encoded(provider.attacked(change, said(request), signed=Signed.BOTH, inner=how, outer=how))


def signed(how: Callable[[], How]) -> Callable[[str], str]:
    return lambda request: encoded(provider.response(said(request), signed=Signed.ASSERTION, inner=how()))


def rewritten(change: Bytes) -> Callable[[str], str]:
    return lambda request: encoded(change(base64.b64decode(ACME.answers(request))))


def saying(**more: Any) -> Callable[[str], str]:
    return lambda request: ACME.answers(request, **more)


def bomb(_request: str) -> str:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(b"<a>" + b" " * 50_000_000) + packer.flush()
    return encoded(packed)


_NAME = b"mira@example.com</saml:NameID>"
ATTACKS: dict[str, tuple[Callable[[str], str], str]] = {
    **{f"XSW {number}": (changed(attack), "") for number, attack in enumerate(attacks.WRAPPED, start=1)},
    "comment truncation": (rewritten(lambda xml: xml.replace(_NAME, b"mira@<!---->" + _NAME)), "no_comments"),
    "entities": (rewritten(lambda xml: attacks.LAUGHS + xml), "no_document_type"),
    "external entity": (
        rewritten(lambda xml: b'<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + xml),
        "no_document_type",
    ),
    "stripping": (changed(attacks.strip_all), "assertion_signed"),
    "wrong key": (signed(lambda: How(pair=keys("stranger"))), "signature_key"),
    "foreign KeyInfo": (signed(lambda: How(pair=keys("stranger"), shown=keys("stranger"))), "signature_key"),
    "HMAC confusion": (
        signed(
            lambda: How(
                method=xmlsec.constants.TransformHmacSha256,
                key=xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, keys("acme").certificate.public_key_pem),
            )
        ),
        "signature_algorithm",
    ),
    "SHA-1": (
        signed(lambda: How(pair=keys("acme"), method=xmlsec.constants.TransformRsaSha1)),
        "signature_algorithm",
    ),
    "several assertions": (changed(attacks.second_assertion), "one_assertion"),
    "duplicate ids": (changed(attacks.duplicate_id), "unique_ids"),
    "relative namespaces": (
        rewritten(lambda xml: xml.replace(b"<samlp:Response", b'<samlp:Response xmlns:r="relative"', 1)),
        "absolute_namespaces",
    ),
    "wrong audience": (saying(audiences=(("https://elsewhere.example",),)), "audience"),
    "wrong recipient": (saying(recipient="https://elsewhere.example/acs"), "recipient"),
    "wrong destination": (
        lambda request: encoded(
            provider.response(
                said(request, destination="https://elsewhere.example/acs"),
                signed=Signed.BOTH,
                inner=How(pair=keys("acme")),
                outer=How(pair=keys("acme")),
            )
        ),
        "destination",
    ),
    "wrong issuer": (saying(issuer="https://elsewhere.example"), "issuer"),
    "wrong InResponseTo": (lambda _request: ACME.answers("_another"), "in_response_to"),
    "expired": (saying(not_on_or_after=-3 * MIN, confirmation_end=-3 * MIN), "confirmation_time"),
    "not yet valid": (saying(not_before=3 * MIN), "not_before"),
    "session over": (saying(session_end=-3 * MIN), "session_end"),
    "inflate bomb": (bomb, "size"),
    "too large": (lambda _request: "A" * (envelope.MAX_FIELD + 1), "size"),
    "provider B speaks for A's people": (lambda request: ACME.answers(request, by="partner"), "signature_key"),
    "provider B's answer at A": (
        lambda request: encoded(
            provider.response(
                said(request, issuer=PARTNER.entity_id, response_issuer=PARTNER.entity_id),
                signed=Signed.ASSERTION,
                inner=How(pair=keys("partner")),
            )
        ),
        "signature_key",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_recorded_and_explained(pages: PageClient, name: str) -> None:
    attack, check = ATTACKS[name]
    acme.connect(ACME)
    acme.connect(PARTNER)
    page = acme.post(pages, ACME, attack(acme.begin(pages, ACME)), status=403)
    refusing.look(pages, page, check)
    assert refusing.begun() == 0
    # The valid twin.
    acme.sign_in(pages, ACME)
    assert refusing.begun() == 1


def test_a_replayed_answer_is_refused_recorded_and_explained(pages: PageClient) -> None:
    acme.connect(ACME)
    answer = ACME.answers(acme.begin(pages, ACME))
    acme.come_back(pages, ACME, answer)
    refusing.look(pages, acme.post(pages, ACME, answer, status=403), "in_response_to")
    assert refusing.begun() == 1


def test_a_replayed_answer_that_answers_no_request_is_refused_recorded_and_explained(pages: PageClient) -> None:
    acme.connect(ACME, settings=replace(ACME.settings, allow_idp_initiated=True))
    answer = ACME.answers(None)
    acme.post(pages, ACME, answer)
    refusing.look(pages, acme.post(pages, ACME, answer, status=403), "replay")


def test_login_csrf_is_refused_recorded_and_explained(pages: PageClient) -> None:
    acme.connect(ACME)
    accepted = acme.post(pages, ACME, ACME.answers(acme.begin(pages, ACME)))
    victim = pages.another()
    acme.begin(victim, ACME)
    refusing.look(pages, victim.get(accepted.location, status=403), "browser")
    assert refusing.begun() == 0
    acme.sign_in(pages, ACME, assertion_id="_2")
    assert refusing.begun() == 1


def test_a_provider_that_asserts_anothers_group_gives_only_its_own(pages: PageClient) -> None:
    acme.connect(ACME)
    acme.connect(PARTNER)
    acme.sign_in(pages, ACME, attributes=acme.about(groups=("finance",)))
    acme.sign_in(
        pages.another(),
        PARTNER,
        name_id="boss",
        assertion_id="_2",
        attributes=acme.about("boss@partner.example", groups=("finance",)),
    )
    with reading() as db:
        query = select(Group.source, Person.email).join(Membership, Membership.group_id == Group.id)
        found = {tuple(row) for row in db.execute(query.join(Person, Person.id == Membership.person_id))}
    assert found == {("acme", "mira@acme.example"), ("partner", "boss@partner.example")}
