"""Reading one SAML response, signed twice: our reader beside pysaml2 as it comes, python3-saml and bare verification.

Each subject does the whole of its work from the posted form field to a person with attributes; `BARE` alone only parses and
verifies both signatures, which is what none can do without. Subjects take turns in each round, in one process, so that all
of them suffer the same neighbours.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from lxml import etree

from app.core import clock
from app.protocols.saml import responses
from app.protocols.saml.types import Demands, Outstanding, Signed
from tests.protocols.saml import provider
from tests.protocols.saml.provider import ACS, ENTITY, NOW, REQUEST, SP, Said, keys

OURS = "Portico, whole reading"
PYSAML2 = "pysaml2, as it comes (xmlsec1)"
PYTHON3_SAML = "python3-saml, strict"
BARE = "xmlsec alone: one parse, two verifications"
_PATH = "/sso/acme/saml/acs"


@dataclass(frozen=True)
class Timing:
    """Milliseconds for one response, one figure for each round."""

    name: str
    rounds: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median of the rounds."""
        return median(self.rounds)


def measure(*, rounds: int, seconds: int) -> dict[str, Timing]:
    """Return what each subject needs; `seconds` is how long one subject works in one round."""
    made = _Response(clock.now())
    subjects: dict[str, Callable[[], None]] = {
        OURS: _ours(made),
        PYSAML2: _pysaml2(made),
        PYTHON3_SAML: _python3_saml(made),
        BARE: _bare(made),
    }
    for read in subjects.values():
        # Schemas are compiled and modules imported once per process; none of that belongs to one response.
        read()
    found: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, read in subjects.items():
            found[name].append(_milliseconds(read, seconds))
    return {name: Timing(name, tuple(figures)) for name, figures in found.items()}


def ratio(timings: dict[str, Timing], slower: str, faster: str) -> float:
    """Return how many times longer one takes than the other: the median of ratios within a round."""
    return median(a / b for a, b in zip(timings[slower].rounds, timings[faster].rounds, strict=True))


def _milliseconds(read: Callable[[], None], seconds: int) -> float:
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        read()
        count += 1
    return (time.perf_counter() - began) / count * 1_000


class _Response:
    """About 9 KB: twelve attributes and twenty groups, response and assertion signed with RSA and SHA-256."""

    def __init__(self, now: datetime) -> None:
        moved = now - NOW
        hours = timedelta(hours=1)
        self.now = now
        said = replace(
            Said(),
            issued=moved,
            authn_instant=moved,
            not_before=moved - hours,
            not_on_or_after=moved + hours,
            confirmation_end=moved + hours,
            session_end=moved + 8 * hours,
            attributes=(
                *(
                    (f"urn:oid:2.5.4.{number}", provider.BASIC, (f"value {number} of somebody",))
                    for number in range(12)
                ),
                ("groups", provider.BASIC, tuple(f"cn=group-{number:02},ou=groups,dc=example" for number in range(20))),
            ),
        )
        self.xml = provider.response(said, signed=Signed.BOTH)
        self.encoded = base64.b64encode(self.xml).decode()


def _ours(made: _Response) -> Callable[[], None]:
    idp, sp, demands = provider.identity_provider(), provider.service_provider(), Demands(signed=Signed.BOTH)
    asked = {REQUEST: Outstanding(REQUEST, made.now)}

    def read() -> None:
        outcome = responses.read(idp, sp, demands, made.encoded, outstanding=asked, now=made.now)
        assert outcome.assertion is not None, outcome.failed

    return read


def _pysaml2(made: _Response) -> Callable[[], None]:
    from saml2 import BINDING_HTTP_POST
    from saml2.client import Saml2Client
    from saml2.config import SPConfig

    certificate = base64.b64encode(keys().certificate.der).decode()
    metadata = (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}"><IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor>'
        f'<KeyInfo xmlns="{provider.DS}"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>'
        '</KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
        'Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>'
    )
    service = {
        "want_response_signed": True,
        "want_assertions_signed": True,
        "endpoints": {"assertion_consumer_service": [(ACS, BINDING_HTTP_POST)]},
    }
    config = SPConfig().load(
        {
            "entityid": SP,
            "allow_unknown_attributes": True,
            "metadata": {"inline": [metadata]},
            "service": {"sp": service},
        }
    )
    client = Saml2Client(config=config)

    def read() -> None:
        found = client.parse_authn_request_response(made.encoded, BINDING_HTTP_POST, {REQUEST: "/"})
        assert found is not None
        assert found.ava

    return read


def _python3_saml(made: _Response) -> Callable[[], None]:
    from onelogin.saml2.auth import OneLogin_Saml2_Auth

    settings = {
        "strict": True,
        "sp": {"entityId": SP, "assertionConsumerService": {"url": ACS}},
        "idp": {
            "entityId": ENTITY,
            "singleSignOnService": {"url": "https://idp.example.com/sso"},
            "x509cert": base64.b64encode(keys().certificate.der).decode(),
        },
        "security": {"wantMessagesSigned": True, "wantAssertionsSigned": True, "rejectDeprecatedAlgorithm": True},
    }
    request: dict[str, Any] = {
        "https": "on",
        "http_host": "portal.example.org",
        "script_name": _PATH,
        "get_data": {},
        "post_data": {"SAMLResponse": made.encoded},
    }

    def read() -> None:
        auth = OneLogin_Saml2_Auth(request, settings)
        auth.process_response(request_id=REQUEST)
        assert auth.is_authenticated(), auth.get_last_error_reason()
        assert auth.get_attributes()

    return read


def _bare(made: _Response) -> Callable[[], None]:
    import xmlsec
    from xmlsec import constants

    key = xmlsec.Key.from_memory(keys().certificate.public_key_pem, constants.KeyDataFormatPem)

    def read() -> None:
        root = etree.fromstring(base64.b64decode(made.encoded))
        for element in (root, provider.assertion_in(root)):
            node = element.find("ds:Signature", provider.NS)
            assert node is not None
            context = xmlsec.SignatureContext()
            context.key = key
            context.register_id(element, "ID")
            context.verify(node)

    return read
