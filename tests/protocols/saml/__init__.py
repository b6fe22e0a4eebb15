"""Tests of app/protocols/saml against a tiny identity provider of our own: every attack beside its valid twin."""
