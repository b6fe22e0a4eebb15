"""What real identity providers publish about themselves is read, or refused with a sentence that says why."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.features.sso import checking
from app.features.sso.configuration import OidcSettings, SamlSettings
from app.protocols.oidc.discovery import read_discovery
from app.protocols.oidc.errors import MetadataRefused as DiscoveryRefused
from app.protocols.saml import requests
from app.protocols.saml.errors import MetadataRefused
from app.protocols.saml.metadata import read_metadata
from app.protocols.saml.types import Demands, ServiceProvider
from tests.samples.folder import files

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WE = ServiceProvider("https://portal.example/m", "https://portal.example/acs", "https://portal.example/m")
SAML = files("saml-metadata", "idp")
OPENID = files("oidc-discovery", "op")
#: Longest sentence that fits beside a field.
LONGEST = 400


def told(sentence: str) -> str:
    """Return a sentence that may be shown to an administrator; fail where it is none."""
    assert 20 < len(sentence) <= LONGEST, sentence
    assert sentence[0].isupper() or sentence[0] == "“", sentence
    assert sentence.rstrip("”").endswith((".", "?", "JSON")) or ": " in sentence, sentence
    assert "Traceback" not in sentence
    assert "Error" not in sentence
    return sentence


def saml(path: Path) -> str | None:
    """Return why metadata is refused; None where it is read and could be signed in with."""
    try:
        found = read_metadata(path.read_bytes(), now=NOW)
    except MetadataRefused as refused:
        return told(str(refused))
    for one in found:
        settings = SamlSettings(
            one.entity_id, certificates=tuple(certificate.pem for certificate in one.signing_certificates)
        )
        assert checking.certificates(settings.certificates)
        unsigned = ServiceProvider(WE.entity_id, WE.acs_url, WE.metadata_url)
        if not one.wants_signed_requests:
            requests.make_request(one, unsigned, Demands(), request_id="_one", now=NOW)
    return None


def openid(path: Path) -> str | None:
    """Return why a discovery document is refused; None where it is read and could be signed in with."""
    document = path.read_bytes()
    try:
        issuer = json.loads(document).get("issuer") or "https://op.example"
        found = read_discovery(document, issuer)
    except (DiscoveryRefused, ValueError) as refused:
        return told(str(refused))
    checking.settings(
        OidcSettings(
            found.issuer,
            "portico",
            authorization_endpoint=found.endpoints.authorization,
            token_endpoint=found.endpoints.token,
            jwks_uri=found.jwks_uri,
            userinfo_endpoint=found.endpoints.userinfo or "",
        )
    )
    return None


@pytest.mark.parametrize("path", SAML, ids=lambda path: path.name)
def test_metadata_is_read_or_refused_with_a_sentence(
    path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("refused", saml(path))


@pytest.mark.parametrize("path", OPENID, ids=lambda path: path.name)
def test_discovery_is_read_or_refused_with_a_sentence(
    path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("refused", openid(path))


@pytest.mark.parametrize(("paths", "read"), [(SAML, saml), (OPENID, openid)], ids=["saml", "openid"])
def test_most_of_what_there_is_can_be_signed_in_with(paths: list[Path], read: Callable[[Path], str | None]) -> None:
    refused = {path.name: why for path in paths if (why := read(path)) is not None}
    for name, why in refused.items():
        print(f"{name}: {why}")
    assert len(refused) < len(paths) / 2
