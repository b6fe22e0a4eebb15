"""Pages of the emergency stop and of places that are switched off; for administrators."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, TextAreaField

from app.core.connections import queries as connections
from app.core.db import reading, transaction
from app.core.errors import Invalid
from app.core.mail import delivery
from app.core.permissions import Permission
from app.features.share_links.life import halt_targets, halting, halts
from app.features.share_links.life.halts import HaltKind, HaltScope, Target
from app.web.access import signed_in
from app.web.forms import Form, OneLine, at_most, choices, errors_onto, form_page
from app.web.identity import actor

blueprint = Blueprint("share_links_halts", __name__, url_prefix="/sharing")
MANAGE = Permission.LINKS_ALL_MANAGE
Answer = Response | str | tuple[str, int]

SCOPE_LABELS = {
    HaltScope.LINK: lazy_gettext("One link"),
    HaltScope.OBJECT: lazy_gettext("All links to one page or issue"),
    HaltScope.CONTAINER: lazy_gettext("All links into one space or project"),
    HaltScope.CONNECTION: lazy_gettext("All links into one connection"),
    HaltScope.PERSON: lazy_gettext("All links of one person"),
    HaltScope.EVERYTHING: lazy_gettext("Everything"),
}
_WHAT = lazy_gettext(
    "The address of the link, of the page or issue in Atlassian, or of the person; of a space or project its key."
)


class HaltForm(Form):
    """What to stop or to switch off, and why."""

    scope = RadioField(lazy_gettext("What"))
    what = OneLine(lazy_gettext("Which"), [at_most(halt_targets.MAXIMUM_NAMED)], description=_WHAT)
    connection = SelectField(
        lazy_gettext("Connection"),
        validate_choice=False,
        description=lazy_gettext("Needed for a space, a project or a connection."),
    )
    reason = TextAreaField(
        lazy_gettext("Reason"),
        [at_most(halting.MAXIMUM_REASON)],
        description=lazy_gettext("For administrators: it stands in the audit log and in the mail to them."),
        render_kw={"rows": 3},
    )

    def offer(self, kind: HaltKind, sites: list[tuple[str, str]]) -> None:
        """Set what there is to choose from."""
        offered = halts.PLACES if kind is HaltKind.OFF else frozenset(HaltScope)
        self.scope.choices = choices((one.value, SCOPE_LABELS[one]) for one in HaltScope if one in offered)
        self.connection.choices = choices([("", _("Choose one")), *sites])
        if self.scope.data is None:
            self.scope.data = HaltScope.CONTAINER.value if kind is HaltKind.OFF else HaltScope.LINK.value


class OffForm(HaltForm):
    """The same with words for those who read until now."""

    message = TextAreaField(
        lazy_gettext("Message"),
        [at_most(halting.MAXIMUM_REASON)],
        description=lazy_gettext("For whoever read by such a link before. Strangers learn nothing."),
        render_kw={"rows": 3},
    )


@blueprint.get("/")
@signed_in(MANAGE)
def overview() -> Answer:
    """Show what is stopped or switched off now, and what was."""
    with reading() as db:
        running, over = halting.listed(db, actor(), over=False), halting.listed(db, actor(), over=True)
    return render_template("share_links/halts.html", running=running, over=over, **_words())


@blueprint.route("/stop/", methods=["GET", "POST"])
@signed_in(MANAGE)
def stop() -> Answer:
    """Stop sharing: first what, then what that means, then it is done."""
    return _asked(HaltForm, HaltKind.STOP)


@blueprint.route("/off/", methods=["GET", "POST"])
@signed_in(MANAGE)
def switch_off() -> Answer:
    """Switch sharing off for a place, in the same steps."""
    return _asked(OffForm, HaltKind.OFF)


@blueprint.get("/<public_id>/resume/")
@signed_in(MANAGE)
def ask_to_resume(public_id: str) -> Answer:
    """Say what opens again."""
    with reading() as db:
        row, covered = halting.found(db, actor(), public_id)
    return render_template("share_links/resume_sharing.html", halt=row, covered=covered, **_words())


@blueprint.post("/<public_id>/resume/")
@signed_in(MANAGE, recent=True)
def resume(public_id: str) -> Answer:
    """Let sharing go on."""
    with transaction() as db:
        halting.lift(db, actor(), public_id)
    flash(_("Sharing goes on. Readers pass the gates of their links again."), "success")
    return redirect(url_for("share_links_halts.overview"), code=303)


def _asked(kind_of_form: Callable[..., HaltForm], kind: HaltKind) -> Answer:
    form = kind_of_form()
    if request.method == "GET":
        form.what.data = request.args.get("link", "")[: halt_targets.MAXIMUM_NAMED]
        form.scope.data = request.args.get("scope")
    with reading() as db:
        form.offer(kind, [(one.public_id, one.name) for one in connections.connections(db)])
    if request.method == "POST" and form.validate():
        with errors_onto(form):
            return _taken(form, kind)
    return form_page("share_links/halt.html", form, off=kind is HaltKind.OFF)


def _taken(form: HaltForm, kind: HaltKind) -> Answer:
    with reading() as db:
        target = _target(db, form)
        covered = halting.effect(db, target)
    if "sure" not in request.form:
        return render_template(
            "share_links/confirm_halt.html",
            form=form,
            off=kind is HaltKind.OFF,
            covered=covered,
            what=_described(target),
            tells=delivery.can_send(),
            fields={one.name: one.data or "" for one in form if one.name != "csrf_token"} | {"sure": "yes"},
        )
    message = form.message.data or "" if isinstance(form, OffForm) else ""
    with transaction() as db:
        halting.begin(db, actor(), kind, target, reason=form.reason.data or "", message=message)
    flash(_("Sharing is stopped there: nobody reads by these links any more."), "success")
    return redirect(url_for("share_links_halts.overview"), code=303)


def _target(db: Any, form: HaltForm) -> Target:
    scope, what, connection = HaltScope(form.scope.data), form.what.data or "", form.connection.data or ""
    try:
        return halt_targets.named(db, scope, what, connection)
    except Invalid:
        # From the page of a link, each of these is named by the link.
        if not what or scope is HaltScope.LINK:
            raise
        try:
            return halt_targets.by_link(db, scope, what)
        except Invalid:
            pass
        raise


def _described(target: Target) -> str:
    return halting.words_for(target.scope, target.label).render(_)


def _words() -> dict[str, Any]:
    return {"scope_labels": SCOPE_LABELS, "described": lambda row: halting.describe(row).render(_)}
