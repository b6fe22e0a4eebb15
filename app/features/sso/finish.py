"""The browser comes for what its answer said: the binding is compared, and only then somebody is signed in."""

import hmac
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import queries, sessions, sign_in
from app.core.accounts.models import Person
from app.core.accounts.sign_in import SignedIn
from app.features.sso import attempts, begin, identity, outstanding
from app.features.sso.configuration import Connection
from app.features.sso.models import Purpose, SsoConnection
from app.features.sso.outstanding import Asked
from app.features.sso.refusals import Refusal
from app.features.sso.verified import Refused, Verified

#: Methods of a session: which connection signed somebody in, and whether it saw a second factor.
METHOD = sign_in.THROUGH
SECOND_FACTOR = "sso_second_factor"


@dataclass(frozen=True)
class Browser:
    """The browser that comes: its id as a digest, and the session that it had."""

    digest: str | None
    session_id: int | None = None


@dataclass(frozen=True)
class Finished:
    """Somebody is signed in and goes on to the path they wanted."""

    signed_in: SignedIn
    next_path: str
    connection_public_id: str


@dataclass(frozen=True)
class Tested:
    """An administrator's test sign-in came back; its page has this reference."""

    connection_public_id: str
    reference: str


Ending = Finished | Tested | Refused


def collect(session: Session, handle: str, browser: Browser) -> Ending | None:
    """Finish what waits under a one-time handle; None where nothing waits there any more."""
    found = outstanding.collect(session, handle)
    if found is None:
        return None
    connection = begin.by_id(session, found.connection_id)
    return finish(session, connection, found.request, found.verified, browser)


def finish(
    session: Session, connection: Connection, request: Asked | None, verified: Verified, browser: Browser
) -> Ending:
    """Sign somebody in by a verified answer, or record why not."""
    # First sign-ins of one person that come at once: the second sees whom the first made.
    session.execute(select(SsoConnection.id).where(SsoConnection.id == connection.id).with_for_update())
    purpose = request.purpose if request else Purpose.SIGN_IN
    refused = Refused(Refusal.OTHER_BROWSER, verified.checks, verified.received, provider_at=verified.provider_at)
    if request is not None and not bound(request, browser):
        return _refuse(session, connection, purpose, refused)
    if purpose is Purpose.TEST and request is not None:
        return _tested(session, connection, request, verified)
    if not connection.enabled:
        return _refuse(session, connection, purpose, replace(refused, reason=Refusal.CONNECTION_OFF))
    again = purpose is Purpose.REAUTH and request is not None
    # Before anything is written about them: somebody else at the provider must not become anybody here.
    if again and request and identity.owner(session, connection, verified.received.subject) != request.person_id:
        return _refuse(session, connection, purpose, replace(refused, reason=Refusal.OTHER_PERSON))
    person = identity.settle(session, connection, verified)
    if isinstance(person, Refused):
        return _refuse(session, connection, purpose, person)
    attempts.record_accepted(session, connection, purpose, verified, person.id)
    if browser.session_id is not None:
        # Its cookie is overwritten, so it must not live on.
        sessions.end(session, browser.session_id)
    signed_in = _begin(session, connection, person, verified, browser)
    return Finished(signed_in, request.next_path if request else "/", connection.public_id)


def bound(request: Asked, browser: Browser) -> bool:
    """Tell whether this is the browser that asked."""
    return browser.digest is not None and hmac.compare_digest(request.browser_digest, browser.digest)


def _begin(session: Session, connection: Connection, person: Person, verified: Verified, browser: Browser) -> SignedIn:
    now = clock.now()
    # A clock ahead of ours would make a proof from the future.
    methods = {f"{METHOD}{connection.public_id}": min(verified.authenticated_at, now)}
    if set(verified.received.contexts) & set(connection.identity.second_factor_values):
        methods[SECOND_FACTOR] = min(verified.authenticated_at, now)
    return sign_in.begin(session, person, methods, browser.digest, ends_at_most=verified.session_ends_at)


def _tested(session: Session, connection: Connection, request: Asked, verified: Verified) -> Tested:
    person_id = identity.owner(session, connection, verified.received.subject)
    attempts.record_accepted(session, connection, Purpose.TEST, verified, person_id)
    tester = session.get(Person, request.person_id) if request.person_id is not None else None
    actor = queries.actor_for(session, tester) if tester else None
    attempts.record_test(session, connection, actor, passed=True)
    return Tested(connection.public_id, attempts.reference())


def _refuse(session: Session, connection: Connection, purpose: Purpose, refused: Refused) -> Refused:
    attempts.record_refused(session, connection, purpose, refused)
    return refused
