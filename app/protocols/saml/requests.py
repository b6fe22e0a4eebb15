"""Requests to sign in: an address to send the browser to, or the fields of a form for it to post.

The id is the caller's, made at random and remembered with the browser that began; what comes back must name it.
"""

import base64
import zlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode, urlsplit

from app.protocols.saml import crypto, instants, names
from app.protocols.saml.errors import RequestRefused
from app.protocols.saml.types import Check, Demands, IdentityProvider, KeyPair, ServiceProvider

#: SAML Bindings §3.4.3.
MAX_RELAY_STATE: Final = 80


class Binding(StrEnum):
    """How a request travels."""

    REDIRECT = names.BINDING_REDIRECT
    POST = names.BINDING_POST


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser here."""

    url: str


@dataclass(frozen=True, slots=True)
class Post:
    """Have the browser post these fields here."""

    url: str
    fields: dict[str, str]


def make_request(
    provider: IdentityProvider,
    service: ServiceProvider,
    demands: Demands,
    *,
    request_id: str,
    now: datetime,
    relay_state: str = "",
    binding: Binding | None = None,
) -> Redirect | Post:
    """Return an AuthnRequest for a browser, signed where we or the provider want that (SAML Core §3.4.1).

    Without `binding`, Redirect is taken where the provider has it. `request_id` must be an XML name (begin with a
    letter or “_”). Raise RequestRefused for a binding that the provider lacks, or a signature without a key.
    """
    if len(relay_state.encode()) > MAX_RELAY_STATE:
        raise RequestRefused(
            Check.RELAY_STATE, f"at most {MAX_RELAY_STATE} bytes", f"{len(relay_state.encode())} bytes"
        )
    binding = binding or (Binding.REDIRECT if provider.sso_redirect_url else Binding.POST)
    url = provider.sso_redirect_url if binding is Binding.REDIRECT else provider.sso_post_url
    if not url:
        raise RequestRefused(Check.ADDRESS, f"an address for {binding.rpartition(':')[2]}", "none")
    pair = _signing_key(provider, service)
    xml = _message(service, demands, url, request_id=request_id, now=now)
    if binding is Binding.REDIRECT:
        return Redirect(_redirect(url, xml, relay_state, pair))
    signed = crypto.sign(xml, pair) if pair else xml
    fields = {"SAMLRequest": base64.b64encode(signed).decode()}
    return Post(url, fields | ({"RelayState": relay_state} if relay_state else {}))


def _signing_key(provider: IdentityProvider, service: ServiceProvider) -> KeyPair | None:
    if not (service.sign_requests or provider.wants_signed_requests):
        return None
    if not service.keys:
        raise RequestRefused(Check.CERTIFICATE, "a key of ours to sign requests with", "none")
    # The oldest: the provider may not have read about the newest yet.
    return service.keys[0]


def _message(service: ServiceProvider, demands: Demands, url: str, *, request_id: str, now: datetime) -> bytes:
    from saml2 import saml, samlp

    context = None
    if demands.requested_contexts:
        references = [saml.AuthnContextClassRef(text=name) for name in demands.requested_contexts]
        context = samlp.RequestedAuthnContext(authn_context_class_ref=references, comparison="exact")
    request = samlp.AuthnRequest(
        id=request_id,
        version="2.0",
        issue_instant=instants.write(now),
        destination=url,
        issuer=saml.Issuer(text=service.entity_id),
        assertion_consumer_service_url=service.acs_url,
        protocol_binding=names.BINDING_POST,
        force_authn="true" if demands.force_authn else None,
        name_id_policy=samlp.NameIDPolicy(allow_create="true"),
        requested_authn_context=context,
    )
    made: bytes = request.to_string()
    return made


def _redirect(url: str, xml: bytes, relay_state: str, pair: KeyPair | None) -> str:
    # SAML Bindings §3.4.4.1: the signature covers these parameters in this order, exactly as they are encoded.
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(xml) + packer.flush()
    parameters = [("SAMLRequest", base64.b64encode(packed).decode())]
    if relay_state:
        parameters.append(("RelayState", relay_state))
    if pair:
        parameters.append(("SigAlg", names.RSA_SHA256))
    query = urlencode(parameters)
    if pair:
        query += "&" + urlencode({"Signature": base64.b64encode(crypto.sign_octets(query.encode(), pair)).decode()})
    return url + ("&" if urlsplit(url).query else "?") + query
