"""Our reading and pysaml2's agree on what is valid, over one XML library, and differ only by what we refuse."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lxml.etree
import pytest
import xmlsec
from lxml import etree
from saml2 import BINDING_HTTP_POST
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.sigver import CryptoBackend

from app.protocols.saml.types import Demands, Signed
from tests.protocols.saml import provider
from tests.protocols.saml.provider import ACS, ENTITY, REQUEST, SP, How, keys, read, response, saying


def test_the_parser_and_the_verifier_are_one_library() -> None:
    # Two versions of libxml2 in one process would parse and verify by different rules, or crash.
    parser = (lxml.etree.LIBXML_VERSION, lxml.etree.LIBXML_COMPILED_VERSION)
    verifier = (xmlsec.get_libxml_version(), xmlsec.get_libxml_compiled_version())
    assert parser == verifier


class _InProcess(CryptoBackend):  # type: ignore[misc]  # pysaml2 has no types
    """pysaml2's verification through python-xmlsec, so that the comparison needs no program."""

    def version(self) -> str:
        return "1.3"

    def validate_signature(
        self, signedtext: str | bytes, cert_file: str, cert_type: str, node_name: str, node_id: str
    ) -> bool:
        text = signedtext.encode() if isinstance(signedtext, str) else signedtext
        root = etree.fromstring(text)
        nodes = [node for node in root.iter() if node.get("ID") == node_id]
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_file(cert_file, xmlsec.constants.KeyDataFormatCertPem)
        context.register_id(nodes[0], "ID")
        signature = nodes[0].find(f"{{{provider.DS}}}Signature")
        assert signature is not None
        context.verify(signature)
        return True


_METADATA = f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}"><IDPSSODescriptor
protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor><KeyInfo
xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo>
</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>"""


@pytest.fixture
def theirs(tmp_path: Path) -> Callable[[bytes], Any]:
    """pysaml2's reading of a response; it has no way to be told the time, so its clock may differ by thirty years."""
    program = tmp_path / "xmlsec1"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    config = SPConfig().load(
        {
            "entityid": SP,
            "xmlsec_binary": str(program),
            "allow_unknown_attributes": True,
            "accepted_time_diff": 10**9,
            "metadata": {"inline": [_METADATA % base64.b64encode(keys().certificate.der).decode()]},
            "service": {
                "sp": {
                    "want_response_signed": False,
                    "want_assertions_or_response_signed": True,
                    "endpoints": {"assertion_consumer_service": [(ACS, BINDING_HTTP_POST)]},
                }
            },
        }
    )
    client = Saml2Client(config=config)
    client.sec.crypto = _InProcess()

    def parse(xml: bytes) -> Any:
        encoded = base64.b64encode(xml).decode()
        return client.parse_authn_request_response(encoded, BINDING_HTTP_POST, {REQUEST: "/"})

    return parse


@pytest.mark.parametrize("signed", list(Signed))
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"name_id": "Ren&#233;e &amp; Co"},
        {"value_hint": ""},
        {"attributes": ()},
        {"audiences": (("https://elsewhere.example.org", SP),)},
        {"attributes": (("urn:oid:1.3.6.1.4.1.5923.1.5.1.1", None, tuple(f"group {n}" for n in range(300))),)},
        {"session_end": None},
    ],
    ids=lambda value: ", ".join(value) or "plain",
)
def test_both_readings_of_a_valid_response_agree(
    theirs: Callable[[bytes], Any], said: dict[str, Any], signed: Signed
) -> None:
    made = response(saying(**said), signed=signed)
    ours = read(made, Demands(signed=signed)).assertion
    other = theirs(made)
    assert ours is not None
    assert other is not None
    assert ours.subject is not None
    assert ours.subject.value == other.name_id.text
    assert ours.issuer == other.issuer()
    assert ours.assertion_id == other.assertion.id
    assert ours.in_response_to == other.in_response_to
    statement = [one for part in other.assertion.attribute_statement for one in part.attribute]
    assert [(one.name, one.name_format, one.values) for one in ours.attributes] == [
        (one.name, one.name_format, tuple(value.text for value in one.attribute_value)) for one in statement
    ]
    assert ours.authn_contexts == tuple(
        one.authn_context.authn_context_class_ref.text for one in other.assertion.authn_statement
    )


def test_pysaml2_takes_signatures_of_sha1_that_are_refused_here(theirs: Callable[[bytes], Any]) -> None:
    weak = response(signed=Signed.ASSERTION, inner=How(method=xmlsec.constants.TransformRsaSha1))
    assert theirs(weak) is not None
    assert read(weak).assertion is None
