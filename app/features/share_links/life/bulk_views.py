"""Pages of work on many links: choose, confirm, watch, read the report. They can be left and returned to."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import IntegerField, RadioField
from wtforms.validators import Optional

from app.core.db import reading, transaction
from app.core.errors import Forbidden
from app.core.permissions import Permission
from app.features.share_links.forms import ListForm
from app.features.share_links.life import bulk
from app.features.share_links.life.bulk import BulkAction, Order
from app.features.share_links.lists import listing
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.lists.wanted import Wanted
from app.web.access import signed_in
from app.web.forms import Form, OneLine, TicksField, at_most, choices, errors_onto, form_page
from app.web.identity import actor
from app.web.tables import place

blueprint = Blueprint("share_links_bulk", __name__, url_prefix="/links/bulk")
Answer = Response | str | tuple[str, int]

ACTION_LABELS = {
    BulkAction.PAUSE: lazy_gettext("Pause"),
    BulkAction.RESUME: lazy_gettext("Resume"),
    BulkAction.EXTEND: lazy_gettext("Extend"),
    BulkAction.TRANSFER: lazy_gettext("Transfer to a colleague"),
    BulkAction.REVOKE: lazy_gettext("Revoke"),
}


class BulkForm(Form):
    """What to do, and to which links."""

    action = RadioField(
        lazy_gettext("What to do"), choices=choices((one.value, ACTION_LABELS[one]) for one in BulkAction)
    )
    days = IntegerField(lazy_gettext("Days to extend by"), [Optional()], description=lazy_gettext("Only to extend."))
    email = OneLine(
        lazy_gettext("New owner"),
        [at_most(254)],
        description=lazy_gettext("Only to transfer: the address of a colleague who may see what the links show."),
    )
    which = RadioField(lazy_gettext("To which links"), default="selected")
    links = TicksField(lazy_gettext("Selected links"))

    def offer(self, rows: tuple[LinkRow, ...], *, more: bool) -> None:
        """Set the links to choose from: the first ones of the list."""
        every = _("All that the list shows, also those on its other pages") if more else _("All that the list shows")
        self.which.choices = choices([("selected", _("Those selected below")), ("all", every)])
        self.links.choices = choices((one.public_id, f"{one.name} – {one.title}") for one in rows)

    def order(self) -> Order:
        """Return what is to be done."""
        return Order(BulkAction(self.action.data), self.days.data, self.email.data or None)


@blueprint.route("/new/", methods=["GET", "POST"])
@signed_in()
def new_run() -> Answer:
    """Choose what to do, and to which of the links that the list shows as it is filtered."""
    wanted = _wanted()
    form = BulkForm()
    with reading() as db:
        page = listing.page(db, actor(), wanted, None)
    form.offer(page.rows, more=page.next is not None)
    if request.method == "GET":
        form.action.data, form.which.data = BulkAction.PAUSE.value, "selected"
    elif form.validate():
        with errors_onto(form):
            chosen = wanted if form.which.data == "all" else tuple(form.links.data or ())
            with transaction() as db:
                public_id = bulk.plan(db, actor(), form.order(), chosen)
            return redirect(url_for("share_links_bulk.show_run", public_id=public_id), code=303)
    back = url_for("share_links.list_all_links" if wanted.everybodys else "share_links.list_links")
    return form_page("share_links/bulk_new.html", form, everybodys=wanted.everybodys, back=back, here=request.full_path)


@blueprint.get("/<public_id>/")
@signed_in()
def show_run(public_id: str) -> Answer:
    """Say what will be done, how far it is, or what came of it."""
    with reading() as db:
        run, refused = bulk.progress(db, actor(), public_id), bulk.refused(db, actor(), public_id)
    return render_template("share_links/bulk_run.html", run=run, refused=refused, labels=ACTION_LABELS)


@blueprint.get("/<public_id>/progress/")
@signed_in()
def run_progress(public_id: str) -> Answer:
    """Answer how far it is, for the page that is open."""
    with reading() as db:
        run = bulk.progress(db, actor(), public_id)
    return render_template("share_links/bulk_progress.html", run=run)


@blueprint.post("/<public_id>/confirm/")
@signed_in()
def confirm_run(public_id: str) -> Answer:
    """Have it done."""
    with transaction() as db:
        bulk.confirm(db, actor(), public_id)
    return redirect(url_for("share_links_bulk.show_run", public_id=public_id), code=303)


def _wanted() -> Wanted:
    everybodys = request.args.get("list") == "all"
    if everybodys and not actor().may(Permission.LINKS_ALL_MANAGE):
        raise Forbidden
    form = ListForm(request.args)
    form.offer()
    return form.wanted(place()[0], everybodys=everybodys)
