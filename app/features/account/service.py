"""What people do about themselves, as far as core does not say it already."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import api_tokens, own, sessions, sign_in
from app.core.accounts import service as accounts
from app.core.accounts.actor import Actor
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.connections import accounts as atlassian_accounts
from app.core.connections import queries as connections
from app.core.errors import Conflict, NotFound
from app.core.text import Text
from app.features.account.gather import OwnAccount, PasswordChange

#: Facts from outside are believed this long.
FRESH = timedelta(seconds=60)


class PasswordRefusal(StrEnum):
    """Why a password was not changed."""

    WRONG = "wrong old password"
    LIMITED = "limited"


@dataclass(frozen=True)
class PasswordChanged:
    """The password is another one now, this many other sessions ended, and the session that goes on has a new secret."""

    sessions_ended: int
    secret: str | None


def begin_session(
    session: Session,
    attempt: sign_in.Attempt,
    browser_digest: str | None,
    replaces: int | None,
    *,
    in_emergency: bool = False,
) -> sign_in.SignedIn | sign_in.Refused:
    """Sign in; a session that this browser had before ends, since its cookie is overwritten."""
    outcome = sign_in.sign_in(session, attempt, browser_digest, in_emergency=in_emergency)
    if isinstance(outcome, sign_in.SignedIn) and replaces is not None:
        sessions.end(session, replaces)
    return outcome


def change_password(session: Session, actor: Actor, facts: PasswordChange) -> PasswordChanged | PasswordRefusal:
    """Change the actor's password, or record that the old one was wrong."""
    if facts.hashed is None:
        refusal = PasswordRefusal.LIMITED if facts.retry_after is not None else PasswordRefusal.WRONG
        trail.record(
            session,
            CoreEvent.SIGN_IN_FAILED,
            subject=("person", actor.public_id or ""),
            actor=actor,
            reason=f"password change: {refusal.value}",
        )
        return refusal
    ended = own.change_password(session, actor, facts.hashed, replacing=facts.replacing)
    # Whoever changes a password because somebody else got in wants a copy of this very cookie to be dead, too.
    return PasswordChanged(ended, sessions.renew(session, actor.session_id) if actor.session_id is not None else None)


def set_password(session: Session, secret: str, hashed: str | None) -> bool:
    """Set a password through a one-time link; False where it does not work any more."""
    return hashed is not None and accounts.use_one_time_link(session, secret, hashed) is not None


def create_api_token(session: Session, actor: Actor, *, name: str, scopes: list[str], days: int) -> str:
    """Make an API token for the actor and return its secret, this once. Raises Invalid."""
    secret, _ = api_tokens.create(session, actor, own.person_of(session, actor), name=name, scopes=scopes, days=days)
    return secret


def connect_account(session: Session, actor: Actor, facts: OwnAccount) -> None:
    """Keep the account that a token was proven for. Raises Conflict where the facts are old or the site changed."""
    if clock.now() - facts.read_at > FRESH:
        raise Conflict(Text("That took too long. Try again."))
    atlassian_accounts.connect(session, actor, facts.site, facts.account, email=facts.email, token=facts.token)


def disconnect_account(session: Session, actor: Actor, connection_id: str) -> None:
    """Forget the actor's account on a connection. Raises NotFound, and Forbidden for one an administrator assigned."""
    row = connections.by_public_id(session, connection_id)
    if row is None:
        raise NotFound
    atlassian_accounts.disconnect(session, actor, own.person_of(session, actor), row)
