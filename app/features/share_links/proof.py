"""Proving that a person may see a page or an issue, before a link to it is made in their name.

The order: their own token reads it; for an issue Jira says whether the account an administrator assigned may view it;
for a page the checking credential asks Confluence the same. Nobody is believed who only says so. An object that does
not exist and one that the person may not see get the same answer, so that guessing identifiers tells nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from app.core import db
from app.core.accounts.actor import Actor
from app.core.connections import clients
from app.core.connections.clients import Site
from app.core.connections.models import AccountSource, AtlassianAccount, CredentialRole
from app.core.errors import Unavailable
from app.integrations.atlassian.addresses import Address, Kind
from app.integrations.atlassian.errors import AtlassianError, Forbidden, Gone, NotAuthorised, NotFound
from app.integrations.atlassian.interfaces import ConfluenceReader
from app.integrations.atlassian.types import Product

#: The status that a page has to have for its token holder to be said to read it.
_CURRENT = "current"


class Proof(StrEnum):
    """How the right was proven."""

    OWN_TOKEN = "own_token"  # noqa: S105 - names a proof
    ISSUE_SEARCH = "issue_search"
    PERMISSION_CHECK = "permission_check"


class RefusedToShare(StrEnum):
    """Why no link is made; recorded with the refusal."""

    #: Nothing is there to prove the right with.
    NOT_CONNECTED = "not_connected"
    #: Atlassian does not show the object to the person, or it does not exist.
    NOT_VISIBLE = "not_visible"
    #: Atlassian no longer takes the person's own token.
    TOKEN_REJECTED = "token_rejected"  # noqa: S105 - names a reason
    #: The page has view restrictions, and a setting forbids sharing those.
    RESTRICTED = "restricted"
    #: The page has the label that says so.
    NO_SHARE_LABEL = "no_share_label"
    #: The rules of this space or project let others share.
    NOT_A_SHARER = "not_a_sharer"
    #: The content check found what the rules refuse.
    CONTENT = "content"


@dataclass(frozen=True)
class Proven:
    """The right is proven; `object_id` is the object it was proven for, where that is known by Atlassian's id."""

    proof: Proof
    object_id: str | None = None


@dataclass(frozen=True)
class _Account:
    account_id: str
    source: AccountSource
    email: str | None
    token: str | None


def prove(actor: Actor, site: Site, address: Address) -> Proven | RefusedToShare:
    """Prove that the actor may see what the address names, or say why not. Raises Unavailable while Atlassian is down."""
    account = _account(actor, site)
    if account is None:
        return RefusedToShare.NOT_CONNECTED
    try:
        if account.token is not None:
            return _by_reading(site, account.email, account.token, address)
        if account.source is not AccountSource.ADMINISTRATOR:
            return RefusedToShare.NOT_CONNECTED
        return _by_asking(site, account.account_id, address)
    except AtlassianError as error:
        if error.is_down:
            clients.note_error(site, error, _asked_with(site))
            raise Unavailable(site.name) from error
        return RefusedToShare.NOT_VISIBLE


def prove_again(actor: Actor, site: Site, address: Address) -> Proven | RefusedToShare | None:
    """Prove a right anew that was proven before; None where nobody can be asked. Raises Unavailable while Atlassian is down.

    Only Atlassian's own no is one. No account, or nobody who may ask about it, says nothing. A token that is no longer taken
    does, unless the account behind it is said to see the object: accounts that were closed are known by it.
    """
    account = _account(actor, site)
    if account is None:
        return None
    rejected = None
    try:
        if account.token is not None:
            own = _by_reading(site, account.email, account.token, address)
            if own is not RefusedToShare.TOKEN_REJECTED:
                return own
            rejected = own
        asked = _by_asking(site, account.account_id, address)
    except AtlassianError as error:
        if error.is_down:
            clients.note_error(site, error, _asked_with(site))
            raise Unavailable(site.name) from error
        by_own_token = account.token is not None and isinstance(error, Forbidden | NotFound | Gone)
        return rejected or (RefusedToShare.NOT_VISIBLE if by_own_token else None)
    if isinstance(asked, Proven) or (rejected is None and asked is not RefusedToShare.NOT_CONNECTED):
        return asked
    return rejected


def _account(actor: Actor, site: Site) -> _Account | None:
    with db.reading() as session:
        row = session.scalars(
            select(AtlassianAccount).where(
                AtlassianAccount.person_id == actor.person_id, AtlassianAccount.connection_id == site.id
            )
        ).one_or_none()
    return _Account(row.account_id, AccountSource(row.source), row.email, row.token) if row else None


def _by_reading(site: Site, email: str | None, token: str, address: Address) -> Proven | RefusedToShare:
    try:
        found = (_page_read if site.product is Product.CONFLUENCE else _issue_read)(site, email, token, address)
    except NotAuthorised:
        return RefusedToShare.TOKEN_REJECTED
    return Proven(Proof.OWN_TOKEN, found) if found is not None else RefusedToShare.NOT_VISIBLE


def _page_read(site: Site, email: str | None, token: str, address: Address) -> str | None:
    client = clients.own_confluence(site, email, token)
    try:
        page = client.page(_page_id(client, address), with_body=False)
    finally:
        client.close()
    return page.id if page.status == _CURRENT else None


def _issue_read(site: Site, email: str | None, token: str, address: Address) -> str | None:
    client = clients.own_jira(site, email, token)
    try:
        return client.issue(address.id_or_key, ()).id
    finally:
        client.close()


def _page_id(client: ConfluenceReader, address: Address) -> str:
    # Whoever may not see the page must not learn by its title that it exists: their own credential looks it up.
    if address.kind is Kind.TITLE:
        return client.find_page(address.id_or_key, address.title or "")
    return address.id_or_key


def _by_asking(site: Site, account_id: str, address: Address) -> Proven | RefusedToShare:
    if site.product is Product.JIRA:
        asking = clients.checking_jira(site) or clients.jira(site)
        visible = asking.may_view(address.id_or_key, account_id)
        return Proven(Proof.ISSUE_SEARCH) if visible else RefusedToShare.NOT_VISIBLE
    checking = clients.checking_confluence(site)
    if checking is None:
        return RefusedToShare.NOT_CONNECTED
    page_id = _page_id(checking, address)
    visible = checking.may_view(page_id, account_id)
    return Proven(Proof.PERMISSION_CHECK, page_id) if visible else RefusedToShare.NOT_VISIBLE


def _asked_with(site: Site) -> CredentialRole:
    own = clients.checking_jira(site) if site.product is Product.JIRA else clients.checking_confluence(site)
    return CredentialRole.CHECKING if own is not None else CredentialRole.READING
