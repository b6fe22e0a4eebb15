"""Certificates of a provider, and keys of ours towards it."""

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.errors import NotFound
from app.features.sso import gather, service
from app.features.sso.configuration import SamlSettings
from app.features.sso.forms.connections import CertificateForm, certificates
from app.features.sso.queries import Detail
from app.features.sso.views import MANAGE, Answer, blueprint, found
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor


@blueprint.route("/<public_id>/certificates/new", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def add_certificate(public_id: str) -> Answer:
    """Let one more certificate sign responses."""
    detail = found(public_id)
    stored = _stored(detail)
    form = CertificateForm()
    if form.validate_on_submit():
        with errors_onto(form), transaction() as db:
            service.set_certificates(db, actor(), public_id, (*stored, *certificates(form.certificates.data)))
            flash(_("The certificate was added. What it signs is believed from now on."), "success")
            return redirect(url_for("sso.connection", public_id=public_id), 303)
    return form_page("sso/add_certificate.html", form, detail=detail)


@blueprint.post("/<public_id>/certificates/<fingerprint>/remove")
@signed_in(MANAGE, recent=True)
def remove_certificate(public_id: str, fingerprint: str) -> Response:
    """Believe nothing more that this certificate signs."""
    with transaction() as db:
        service.remove_certificate(db, actor(), public_id, fingerprint)
    flash(_("The certificate was removed. What it signs is refused."), "success")
    return redirect(url_for("sso.connection", public_id=public_id), 303)


@blueprint.post("/<public_id>/keys/new")
@signed_in(MANAGE, recent=True)
def add_key(public_id: str) -> Response:
    """Make one more key of ours."""
    key = gather.new_key(found(public_id).facts.name)
    with transaction() as db:
        service.add_key(db, actor(), public_id, key)
    flash(_("The key was made and stands in our metadata. Sign with it once the provider has read that."), "success")
    return redirect(url_for("sso.connection", public_id=public_id), 303)


@blueprint.post("/<public_id>/keys/<fingerprint>/use")
@signed_in(MANAGE, recent=True)
def use_key(public_id: str, fingerprint: str) -> Response:
    """Sign with this key from now on."""
    with transaction() as db:
        service.use_key(db, actor(), public_id, fingerprint)
    flash(_("Requests are signed with this key now. Remove the old one when nothing is encrypted to it."), "success")
    return redirect(url_for("sso.connection", public_id=public_id), 303)


@blueprint.post("/<public_id>/keys/<fingerprint>/remove")
@signed_in(MANAGE, recent=True)
def remove_key(public_id: str, fingerprint: str) -> Response:
    """Forget a key of ours."""
    with transaction() as db:
        service.remove_key(db, actor(), public_id, fingerprint)
    flash(_("The key was removed. What is encrypted to it cannot be read any more."), "success")
    return redirect(url_for("sso.connection", public_id=public_id), 303)


def _stored(detail: Detail) -> tuple[str, ...]:
    if not isinstance(detail.facts.settings, SamlSettings):
        raise NotFound
    return detail.facts.settings.certificates
