"""Attempts to sign in, explained; and the page that a test sign-in begins on."""

from flask import redirect, render_template, request, url_for

from app.core.db import reading, transaction
from app.core.errors import NotFound
from app.features.sso import queries, service
from app.features.sso.forms.connections import AttemptFilter
from app.features.sso.views import MANAGE, READ, Answer, blueprint, found
from app.web.access import signed_in
from app.web.identity import actor


@blueprint.get("/attempts")
@signed_in(READ)
def attempts() -> Answer:
    """List the last attempts, or go to the one with the reference id that was entered."""
    filters = AttemptFilter(request.args)
    reference = (filters.reference.data or "").strip()
    with reading() as db:
        if reference and queries.explanation(db, reference) is not None:
            return redirect(url_for("sso.attempt", reference=reference), 303)
        rows = queries.attempts(db)
    return render_template("sso/attempts.html", rows=rows, filters=filters, reference=reference)


@blueprint.get("/attempts/<reference>")
@signed_in(READ)
def attempt(reference: str) -> str:
    """Explain one attempt."""
    with reading() as db:
        explained = queries.explanation(db, reference)
    if explained is None:
        raise NotFound
    with transaction() as db:
        service.note_explained(db, actor(), explained.connection.public_id, reference)
    return render_template("sso/attempt.html", explained=explained)


@blueprint.get("/<public_id>/test")
@signed_in(MANAGE)
def test_sign_in(public_id: str) -> str:
    """Say what a test sign-in does, and begin it."""
    return render_template(
        "sso/test_sign_in.html", detail=found(public_id), test_url=url_for("sso_flow.test", public_id=public_id)
    )
