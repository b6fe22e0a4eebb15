"""Checks in words: what each rule of a protocol is about, for the explanation of a failed sign-in.

Keys are values of the protocols' own `Check`; a check without words shows its name.
"""

from app.core.text import Text

CHECKS: dict[str, Text] = {
    # SAML (app.protocols.saml.types.Check), in about the order in which they are made.
    "size": Text("The message is not larger than it may be"),
    "encoding": Text("The message is encoded as the protocol says"),
    "well_formed": Text("The message is well-formed"),
    "no_document_type": Text("The message has no document type and no entities"),
    "no_comments": Text("No comment cuts a value in two"),
    "absolute_namespaces": Text("Namespaces are absolute"),
    "unique_ids": Text("Every id stands in the message once"),
    "message": Text("The message is a response"),
    "status": Text("The provider says that it worked"),
    "one_assertion": Text("There is exactly one assertion"),
    "signature_place": Text("Signatures stand where they belong"),
    "response_signed": Text("The response is signed, where the connection demands it"),
    "assertion_signed": Text("The assertion is signed, where the connection demands it"),
    "signature_profile": Text("The signature covers the whole element and nothing else"),
    "signature_algorithm": Text("The signature uses SHA-256 or better"),
    "signature_key": Text("The signature was made with a key of this connection"),
    "signed_content": Text("What was signed is what was sent"),
    "encrypted": Text("The assertion is encrypted, where the connection demands it"),
    "decryption": Text("The assertion can be decrypted with a key of ours"),
    "encrypted_parts": Text(
        "Nothing inside the assertion is encrypted by itself; the provider encrypts it whole, or not"
    ),
    "schema": Text("The assertion has the form that the standard gives it"),
    "version": Text("The message is of SAML 2.0"),
    "response_issuer": Text("The response comes from this provider"),
    "issuer": Text("The answer comes from this provider"),
    "destination": Text("The response was meant for our address"),
    "in_response_to": Text("It answers a request that is outstanding"),
    "issued": Text("It was issued just now, by both clocks"),
    "subject_confirmation": Text("It may be handed over by a browser"),
    "recipient": Text("The assertion was meant for our address"),
    "confirmation_time": Text("It may still be handed over"),
    "conditions": Text("All its conditions are known"),
    "not_before": Text("It is valid already, by both clocks"),
    "not_on_or_after": Text("It is still valid, by both clocks"),
    "audience": Text("It was made for Portico and for no other application"),
    "authn_statement": Text("It says how the person signed in"),
    "authn_instant": Text("The person signed in at a time that can be"),
    "authn_context": Text("The person signed in as the connection demands"),
    "session_end": Text("The provider's session has not ended"),
    "metadata_signed": Text("The metadata is signed with the certificate that was given"),
    # OpenID Connect and OAuth (app.protocols.oidc.types.Check), where the words are not those above.
    "parameters": Text("The answer has the parameters that it must have, each once"),
    "state": Text("It answers a request that is outstanding"),
    "answer_issuer": Text("The answer names this provider as its issuer"),
    "provider_error": Text("The provider says that it worked"),
    "code": Text("The answer holds a code"),
    "exchange": Text("The provider exchanged the code"),
    "exchange_error": Text("The provider accepted the code and who Portico is"),
    "bearer": Text("The access token is of the usual kind"),
    "shape": Text("The ID token has the form of a signed token"),
    "header": Text("The ID token's header asks for nothing that is not known"),
    "algorithm": Text("The ID token is signed asymmetrically, with SHA-256 or better"),
    "key": Text("The key is among those that this provider publishes"),
    "signature": Text("The signature is of that key"),
    "claims": Text("The ID token says what it must say"),
    "subject": Text("It says whom it is about"),
    "authorized_party": Text("It was made out to Portico"),
    "issued_at": Text("It was issued just now, by both clocks"),
    "expires": Text("It is still valid, by both clocks"),
    "nonce": Text("It belongs to the request of this browser"),
    "at_hash": Text("The access token belongs to the ID token"),
    "c_hash": Text("The code belongs to the ID token"),
    "auth_time": Text("The person signed in recently enough"),
    "authentication_context": Text("The person signed in as the connection demands"),
    "authentication_methods": Text("It says readably how the person signed in"),
    "userinfo": Text("The userinfo address answered readably"),
    "userinfo_subject": Text("The userinfo address speaks of the same person"),
    "profile_id": Text("The profile says who it is about"),
    # What Portico checks afterwards, whatever the protocol.
    "replay": Text("It was not used before"),
    "browser": Text("It came back in the browser that asked"),
    "mapping": Text("Every mapping that must find a value found one"),
    "groups": Text("The groups that are needed were received"),
    "person": Text("It is known whose subject this is"),
    "connection_on": Text("The connection is switched on"),
    "lasting_subject": Text("Something stands for the person for good"),
    "address": Text("There is an address to know the person by"),
    "active": Text("The person may sign in"),
    "kind": Text("The connection is for this kind of person"),
    "same_person": Text("It is the person who asked"),
}


def check(name: str) -> Text:
    """Return what a check is about."""
    return CHECKS.get(name, Text("%(name)s", name=name.replace("_", " ").capitalize()))
