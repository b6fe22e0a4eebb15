"""What a provider reads of us: our SAML metadata, and our keys for OpenID Connect."""

from flask import Blueprint, make_response
from werkzeug.wrappers import Response

from app.core.db import reading
from app.core.errors import NotFound
from app.features.sso import parties, queries
from app.features.sso.configuration import Connection, Kind
from app.features.sso.service import could_be_id
from app.web.access import public

blueprint = Blueprint("sso_public", __name__, url_prefix="/sso")


@blueprint.get("/<public_id>/saml/metadata")
@public("a provider reads who we are; nothing in it is secret")
def metadata(public_id: str) -> Response:
    """Answer with our SAML metadata towards one provider."""
    return _published(parties.metadata(_found(public_id, Kind.SAML)), "application/samlmetadata+xml")


@blueprint.get("/<public_id>/oidc/keys")
@public("a provider reads our public keys, where they stand in place of a secret")
def keys(public_id: str) -> Response:
    """Answer with our public keys towards one OpenID provider."""
    return _published(parties.key_set(_found(public_id, Kind.OIDC)), "application/jwk-set+json")


def _found(public_id: str, kind: Kind) -> Connection:
    with reading() as db:
        connection = queries.of_public_id(db, public_id) if could_be_id(public_id) else None
    if connection is None or connection.kind is not kind:
        raise NotFound
    return connection


def _published(body: bytes, media_type: str) -> Response:
    answer = make_response(body)
    answer.mimetype = media_type
    # During a roll-over a provider that reads again finds the new key at once.
    answer.headers["Cache-Control"] = "no-cache"
    return answer
