"""What administrators' pages ask of Atlassian, before any transaction."""

from dataclasses import dataclass
from datetime import datetime

from app.core import clock, db
from app.core.connections import accounts, clients
from app.core.connections import queries as connections
from app.core.connections.clients import Site
from app.core.connections.service import TestResult
from app.core.errors import Invalid, NotFound
from app.core.text import Text
from app.integrations.atlassian.errors import AtlassianError
from app.integrations.atlassian.errors import NotFound as UnknownToAtlassian
from app.integrations.atlassian.interfaces import ConfluenceReader, JiraReader
from app.integrations.atlassian.types import Ability, Account, Capability, Deployment, Product

Reader = ConfluenceReader | JiraReader


@dataclass(frozen=True)
class AccountFacts:
    """An Atlassian account as the site describes it; `verified` is False where the site could not be asked."""

    site: Site
    account: Account
    verified: bool
    read_at: datetime


def tested_connection(public_id: str) -> TestResult:
    """Try what each credential of a connection may do. Raises NotFound."""
    site = _site(public_id)
    of_confluence = site.product is Product.CONFLUENCE
    checking: Reader | None = clients.checking_confluence(site) if of_confluence else clients.checking_jira(site)
    return TestResult(_tried(_reader(site)), _tried(checking) if checking is not None else None)


def looked_up_account(connection_id: str, account_id: str) -> AccountFacts:
    """Ask the site whose account this is, with the reading credential. Raises NotFound, Invalid.

    Where a Cloud site cannot be asked, or the credential may not look people up, the id is taken as it was entered. On Data Center a
    username is entered and a key is kept, which only the site can say.
    """
    site = _site(connection_id)
    account_id = accounts.checked_account_id(account_id, site.deployment)
    on_cloud = site.deployment is Deployment.CLOUD
    if not on_cloud and site.product is Product.CONFLUENCE:
        sentence = Text("Confluence Data Center does not say what others may see: people connect their own accounts.")
        raise Invalid("account_id", sentence)
    try:
        account = _reader(site).find_account(account_id)
    except UnknownToAtlassian as error:
        sentence = Text("%(site)s knows no account with this id.", site=site.site_host)
        raise Invalid("account_id", sentence) from error
    except AtlassianError as error:
        if not on_cloud:
            sentence = Text("%(site)s could not be asked whose username this is. Test the connection.", site=site.name)
            raise Invalid("account_id", sentence) from error
        return AccountFacts(site, Account(account_id, "", None, active=True), verified=False, read_at=clock.now())
    if (on_cloud and account.account_id != account_id) or not account.active:
        raise Invalid("account_id", Text("%(site)s says that this account is not in use.", site=site.site_host))
    return AccountFacts(site, account, verified=True, read_at=clock.now())


def _site(public_id: str) -> Site:
    with db.reading() as session:
        site = connections.site(session, public_id)
    if site is None:
        raise NotFound
    return site


def _reader(site: Site) -> Reader:
    return clients.confluence(site) if site.product is Product.CONFLUENCE else clients.jira(site)


def _tried(client: Reader) -> list[Capability]:
    try:
        return client.probe()
    except AtlassianError as error:
        return [Capability(Ability.SIGN_IN, allowed=False, detail=error.message)]
