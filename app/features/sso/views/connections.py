"""Pages of connections: the list, adding one from a preset, its page, editing, switching, removing."""

from dataclasses import asdict
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.db import reading, transaction
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.features.sso import account_rows, addresses, gather, presets, queries, service
from app.features.sso.configuration import ClientAuthentication, Kind, SamlSettings, Settings
from app.features.sso.forms.connections import FORMS, NEW_FORMS, AttemptFilter, MetadataForm
from app.features.sso.presets import Preset, Protocol
from app.features.sso.queries import Detail
from app.features.sso.views import MANAGE, READ, Answer, blueprint, found
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor


@blueprint.get("/")
@signed_in(READ)
def connections() -> str:
    """List identity providers."""
    with reading() as db:
        rows, undecided = queries.connections(db), account_rows.count_conflicts(db)
    filters = AttemptFilter(request.args)
    return render_template("sso/connections.html", rows=rows, filters=filters, undecided=undecided)


@blueprint.get("/new")
@signed_in(MANAGE)
def choose_preset() -> str:
    """Choose what kind of provider it is."""
    return render_template("sso/choose_preset.html", presets=presets.every())


@blueprint.route("/new/<kind>/<preset>", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def new_connection(kind: str, preset: str) -> Answer:
    """Add a connection, switched off."""
    chosen, protocol = _preset(kind, preset)
    form = NEW_FORMS[Kind(kind)](data={"name": chosen.name, **protocol.defaults})
    if form.validate_on_submit():
        with errors_onto(form):
            settings = _gathered(form, Kind(kind), protocol)
            key = gather.new_key(form.name.data) if service.needs_key(settings) else None
            draft = form.new_draft(settings, protocol.identity)
            with transaction() as db:
                row = service.create(
                    db,
                    actor(),
                    Kind(kind),
                    preset,
                    draft,
                    mapping=protocol.mapping,
                    groups=protocol.group_rules,
                    key=key,
                )
            flash(_("%(name)s was added, switched off. Go through the steps below.", name=row.name), "success")
            return redirect(url_for("sso.connection", public_id=row.public_id), 303)
    with reading() as db:
        public_id = service.id_by_name(db, form.name.data or "")
    ours = addresses.ours(public_id) if public_id else None
    return form_page("sso/new_connection.html", form, kind=Kind(kind), preset=chosen, protocol=protocol, ours=ours)


@blueprint.get("/<public_id>")
@signed_in(READ)
def connection(public_id: str) -> str:
    """Show one connection."""
    detail = found(public_id)
    with reading() as db:
        attempts = queries.attempts(db, public_id)
        names = dict(queries.group_choices(db))
    preset = presets.named(detail.row.preset, detail.row.kind)
    return render_template(
        "sso/connection.html",
        detail=detail,
        attempts=attempts[:10],
        group_names=names,
        protocol=preset[1] if preset else None,
    )


@blueprint.route("/<public_id>/edit", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def edit_connection(public_id: str) -> Answer:
    """Change a connection; a client secret left empty stays."""
    detail = found(public_id)
    form = FORMS[detail.row.kind](data=_shown(detail))
    if form.validate_on_submit():
        with errors_onto(form):
            draft = form.draft(detail.facts.settings)
            with transaction() as db:
                row = service.change(db, actor(), public_id, draft)
            flash(_("%(name)s was changed. Test the sign-in again.", name=row.name), "success")
            return redirect(url_for("sso.connection", public_id=public_id), 303)
    return form_page("sso/edit_connection.html", form, detail=detail)


@blueprint.route("/<public_id>/metadata", methods=["GET", "POST"])
@signed_in(MANAGE, recent=True)
def read_metadata(public_id: str) -> Answer:
    """Read a SAML provider's metadata again, from a file or an address."""
    detail = found(public_id)
    if detail.row.kind is not Kind.SAML:
        raise NotFound
    form = MetadataForm()
    if form.validate_on_submit():
        with errors_onto(form):
            settings = _reread(form, detail.facts.settings)
            with transaction() as db:
                service.set_provider(db, actor(), public_id, settings)
            flash(_("The metadata was read. Test the sign-in again."), "success")
            return redirect(url_for("sso.connection", public_id=public_id), 303)
    return form_page("sso/read_metadata.html", form, detail=detail)


@blueprint.post("/<public_id>/switch-on")
@signed_in(MANAGE, recent=True)
def switch_on(public_id: str) -> Response:
    """Let people sign in through a connection."""
    with transaction() as db:
        service.switch_on(db, actor(), public_id, untested=request.form.get("untested") == "yes")
    flash(_("The connection is on: people can sign in through it."), "success")
    return redirect(url_for("sso.connection", public_id=public_id), 303)


@blueprint.post("/<public_id>/switch-off")
@signed_in(MANAGE, recent=True)
def switch_off(public_id: str) -> Response:
    """Let nobody sign in through a connection."""
    with transaction() as db:
        service.switch_off(db, actor(), public_id)
    flash(_("The connection is off: nobody signs in through it."), "success")
    return redirect(url_for("sso.connection", public_id=public_id), 303)


@blueprint.post("/<public_id>/remove")
@signed_in(MANAGE, recent=True)
def remove_connection(public_id: str) -> Response:
    """Remove a connection."""
    with transaction() as db:
        service.remove(db, actor(), public_id)
    flash(_("The connection was removed. The people who came through it are still there."), "success")
    return redirect(url_for("sso.connections"), 303)


def _preset(kind: str, key: str) -> tuple[Preset, Protocol]:
    known = presets.named(key, Kind(kind)) if kind in set(Kind) else None
    if known is None:
        raise NotFound
    return known


def _gathered(form: Any, kind: Kind, protocol: Protocol) -> Settings:
    match kind:
        case Kind.SAML:
            return gather.saml_settings(form.metadata, form.settings)
        case Kind.OIDC:
            scopes = tuple(protocol.defaults.get("scopes", "").split())
            how = ClientAuthentication(form.authentication.data)
            return gather.oidc_settings(form.issuer.data, form.client_id.data, how, scopes)
        case Kind.OAUTH:
            return form.settings


def _reread(form: MetadataForm, settings: Settings) -> SamlSettings:
    if not isinstance(settings, SamlSettings):
        raise NotFound
    given = form.metadata_of(settings.entity_id)
    if not given.file and not given.url:
        raise Invalid("metadata_file", Text("Choose a file or enter an address."))
    return gather.saml_settings(given, settings)


def _shown(detail: Detail) -> dict[str, object]:
    facts = detail.facts
    settings, identity = asdict(facts.settings), asdict(facts.identity)
    shown = settings | identity
    shown["scopes"] = " ".join(settings.get("scopes", ()))
    for name in ("requested_contexts", "second_factor_values"):
        shown[name] = "\n".join(shown.get(name, ()))
    return {
        **shown,
        "name": facts.name,
        "button_label": facts.button_label,
        "position": facts.position,
        "for_staff": facts.for_staff,
        "for_guests": facts.for_guests,
        "domains": "\n".join(detail.domains),
    }
