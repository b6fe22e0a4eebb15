"""Pages beside the lists of links: what deserves a look, and the filters that somebody keeps."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_date, lazy_gettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.core.db import reading, transaction
from app.core.errors import Forbidden
from app.core.permissions import Permission
from app.features.share_links.forms import RISK_LABELS, STATE_LABELS, FilterNameForm, ListForm
from app.features.share_links.lists import figures, listing, saved_filters
from app.features.share_links.lists.wanted import LONG, NEW, UNOPENED, Risk, Wanted
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page
from app.web.identity import actor

blueprint = Blueprint("share_links_lists", __name__, url_prefix="/links")

#: Links of a risk that the board itself shows.
_SHOWN = 5
_WHY = {
    Risk.NO_SIGN_IN: lazy_gettext(
        "Active links that ask for no sign-in and no address: whoever has one can pass it on."
    ),
    Risk.PASSWORD_ONLY: lazy_gettext("Active links with nothing but a password, which can be handed on with the link."),
    Risk.LONG_LIVED: lazy_gettext("Active links that stay open for more than %(days)s days.", days=LONG.days),
    Risk.NEVER_OPENED: lazy_gettext(
        "Active links made more than %(days)s days ago that no reader has opened.", days=UNOPENED.days
    ),
    Risk.PAGE_CHANGED: lazy_gettext("Active links whose page or issue has changed since they were made."),
    Risk.NEW_NETWORK: lazy_gettext(
        "Active links that were opened in the last %(days)s days from a network not seen with them before.",
        days=NEW.days,
    ),
}


@blueprint.get("/risks/")
@signed_in(Permission.LINKS_ALL_READ)
def risk_board() -> str:
    """Show which active links deserve a look, and how links are used."""
    with reading() as db:
        counted = figures.latest(db)
        found = {
            risk: listing.page(db, actor(), Wanted(everybodys=True, risk=risk), None, _SHOWN).rows for risk in Risk
        }
    return render_template(
        "share_links/risk_board.html",
        counted=counted,
        found=found,
        labels=RISK_LABELS,
        why=_WHY,
        openings=[(format_date(day, "d MMM"), number) for day, number in counted.openings] if counted else [],
        states=[(STATE_LABELS[state], number) for state, number in counted.states.items()] if counted else [],
    )


@blueprint.get("/filters/")
@signed_in()
def list_filters() -> str:
    """List one's own saved filters."""
    with reading() as db:
        return render_template("share_links/list_filters.html", saved=_addressed(saved_filters.of_person(db, actor())))


@blueprint.get("/filters/new/")
@signed_in()
def new_filter() -> str:
    """Ask for the name of a filter that is set."""
    everybodys, query = _asked()
    return render_template(
        "share_links/new_filter.html", form=FilterNameForm(formdata=None), **_shown(everybodys, query)
    )


@blueprint.post("/filters/new/")
@signed_in()
def save_filter() -> Response | tuple[str, int]:
    """Keep the filter that is set."""
    form = FilterNameForm()
    everybodys, query = _asked()
    if form.validate():
        with errors_onto(form):
            with transaction() as db:
                saved_filters.save(db, actor(), name=form.name.data, everybodys=everybodys, query=query)
            flash(_("The filter is saved. You find it above the list."), "success")
            return redirect(list_address(everybodys, query), code=303)
    return form_page("share_links/new_filter.html", form, **_shown(everybodys, query))


@blueprint.get("/filters/<public_id>/")
@signed_in()
def edit_filter(public_id: str) -> str:
    """Ask for another name of one of one's own saved filters."""
    with reading() as db:
        row = saved_filters.one(db, actor(), public_id)
    form = FilterNameForm(formdata=None, name=row.name)
    return render_template("share_links/edit_filter.html", form=form, filter=row)


@blueprint.post("/filters/<public_id>/")
@signed_in()
def rename_filter(public_id: str) -> Response | tuple[str, int]:
    """Give one of one's own saved filters another name."""
    form = FilterNameForm()
    with reading() as db:
        row = saved_filters.one(db, actor(), public_id)
    if form.validate():
        with errors_onto(form):
            with transaction() as db:
                saved_filters.rename(db, actor(), public_id, form.name.data)
            flash(_("The filter has its new name."), "success")
            return redirect(url_for("share_links_lists.list_filters"), code=303)
    return form_page("share_links/edit_filter.html", form, filter=row)


@blueprint.post("/filters/<public_id>/delete/")
@signed_in()
def delete_filter(public_id: str) -> Response:
    """Delete one of one's own saved filters."""
    with transaction() as db:
        saved_filters.forget(db, actor(), public_id)
    flash(_("The filter is deleted."), "success")
    return redirect(url_for("share_links_lists.list_filters"), code=303)


def list_address(everybodys: bool, query: Mapping[str, str]) -> str:
    """Return the address of a list as a filter narrows it."""
    values: dict[str, Any] = dict(query)
    return url_for("share_links.list_all_links" if everybodys else "share_links.list_links", **values)


def _asked() -> tuple[bool, dict[str, str]]:
    everybodys = request.args.get("list") == "all"
    if not actor().may(Permission.LINKS_ALL_READ if everybodys else Permission.LINKS_OWN_MANAGE):
        raise Forbidden
    form = ListForm(request.args)
    form.validate()
    sort = request.args.get("sort", "")[:40]
    return everybodys, form.asked() | ({"sort": sort} if sort else {})


def _shown(everybodys: bool, query: dict[str, str]) -> dict[str, Any]:
    form = ListForm(MultiDict(query))
    form.offer()
    return {
        "everybodys": everybodys,
        "asked": form.described(),
        "action": url_for("share_links_lists.save_filter", **query, list="all" if everybodys else "own"),  # type: ignore[arg-type]
        "back": list_address(everybodys, query),
    }


def _addressed(saved: Any) -> list[tuple[Any, str]]:
    return [(one, list_address(one.everybodys, one.query)) for one in saved]
