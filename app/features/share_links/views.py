"""Internal pages of links: list, create, show, edit, and the buttons on a link's page."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import clock
from app.core.accounts import sign_in
from app.core.connections import clients
from app.core.db import reading, transaction
from app.core.errors import Forbidden, Invalid
from app.core.permissions import Permission
from app.documents.issue import FieldChoice
from app.features.share_links import conditions as rules
from app.features.share_links import gather, rights, service, tokens
from app.features.share_links.conditions import UNCHANGED, Conditions, NewPassword
from app.features.share_links.conditions_form import local_minute
from app.features.share_links.forms import STATE_LABELS, AddressForm, CreateForm, EditForm, TransferForm
from app.features.share_links.gather import ShareFacts
from app.features.share_links.guests import invitations
from app.features.share_links.guests import views as guest_pages
from app.features.share_links.life import halts, history, timeline, transferring
from app.features.share_links.life.notices import sentence
from app.features.share_links.life.timeline import TimelineEntry
from app.features.share_links.lists import listing, tallies
from app.features.share_links.lists.listing import LinkRow
from app.features.share_links.objects import ObjectKind
from app.features.share_links.policy import PauseReason
from app.features.share_links.powers import Powers
from app.features.share_links.powers_form import NAME_LABELS
from app.features.share_links.reading import outlook
from app.features.share_links.reading.names import Names
from app.features.share_links.rules import approving
from app.features.share_links.rules.rulebook import CheckMode, Rules, mode_of
from app.web import reveal
from app.web.access import signed_in
from app.web.forms import errors_onto, form_page, put_error
from app.web.identity import actor
from app.web.surfaces import Surface, absolute
from app.web.tables import with_query
from app.web.templating import endpoint_url

blueprint = Blueprint("share_links", __name__, url_prefix="/links")


@blueprint.context_processor
def _names() -> dict[str, Any]:
    return {
        "refusal_sentence": lambda facts: timeline.refusal_sentence(facts.refusal, facts.site.name).render(_),
        "name_for": lambda found: rules.name_for(found.object_key, found.object_id),
        "profile_url": lambda: endpoint_url("account.profile"),
        "recipient_url": lambda public_id: endpoint_url("share_links_preview.view_as_recipient", public_id=public_id),
    }


ACTIVITY_SIZE = 25
#: Why Portico paused a link, besides changed restrictions.
_BY_PORTICO = frozenset({PauseReason.NO_SHARE_LABEL.value, PauseReason.RIGHT_LOST.value})
#: Days that the chart of openings shows.
OPENING_DAYS = 30
#: For how long what the owner was told stands at the head of the page; the timeline keeps it.
FRESH = timedelta(days=7)
Answer = Response | str | tuple[str, int]


def link_address(link: LinkRow) -> str:
    """Return the address that is handed on."""
    return absolute(f"/s/{tokens.make(link.public_id, link.generation)}/", Surface.PUBLIC)


@blueprint.get("/new/")
@signed_in(Permission.LINKS_OWN_MANAGE)
def new_link() -> Answer:
    """Ask for an address; with one, show what would be shared and ask for the conditions."""
    asked = AddressForm(request.args)
    if not request.args.get("url"):
        return render_template("share_links/new_link.html", form=asked)
    facts = _facts_for(asked)
    if facts is None or facts.object is None:
        return render_template("share_links/new_link.html", form=asked, facts=facts), 422
    form = CreateForm(formdata=None, url=asked.url.data)
    ruled = gather.rules_for(facts)
    ends = rules.default_expiry(clock.now(), usual_days=ruled.default_days, maximum_days=ruled.maximum_days)
    form.expires_at.data = local_minute(ends)
    form.offer_powers(facts.object.kind, _fields(facts))
    watermark = ruled.default_watermark or ruled.force_watermark
    form.show_powers(Powers(names=Names(ruled.names), watermark=watermark))
    form.generate.data = ruled.require_gate or ruled.require_password
    return _conditions_page(form, facts)


@blueprint.post("/new/")
@signed_in(Permission.LINKS_OWN_MANAGE)
def create_link() -> Answer:
    """Create a link."""
    form = CreateForm()
    asked = AddressForm(formdata=None, url=form.url.data)
    facts = _facts_for(asked)
    if facts is None or facts.object is None:
        return render_template("share_links/new_link.html", form=asked, facts=facts), 422
    form.offer_powers(facts.object.kind, _fields(facts))
    with reading() as db:
        form.offer(listing.offered_groups(db), sign_in.ways(db))
    if form.validate():
        with errors_onto(form):
            return _create(form, facts)
    return _conditions_page(form, facts)


@blueprint.get("/<public_id>/created/")
@signed_in(Permission.LINKS_OWN_MANAGE)
def created_link(public_id: str) -> Answer:
    """Show the address of a link that was just created."""
    return _created_page(public_id, reveal.take(f"link:{public_id}"))


@blueprint.get("/<public_id>/")
@signed_in()
def show_link(public_id: str) -> Answer:
    """Show one link: its address and conditions, and what happened to it."""
    with reading() as db:
        link = listing.one(db, actor(), public_id)
        past = history.page(db, link, request.args.get("after"), ACTIVITY_SIZE)
        counts = listing.counts(db, link)
        halted = halts.covering(db, link.id)[:1]
        decided = approving.last_note(db, link.id)
        terms = listing.terms(db, link.id, link.terms_version)
        through = next((way.label for way in sign_in.ways(db) if way.name == link.sign_in_through), None)
        openings = tallies.openings_by_day(db, link.id, OPENING_DAYS)
        notices = [
            (notice.at, sentence(notice.code).render(_), notice.scan)
            for notice in history.notices(db, link, clock.now() - FRESH)
        ]
        guests = guest_pages.of_link(db, actor(), link)
    return render_template(
        "share_links/show_link.html",
        link=link,
        address=link_address(link) if rights.may_manage(actor(), link.owner_id) else None,
        manages=rights.may_manage(actor(), link.owner_id),
        is_own=rights.owns(actor(), link.owner_id),
        reproves=link.paused_reason == PauseReason.RESTRICTION_CHANGED,
        why_paused=sentence(link.paused_reason).render(_) if link.paused_reason in _BY_PORTICO else None,
        counts=counts,
        approval_note=decided[1] if decided is not None and not decided[0] else None,
        terms=terms,
        through=through,
        openings=[(format_date(day, "d MMM"), number) for day, number in openings],
        notices=notices,
        guests=guests,
        events=[_translated(one) for one in timeline.of(past.rows)],
        older_url=with_query(after=past.next) if past.next else None,
        halted=halted,
        may_stop=actor().may(Permission.LINKS_ALL_MANAGE),
        labels=STATE_LABELS,
        name_labels=NAME_LABELS,
    )


@blueprint.get("/<public_id>/edit/")
@signed_in()
def edit_link(public_id: str) -> Answer:
    """Show what can be changed."""
    link, form = _editing(public_id, EditForm(formdata=None))
    with reading() as db:
        form.fill(link, listing.terms(db, link.id, link.terms_version))
    return form_page("share_links/edit_link.html", form, link=link, labels=STATE_LABELS)


@blueprint.post("/<public_id>/edit/")
@signed_in()
def change_link(public_id: str) -> Answer:
    """Change a link."""
    link, form = _editing(public_id, EditForm())
    if form.validate():
        with errors_onto(form):
            return _change(link, form)
    return form_page("share_links/edit_link.html", form, link=link, labels=STATE_LABELS)


@blueprint.post("/<public_id>/pause/")
@signed_in()
def pause_link(public_id: str) -> Answer:
    """Pause a link."""
    with transaction() as db:
        service.pause(db, actor(), public_id)
    flash(_("The link is paused. Nobody can open it until you resume it."), "success")
    return _to_link(public_id)


@blueprint.post("/<public_id>/resume/")
@signed_in()
def resume_link(public_id: str) -> Answer:
    """Resume a paused link; the right is proven again where restrictions changed."""
    with reading() as db:
        needed = service.needs_proof(db, actor(), public_id)
    facts = gather.again(actor(), public_id) if needed else None
    with transaction() as db:
        outcome = service.resume(db, actor(), public_id, facts)
    if outcome is None:
        flash(_("The link is active again."), "success")
    else:
        flash(timeline.refusal_sentence(outcome.reason, outcome.site).render(_), "danger")
    return _to_link(public_id)


@blueprint.post("/<public_id>/revoke/")
@signed_in()
def revoke_link(public_id: str) -> Answer:
    """Revoke a link for good."""
    with transaction() as db:
        service.revoke(db, actor(), public_id)
    flash(_("The link is revoked. Nobody can open it any more."), "success")
    return _to_link(public_id)


@blueprint.route("/<public_id>/transfer/", methods=["GET", "POST"])
@signed_in()
def transfer_link(public_id: str) -> Answer:
    """Hand a link on to a colleague."""
    with reading() as db:
        link = listing.one(db, actor(), public_id)
    if not rights.may_manage(actor(), link.owner_id):
        raise Forbidden
    form = TransferForm()
    if request.method == "POST" and form.validate():
        with errors_onto(form):
            facts = transferring.prove(actor(), public_id, form.email.data)
            with transaction() as db:
                refused = transferring.transfer(db, actor(), public_id, facts)
            if refused is not None:
                raise Invalid("email", timeline.colleague_sentence(refused.site))
            flash(_("The link is transferred. Its address and its conditions stay."), "success")
            own = rights.may_see(actor(), facts.person_id or 0)
            return _to_link(public_id) if own else redirect(url_for("share_links.list_links"), code=303)
    return form_page("share_links/transfer_link.html", form, link=link)


@blueprint.post("/<public_id>/new-address/")
@signed_in()
def new_address(public_id: str) -> Answer:
    """Give a link a new address."""
    with transaction() as db:
        service.new_address(db, actor(), public_id)
    flash(_("The link has a new address. Hand it on again: the old one no longer works."), "success")
    return _to_link(public_id)


def _translated(entry: TimelineEntry) -> dict[str, Any]:
    detail = entry.detail.render(_) if entry.detail else None
    return {"at": entry.at, "title": entry.title.render(_), "detail": detail, "tone": entry.tone}


def _facts_for(form: AddressForm) -> ShareFacts | None:
    """Find out what the address names; None where the form says what is wrong with it. A refusal is recorded."""
    if not form.validate():
        return None
    try:
        facts = gather.share(actor(), form.url.data or "")
    except Invalid as error:
        form.url.errors = [error.sentence.render(_)]
        return None
    if facts.refusal is not None:
        with transaction() as db:
            service.note_refusal(db, actor(), facts)
    return facts


def _fields(facts: ShareFacts) -> Sequence[FieldChoice] | None:
    found = facts.object
    return outlook.fields(facts.site, found.kind, found.object_id) if found is not None else None


def _conditions_page(form: CreateForm, facts: ShareFacts, found: outlook.Outlook | None = None) -> Answer:
    assert facts.object is not None
    asks_again, ruled = found is not None, gather.rules_for(facts)
    mode = mode_of(ruled)
    with reading() as db:
        form.offer(listing.offered_groups(db), sign_in.ways(db))
        already = listing.shared_already(db, facts.site.id, facts.object.object_id)
    found = found or outlook.left_out(facts.site, facts.object, form.powers(), ruled)
    form.seen.data = found.scan.digest
    page, status = form_page(
        "share_links/create_link.html",
        form,
        facts=facts,
        found=facts.object,
        outlook=found,
        besides=outlook.besides(facts.site, facts.object, form.powers()),
        check_mode=mode.value,
        asks_again=asks_again,
        # The least that a link shows is refused already: no conditions help.
        shut=request.method == "GET" and mode is CheckMode.REFUSE and not found.scan.clean,
        already=already,
        rules=ruled,
    )
    return page, 422 if asks_again else status


def _create(form: CreateForm, facts: ShareFacts) -> Answer:
    assert facts.object is not None
    ruled = gather.rules_for(facts)
    found = outlook.left_out(facts.site, facts.object, form.powers(), ruled)
    if not found.scan.clean and form.seen.data != found.scan.digest and _decides(ruled):
        # What was chosen shows more than the page knew when it asked: whoever creates the link sees it first.
        return _conditions_page(form, facts, found)
    password = gather.new_password(form.password.data, generate=form.generate.data, rules=ruled)
    wanted = Conditions(
        name=form.name.data or None,
        expires_at=form.expires_at.instant(),
        password=password,
        powers=form.powers(),
        **form.conditions(),
    )
    sent = 0
    with transaction() as db:
        outcome = service.create(db, actor(), facts, wanted, found.scan)
        if isinstance(outcome, service.Created):
            sent = invitations.invite(db, actor(), outcome.public_id, form.invite.entries(), form.words.data or "")
    if isinstance(outcome, service.NotShared):
        put_error(form, Invalid("url", timeline.refusal_sentence(outcome.reason, outcome.site)))
        return _conditions_page(form, facts, found)
    if sent:
        guest_pages.say_sent(sent)
    if found.draft.later or found.draft.unsure:
        flash(_("Not all child pages and comments were looked through: the rest is when it is shown."), "info")
    return _shown_once(outcome.public_id, password, url_for("share_links.created_link", public_id=outcome.public_id))


def _decides(ruled: Rules) -> bool:
    """Tell whether a creator decides about what was found: where links are refused for it, there is nothing to decide."""
    return mode_of(ruled) in (CheckMode.WARN, CheckMode.APPROVE)


def _editing(public_id: str, form: EditForm) -> tuple[LinkRow, EditForm]:
    with reading() as db:
        link = listing.one(db, actor(), public_id)
        form.offer(listing.offered_groups(db), sign_in.ways(db), link)
        site = clients.site(db, link.connection_id)
    if not rights.may_manage(actor(), link.owner_id):
        raise Forbidden
    kind = ObjectKind(link.kind)
    known = outlook.fields(site, kind, link.object_id) if site is not None and not site.disabled else None
    form.offer_powers(kind, known, link.powers)
    return link, form


def _change(link: LinkRow, form: EditForm) -> Answer:
    changes = form.changes(link)
    ruled = gather.rules_of(link.public_id)
    password = gather.new_password(form.password.data, generate=form.generate.data, rules=ruled)
    if password is not None and form.remove_password.data:
        put_error(form, Invalid("remove_password", rules.ONE_OR_THE_OTHER))
        return form_page("share_links/edit_link.html", form, link=link, labels=STATE_LABELS)
    wanted = password or (None if form.remove_password.data else UNCHANGED)
    changes = replace(changes, password=wanted)
    with transaction() as db:
        service.change(db, actor(), link.public_id, changes, seen=form.seen)
    flash(_("The changes are in force."), "success")
    return _shown_once(link.public_id, password, url_for("share_links.show_link", public_id=link.public_id))


def _shown_once(public_id: str, password: NewPassword | None, otherwise: str) -> Answer:
    if password is not None and password.generated is not None:
        reveal.keep(f"link:{public_id}", password.generated)
        otherwise = url_for("share_links.created_link", public_id=public_id)
    return redirect(otherwise, code=303)


def _created_page(public_id: str, password: str | None) -> Answer:
    with reading() as db:
        link = listing.one(db, actor(), public_id)
    if not rights.may_manage(actor(), link.owner_id):
        raise Forbidden
    values: dict[str, Any] = {"link": link, "address": link_address(link), "password": password}
    return render_template("share_links/created_link.html", **values)


def _to_link(public_id: str) -> Answer:
    return redirect(url_for("share_links.show_link", public_id=public_id), code=303)
