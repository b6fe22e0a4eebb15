"""HTTP of the administrators' pages about identity providers: one blueprint, one module per subject."""

from flask import Blueprint
from werkzeug.wrappers import Response

from app.core.db import reading
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.sso import queries
from app.features.sso.queries import Detail

blueprint = Blueprint("sso", __name__, url_prefix="/admin/sso")

#: What a view answers with.
Answer = Response | str | tuple[str, int]
READ = Permission.ADMIN_SSO_READ
MANAGE = Permission.ADMIN_SSO_MANAGE


def found(public_id: str) -> Detail:
    """Return a connection for its page. Raises NotFound."""
    with reading() as db:
        detail = queries.connection(db, public_id)
    if detail is None:
        raise NotFound
    return detail
