"""Pages of work on many links: choose, confirm, watch, read the report. They can be left and returned to."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext
from werkzeug.wrappers import Response
from wtforms import RadioField
from wtforms.validators import Optional

from app.core.db import reading, transaction
from app.core.errors import Forbidden, Invalid
from app.core.permissions import Permission
from app.features.share_links.conditions_form import Count
from app.features.share_links.forms import ListForm
from app.features.share_links.life import bulk, rehearsing
from app.features.share_links.life.bulk import BulkAction, Order, Progress
from app.features.share_links.life.rehearsing import Rehearsal
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
    days = Count(
        lazy_gettext("Days to extend by"),
        [Optional()],
        description=lazy_gettext("Only to extend: counted from the end of each link."),
        render_kw={"inputmode": "numeric"},
    )
    email = OneLine(
        lazy_gettext("New owner"),
        [at_most(254)],
        description=lazy_gettext("Only to transfer: the address of a colleague who may see what the links show."),
    )
    which = RadioField(lazy_gettext("To which links"))
    links = TicksField(lazy_gettext("Selected links"))

    def offer(self, rows: Sequence[LinkRow], *, more: bool) -> None:
        """Set the links to choose from: those that were ticked in the list, or the first ones of the list."""
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
    wanted, ticked = _wanted(), request.args.getlist("links")
    form = BulkForm()
    with reading() as db:
        page = listing.page(db, actor(), wanted, None)
        rows = listing.chosen(db, actor(), wanted, ticked)
    form.offer(rows or page.rows, more=page.next is not None)
    if request.method == "GET":
        form.action.data, form.which.data = BulkAction.PAUSE.value, "selected" if rows else "all"
        form.links.data = [one.public_id for one in rows]
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
    return _page(public_id)


@blueprint.post("/<public_id>/dry-run/")
@signed_in()
def rehearse_run(public_id: str) -> Answer:
    """Say of what will be done where it would be refused."""
    try:
        return _page(public_id, rehearsing.rehearse_run(actor(), public_id))
    except Invalid as error:
        flash(error.sentence.render(_), "danger")
        return redirect(url_for("share_links_bulk.show_run", public_id=public_id), code=303)


def _page(public_id: str, rehearsal: Rehearsal | None = None) -> Answer:
    with reading() as db:
        run, refused = bulk.progress(db, actor(), public_id), bulk.refused(db, actor(), public_id)
        some = bulk.some(db, actor(), public_id)
    everybodys = actor().may(Permission.LINKS_ALL_MANAGE)
    return render_template(
        "share_links/bulk_run.html",
        run=run,
        refused=refused,
        some=some,
        rehearsal=rehearsal,
        heading=_heading(run),
        lists=(_("All links"), url_for("share_links.list_all_links"))
        if everybodys
        else (_("Your links"), url_for("share_links.list_links")),
    )


@blueprint.get("/<public_id>/progress/")
@signed_in()
def run_progress(public_id: str) -> Answer:
    """Answer how far it is, and in the end what came of it, for the page that is open."""
    with reading() as db:
        run, refused = bulk.progress(db, actor(), public_id), bulk.refused(db, actor(), public_id)
    return render_template("share_links/bulk_progress.html", run=run, refused=refused)


@blueprint.post("/<public_id>/confirm/")
@signed_in()
def confirm_run(public_id: str) -> Answer:
    """Have it done."""
    with transaction() as db:
        bulk.confirm(db, actor(), public_id)
    return redirect(url_for("share_links_bulk.show_run", public_id=public_id), code=303)


def _heading(run: Progress) -> str:
    count = run.total
    words = {
        BulkAction.PAUSE: lambda: ngettext("Pause one link", "Pause %(num)s links", count),
        BulkAction.RESUME: lambda: ngettext("Resume one link", "Resume %(num)s links", count),
        BulkAction.EXTEND: lambda: ngettext("Extend one link", "Extend %(num)s links", count),
        BulkAction.TRANSFER: lambda: ngettext("Transfer one link", "Transfer %(num)s links", count),
        BulkAction.REVOKE: lambda: ngettext("Revoke one link", "Revoke %(num)s links", count),
    }
    return str(words[run.action]())


def _wanted() -> Wanted:
    everybodys = request.args.get("list") == "all"
    if everybodys and not actor().may(Permission.LINKS_ALL_MANAGE):
        raise Forbidden
    form = ListForm(request.args)
    form.offer()
    return form.wanted(place()[0], everybodys=everybodys)
