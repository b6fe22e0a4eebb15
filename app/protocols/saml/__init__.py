"""SAML 2.0 as a service provider: metadata, requests, and a strict reader of responses. Bytes in, dataclasses out.

Start at `responses.read`: what it returns was read from bytes under a verified signature and from nowhere else, and each
rule it applied stands in the outcome with what was expected and what was found. Time and keys are arguments, nothing
here opens a connection. pysaml2 and xmlsec are imported inside the functions that need them, since both are heavy;
pysaml2's own reading of responses (`AuthnResponse`, `SecurityContext`) is never used.
"""
