"""What is asked of Atlassian, or hashed, before a link is made or resumed; no transaction is open here.

The right comes first: only when it is proven is the object read with the reading credential, so that nobody learns a
title, or that a page exists, by asking for a link to it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from app.core import clock, db
from app.core.accounts.actor import Actor
from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.connections.models import Connection
from app.core.crypto import passwords
from app.core.errors import Conflict, Invalid, NotFound, Unavailable
from app.core.text import Text
from app.features.share_links import objects, proof, rights
from app.features.share_links.conditions import NewPassword, check_password, generate_password
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.objects import ObjectFacts, ObjectKind
from app.features.share_links.proof import Proof, RefusedToShare
from app.features.share_links.rules import ruling
from app.features.share_links.rules.rulebook import Rules
from app.integrations.atlassian import addresses
from app.integrations.atlassian.addresses import Address, AddressError, Kind
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.types import Product


@dataclass(frozen=True)
class ShareFacts:
    """What was found out about an address at `read_at`, for one person."""

    site: Site
    #: Names the object for the audit trail by ids only, such as `confluence:100101`.
    reference: str
    read_at: datetime
    #: Who the right was proven for.
    person_id: int | None
    #: None where the right was not proven: then nothing was read.
    object: ObjectFacts | None = None
    proof: Proof | None = None
    refusal: RefusedToShare | None = None


def share(actor: Actor, url: str) -> ShareFacts:
    """Find out what an address names and whether the actor may share it.

    Raises Invalid for `url` with what to paste instead, Unavailable while Atlassian does not answer.
    """
    with db.reading() as session:
        known = clients.data_center_sites(session)
    try:
        address = addresses.parse(url, known)
    except AddressError as error:
        raise Invalid("url", Text(str(error)), code=error.problem.value) from error
    if address.kind is Kind.SHORT:
        page_id = addresses.page_id_of(address.id_or_key)
        address = replace(address, kind=Kind.PAGE, id_or_key=page_id or "0")
    return _prove_and_read(actor, _site_for(address), address)


def again(actor: Actor, public_id: str) -> ShareFacts | None:
    """Prove the right to the object of a link once more; None where the link is not the actor's own.

    Raises NotFound where the actor may not know the link, Unavailable while Atlassian does not answer.
    """
    if not rights.could_be_id(public_id):
        raise NotFound
    with db.reading() as session:
        row = session.execute(
            select(ShareLink.created_by_id, SharedObject.kind, SharedObject.object_id, SharedObject.connection_id)
            .join(SharedObject, SharedObject.id == ShareLink.shared_object_id)
            .where(ShareLink.public_id == public_id)
        ).one_or_none()
        site = clients.site(session, row.connection_id) if row else None
    if row is None or site is None or not rights.may_see(actor, row.created_by_id):
        raise NotFound
    if not rights.owns(actor, row.created_by_id):
        return None
    if site.disabled:
        raise Conflict(_switched_off(site))
    kind = Kind.PAGE if row.kind == ObjectKind.PAGE else Kind.ISSUE
    return _prove_and_read(actor, site, Address(site.place, site.product, kind, row.object_id, ""))


def rules_for(facts: ShareFacts) -> Rules:
    """Return the rules for a link to what was found."""
    with db.reading() as session:
        return ruling.rules_at(session, facts.site.id, facts.object.container if facts.object else None)


def rules_of(public_id: str) -> Rules | None:
    """Return the rules for a link, or None where there is no such link."""
    if not rights.could_be_id(public_id):
        return None
    with db.reading() as session:
        link = session.scalars(select(ShareLink).where(ShareLink.public_id == public_id)).one_or_none()
        return ruling.rules_of(session, link) if link is not None else None


def for_colleague(public_id: str, to: Actor) -> ShareFacts:
    """Prove that somebody else may see what a link shows, and read it. Raises NotFound, Conflict, Unavailable."""
    with db.reading() as session:
        row = session.execute(
            select(SharedObject.kind, SharedObject.object_id, SharedObject.connection_id)
            .join(ShareLink, ShareLink.shared_object_id == SharedObject.id)
            .where(ShareLink.public_id == public_id)
        ).one_or_none()
        site = clients.site(session, row.connection_id) if row else None
    if row is None or site is None:
        raise NotFound
    if site.disabled:
        raise Conflict(_switched_off(site))
    kind = Kind.PAGE if row.kind == ObjectKind.PAGE else Kind.ISSUE
    return _prove_and_read(to, site, Address(site.place, site.product, kind, row.object_id, ""))


def new_password(entered: str | None, *, generate: bool, rules: Rules | None = None) -> NewPassword | None:
    """Hash the password that was entered, or one made here; None where neither is wanted. Raises Invalid."""
    if generate:
        if entered:
            raise Invalid("password", Text("Enter a password or have one generated, not both."))
        made = generate_password()
        return NewPassword(passwords.hash_password(made), made)
    if not entered:
        return None
    check_password(entered, rules)
    return NewPassword(passwords.hash_password(entered))


def _site_for(address: Address) -> Site:
    with db.reading() as session:
        rows = session.scalars(
            select(Connection)
            .where(
                Connection.site_host == address.place.host,
                Connection.site_path == address.place.path,
                Connection.product == address.product.value,
            )
            .order_by(Connection.id)
        )
        sites = [clients.site_of(row) for row in rows]
    if not sites:
        raise Invalid(
            "url",
            Text(
                "There is no connection to %(product)s at %(host)s. Ask an administrator to add one.",
                product="Confluence" if address.product is Product.CONFLUENCE else "Jira",
                host=address.place.host,
            ),
            code="no_connection",
        )
    for site in sites:
        if not site.disabled:
            return site
    raise Invalid("url", _switched_off(sites[0]), code="connection_off")


def _switched_off(site: Site) -> Text:
    return Text("The connection %(name)s is switched off. Ask an administrator about it.", name=site.name)


def _prove_and_read(actor: Actor, site: Site, address: Address) -> ShareFacts:
    read_at = clock.now()
    # A title is nothing for the audit trail; once the page is known, its id stands there.
    named = "by-title" if address.kind is Kind.TITLE else address.id_or_key
    facts = ShareFacts(site, f"{site.product}:{named}", read_at, actor.person_id)
    outcome = proof.prove(actor, site, address)
    if isinstance(outcome, RefusedToShare):
        return replace(facts, refusal=outcome)
    if address.kind is Kind.TITLE and outcome.object_id is not None:
        address = replace(address, kind=Kind.PAGE, id_or_key=outcome.object_id)
    found = _read(site, address)
    if outcome.object_id is not None and outcome.object_id != found.object_id:
        # A key that was moved between the two questions: what was proven is not what was read.
        return replace(facts, refusal=RefusedToShare.NOT_VISIBLE)
    facts = replace(facts, reference=f"{site.product}:{found.object_id}")
    with db.reading() as session:
        rules = ruling.rules_at(session, site.id, found.container)
        may_share = ruling.may_share(session, actor, rules)
    if found.restriction_digest and not rules.share_restricted:
        return replace(facts, refusal=RefusedToShare.RESTRICTED)
    if not may_share:
        return replace(facts, refusal=RefusedToShare.NOT_A_SHARER)
    return replace(facts, object=found, proof=outcome.proof)


def _read(site: Site, address: Address) -> ObjectFacts:
    """Describe the object with the reading credential; whoever asks has proven to see it."""
    try:
        found = objects.describe(site, address)
    except AtlassianError as error:
        if error.is_down:
            clients.note_error(site, error)
            raise Unavailable(site.name) from error
        raise Invalid(
            "url",
            Text(
                "The account that %(name)s reads with cannot see this. Give it access in Atlassian, then try again.",
                name=site.name,
            ),
            code="not_readable",
        ) from error
    clients.note_success(site)
    if found.status != objects.CURRENT:
        raise Invalid(
            "url",
            Text(
                "This page is not published: Confluence says %(status)s. Restore or publish it first.",
                status=found.status,
            ),
            code="not_current",
        )
    return found
