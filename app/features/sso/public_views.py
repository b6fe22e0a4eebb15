"""What a provider reads of us: our SAML metadata."""

from flask import Blueprint, make_response
from werkzeug.wrappers import Response

from app.core.db import reading
from app.core.errors import NotFound
from app.features.sso import parties, queries
from app.features.sso.configuration import Kind
from app.features.sso.service import could_be_id
from app.web.access import public

blueprint = Blueprint("sso_public", __name__, url_prefix="/sso")


@blueprint.get("/<public_id>/saml/metadata")
@public("a provider reads who we are; nothing in it is secret")
def metadata(public_id: str) -> Response:
    """Answer with our SAML metadata towards one provider."""
    with reading() as db:
        connection = queries.of_public_id(db, public_id) if could_be_id(public_id) else None
    if connection is None or connection.kind is not Kind.SAML:
        raise NotFound
    answer = make_response(parties.metadata(connection))
    answer.mimetype = "application/samlmetadata+xml"
    # During a roll-over a provider that reads again finds the new key at once.
    answer.headers["Cache-Control"] = "no-cache"
    return answer
