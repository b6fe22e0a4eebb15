"""What has to be compared, hashed or asked of Atlassian before a transaction opens."""

from dataclasses import dataclass, field
from datetime import datetime

from app.core import clock, db, ratelimit
from app.core.accounts import own, queries
from app.core.accounts.actor import Actor
from app.core.accounts.service import checked_email
from app.core.connections import clients
from app.core.connections import queries as connections
from app.core.connections.clients import Site
from app.core.crypto import passwords
from app.core.errors import Invalid, NotFound, TooMany, Unavailable
from app.core.ratelimit import Limit
from app.core.text import Text
from app.integrations.atlassian.errors import AtlassianError, HostRefused, NotAuthorised
from app.integrations.atlassian.errors import Forbidden as AtlassianForbidden
from app.integrations.atlassian.types import Account, Deployment

#: Tries of the old password by somebody at an unlocked desk.
PER_PERSON = Limit("password-change", 5, 300)
#: Tokens tried at Atlassian by one person.
CONNECTING = Limit("connect-account", 10, 600)


@dataclass(frozen=True)
class PasswordChange:
    """What was compared and hashed: whether the old password is right, and the new one's hash if it is."""

    matches: bool
    replacing: str | None = field(repr=False)
    hashed: str | None = field(repr=False)
    #: Seconds to wait where the limit was reached; nothing was compared.
    retry_after: int | None = None


@dataclass(frozen=True)
class OwnAccount:
    """What Atlassian said about a token: whose it is."""

    site: Site
    account: Account
    email: str | None
    token: str = field(repr=False)
    read_at: datetime


def password_change(actor: Actor, old: str, new: str) -> PasswordChange:
    """Count the try, compare the old password, then hash the new one. Raises Invalid for a weak new one."""
    with db.transaction() as session:
        taken = ratelimit.take(session, (PER_PERSON, str(actor.person_id)))
    with db.reading() as session:
        stored = own.person_of(session, actor).password_hash
    if not taken.allowed:
        return PasswordChange(False, stored, None, taken.retry_after)
    if not passwords.verify_password(old[: passwords.MAXIMUM_LENGTH], stored):
        return PasswordChange(False, stored, None)
    problem = passwords.problem_with(new, user_inputs=(actor.name, actor.email or ""))
    if problem is not None:
        raise Invalid("new_password", problem)
    if old == new:
        raise Invalid("new_password", Text("This is the password you have. Choose another one."))
    return PasswordChange(True, stored, passwords.hash_password(new))


def new_password(secret: str, new: str) -> str | None:
    """Check and hash the password that a one-time link sets; None where the link does not work any more.

    Nothing is hashed for a link that does not work: strangers cannot keep the cores busy.
    """
    with db.reading() as session:
        person = queries.person_of_one_time_link(session, secret)
    if person is None:
        return None
    problem = passwords.problem_with(new, user_inputs=(person.display_name, person.email))
    if problem is not None:
        raise Invalid("new_password", problem)
    return passwords.hash_password(new)


def own_account(actor: Actor, connection_id: str, email: str | None, token: str) -> OwnAccount:
    """Ask Atlassian whose token this is; on Data Center it goes without an address. Raises NotFound, Invalid, TooMany, Unavailable."""
    with db.reading() as session:
        site = connections.site(session, connection_id)
    if site is None or site.disabled:
        raise NotFound
    with db.transaction() as session:
        taken = ratelimit.take(session, (CONNECTING, str(actor.person_id)))
    if not taken.allowed:
        raise TooMany(Text("Too many tokens were tried. Wait a moment."), retry_after=taken.retry_after)
    on_cloud = site.deployment is Deployment.CLOUD
    email = checked_email(email or "") if on_cloud else None
    account = _myself(site, email, token)
    if not account.active:
        raise Invalid("token", Text("Atlassian says that this account is deactivated."))
    return OwnAccount(site, account, email, token, clock.now())


def _myself(site: Site, email: str | None, token: str) -> Account:
    try:
        client = clients.with_token(site, email, token)
    except HostRefused as error:
        raise Unavailable(site.name, Text("%(problem)s Tell an administrator.", problem=str(error))) from error
    except ValueError as error:
        raise Invalid("token", Text("Enter the token as Atlassian showed it.")) from error
    try:
        return client.myself()
    except (NotAuthorised, AtlassianForbidden) as error:
        if email is None:
            sentence = Text("%(site)s did not accept this token. Make a new one.", site=site.site_host)
        else:
            sentence = Text("%(site)s did not accept this address with this token. Check both.", site=site.site_host)
        raise Invalid("token", sentence) from error
    except AtlassianError as error:
        raise Unavailable(site.name) from error
    finally:
        client.close()
