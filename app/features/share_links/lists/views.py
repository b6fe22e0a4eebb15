"""Internal pages of the lists of links, one's own and everybody's, and the same as files."""

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.core import paging
from app.core.db import reading, transaction
from app.core.errors import Forbidden
from app.core.permissions import Permission
from app.features.share_links import service
from app.features.share_links.forms import STATE_LABELS, ListForm
from app.features.share_links.lists import listing, saved_filters
from app.features.share_links.lists.board_views import list_address
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.views import blueprint
from app.web.access import signed_in
from app.web.identity import actor
from app.web.tables import csv_file, place, with_query

Answer = Response | str


@blueprint.get("/")
@signed_in()
def list_links() -> Answer:
    """List one's own links; whoever only reads is led to everybody's."""
    if not actor().may(Permission.LINKS_OWN_MANAGE):
        if actor().may(Permission.LINKS_ALL_READ):
            return redirect(with_query(url_for("share_links.list_all_links")), code=303)
        raise Forbidden
    return _list(everybodys=False)


@blueprint.get("/all/")
@signed_in(Permission.LINKS_ALL_READ)
def list_all_links() -> Answer:
    """List everybody's links."""
    return _list(everybodys=True)


@blueprint.get("/links.csv")
@signed_in(Permission.LINKS_OWN_MANAGE)
def export_links() -> Answer:
    """Hand out the list of one's own links as CSV, after recording that it is done."""
    return _export(everybodys=False)


@blueprint.get("/all/links.csv")
@signed_in(Permission.LINKS_ALL_READ)
def export_all_links() -> Answer:
    """Hand out the list of everybody's links as CSV, after recording that it is done."""
    return _export(everybodys=True)


def _list(*, everybodys: bool) -> Answer:
    form, sort, after = ListForm(request.args), *place()
    form.offer()
    with reading() as db:
        page = listing.page(db, actor(), form.wanted(sort, everybodys=everybodys), after)
        saved = saved_filters.of_person(db, actor())
    return render_template(
        "share_links/list_links.html",
        form=form,
        page=page,
        saved=[(one.name, list_address(one.everybodys, one.query)) for one in saved if one.everybodys == everybodys],
        save_url=with_query(url_for("share_links_lists.new_filter"), list="all" if everybodys else "own"),
        everybodys=everybodys,
        bulk_fields=[*_narrowing(), ("list", "all" if everybodys else "own")],
        may_change=actor().may(Permission.LINKS_ALL_MANAGE if everybodys else Permission.LINKS_OWN_MANAGE),
        may_create=actor().may(Permission.LINKS_OWN_MANAGE),
        labels=STATE_LABELS,
    )


def _narrowing() -> list[tuple[str, str]]:
    """Return what the address says of filter and order, as a form sends it on."""
    return [(name, value) for name, value in request.args.items(multi=True) if name not in ("after", "list")]


def _export(*, everybodys: bool) -> Answer:
    wanted, asking = ListForm(request.args).wanted(place()[0], everybodys=everybodys), actor()
    with transaction() as db:
        service.record_export(db, asking, wanted)
    rows = paging.whole(lambda db, after: listing.page(db, asking, wanted, after, paging.BATCH))
    return csv_file("links", LinkRow.HEAD, (row.cells for row in rows))
