"""The programming interface of handing a link on, `/api/v1/shares/<id>/transfer`."""

from http import HTTPStatus

from flask import Response
from pydantic import Field

from app.core.accounts.api_tokens import Scope
from app.core.db import transaction
from app.core.errors import Invalid
from app.features.share_links.api import blueprint
from app.features.share_links.life import timeline, transferring
from app.web import api
from app.web.access import bearer
from app.web.api import Input
from app.web.identity import actor
from app.web.openapi import Operation, operation


class Transfer(Input):
    """To whom."""

    email: str = Field(min_length=1, max_length=254, description="Of a colleague who may see what the link shows.")


@blueprint.post("/shares/<public_id>/transfer")
@bearer(Scope.SHARES_WRITE)
@operation(
    Operation(
        "transferShare",
        "Hand a link on to a colleague",
        status=HTTPStatus.NO_CONTENT,
        takes=Transfer,
        problems=(404, 409, 503),
        places={"public_id": "The id of the link."},
    )
)
def transfer_share(public_id: str) -> Response:
    """Make a colleague the owner of a link, once it is proven that they may see what it shows; readers read on."""
    body = api.read_body(Transfer)
    facts = transferring.prove(actor(), public_id, body.email)
    with transaction() as db:
        refused = transferring.transfer(db, actor(), public_id, facts)
    if refused is not None:
        raise Invalid("email", timeline.colleague_sentence(refused.site), code="not_proven")
    # Whoever handed it on may no longer know the link, so there is nothing to answer.
    return Response(status=HTTPStatus.NO_CONTENT)
