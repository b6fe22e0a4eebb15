"""The simulated identity provider, above all its SAML side, as a portal sees it."""

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.protocols.saml import requests, responses
from app.protocols.saml.metadata import read_metadata
from app.protocols.saml.requests import Redirect
from app.protocols.saml.types import Demands, IdentityProvider, Outcome, Outstanding, ServiceProvider, Signed
from simulator import identity
from simulator.identity import Running
from tests.processes import PATIENCE_SECONDS

BASE = "http://localhost:8000/sso/acme/saml"
WE = ServiceProvider(f"{BASE}/metadata", f"{BASE}/acs", f"{BASE}/metadata")
DEMANDS = Demands(signed=Signed.BOTH)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with identity.start() as started:
        yield started


def fetched(url: str, form: dict[str, str] | None = None) -> str:
    data = urlencode(form).encode() if form is not None else None
    with urllib.request.urlopen(url, data, timeout=PATIENCE_SECONDS) as answer:
        text: str = answer.read().decode()
    return text


def provider(running: Running) -> IdentityProvider:
    (found,) = read_metadata(fetched(f"{running.issuer}/saml/metadata").encode(), now=datetime.now(UTC))
    return found


def asked(running: Running, we: ServiceProvider = WE) -> str:
    made = requests.make_request(provider(running), we, DEMANDS, request_id="_one", now=datetime.now(UTC))
    assert isinstance(made, Redirect)
    return made.url


def answered(running: Running, person: str) -> Outcome:
    page = fetched(asked(running))
    request = re.search(r'name="SAMLRequest" value="([^"]+)"', page)
    assert request is not None
    back = fetched(f"{running.issuer}/saml/sso", {"SAMLRequest": request.group(1), "person": person})
    assert f'action="{WE.acs_url}"' in back
    response = re.search(r'name="SAMLResponse" value="([^"]+)"', back)
    assert response is not None
    now = datetime.now(UTC)
    return responses.read(
        provider(running), WE, DEMANDS, response.group(1), outstanding={"_one": Outstanding("_one", now)}, now=now
    )


def test_its_answer_is_believed_by_our_reader_with_both_signatures_demanded(running: Running) -> None:
    outcome = answered(running, "greta")
    assert outcome.assertion is not None, outcome.failed
    said = {one.name: one.values for one in outcome.assertion.attributes}
    assert said == {"mail": ("greta@hauliers.example",), "displayName": ("Greta Vance",), "groups": ("hauliers",)}


def test_it_says_where_people_sign_in_and_lets_in_nobody_who_was_not_sent(running: Running) -> None:
    described = json.loads(fetched(f"{running.issuer}/.well-known/openid-configuration"))
    assert described["issuer"] == running.issuer
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetched(described["authorization_endpoint"])


def test_who_cancels_is_refused_in_its_words(running: Running) -> None:
    failed = answered(running, "").failed
    assert failed is not None
    assert failed.found == "Responder / AuthnFailed: Cancelled by the person"


@pytest.mark.parametrize(
    "we",
    [
        replace(WE, acs_url="https://evil.example/sso/acme/saml/acs"),
        replace(WE, acs_url="http://localhost:8000/sso/other/saml/acs"),
        replace(WE, entity_id="https://evil.example/sso/acme/saml/metadata"),
    ],
)
def test_it_answers_portals_on_this_machine_only(running: Running, we: ServiceProvider) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetched(asked(running, we))


@pytest.mark.parametrize("garbage", ["", "!", base64.b64encode(b"<a").decode()])
def test_what_is_no_request_is_refused(running: Running, garbage: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetched(f"{running.issuer}/saml/sso?{urlencode({'SAMLRequest': garbage})}")
