"""A SAML response arrives: it is read and kept for its browser. No cookie is looked at, for a cross-site post carries none."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from app.core import clock
from app.features.sso import attempts, outstanding, parties
from app.features.sso.configuration import Connection, SamlSettings
from app.features.sso.models import Purpose
from app.features.sso.outstanding import Asked, AskedByConnection
from app.features.sso.received import CheckLine, Received, ReceivedAttribute, lines
from app.features.sso.refusals import Refusal
from app.features.sso.verified import Refused, Verified, subject_of
from app.protocols.saml import responses
from app.protocols.saml.types import Assertion, Check, Outcome


@dataclass(frozen=True)
class Deposited:
    """The answer is believed so far; its browser comes for it with this handle."""

    handle: str


def read(connection: Connection, base_url: str, encoded: str) -> Outcome:
    """Read a posted response, with no transaction open."""
    settings = _settings(connection)
    return responses.read(
        parties.identity_provider(settings),
        parties.service_provider(connection, base_url=base_url),
        parties.demands(settings),
        encoded,
        outstanding=AskedByConnection(connection.id),
        now=clock.now(),
    )


def accept(session: Session, connection: Connection, outcome: Outcome) -> Deposited | Refused:
    """Use up the request and the assertion, and keep what was said; or record why not."""
    assertion = outcome.assertion
    if assertion is None:
        refused = _refused(outcome)
    else:
        request = _request(session, connection, assertion)
        stale = assertion.in_response_to is not None and (request is None or not outstanding.use(session, request))
        seen = not outstanding.see(session, connection.id, assertion.assertion_id, assertion.not_on_or_after)
        if not stale and not seen:
            closed, old = _closed(connection, request), _old_proof(connection, request, assertion)
            if closed is None and old is None:
                verified = _verified(connection, assertion, outcome)
                return Deposited(outstanding.deposit(session, connection.id, request, verified))
            refused = Refused(closed or Refusal.CHECK_FAILED, lines(outcome.checks) + ((old,) if old else ()))
        else:
            refused = Refused(Refusal.REPLAYED, lines(outcome.checks))
    attempts.record_refused(session, connection, Purpose.SIGN_IN, refused)
    return refused


def _settings(connection: Connection) -> SamlSettings:
    if not isinstance(connection.settings, SamlSettings):
        raise TypeError("a SAML connection has SAML settings")
    return connection.settings


def _request(session: Session, connection: Connection, assertion: Assertion) -> Asked | None:
    if assertion.in_response_to is None:
        return None
    return outstanding.asked(session, connection.id, assertion.in_response_to)


def _closed(connection: Connection, request: Asked | None) -> Refusal | None:
    """Return why an answer through a connection that is off does not count; a test sign-in's does."""
    tested = request is not None and request.purpose is Purpose.TEST
    return None if connection.enabled or tested else Refusal.CONNECTION_OFF


def _old_proof(connection: Connection, request: Asked | None, assertion: Assertion) -> CheckLine | None:
    """Return what is wrong where somebody was sent to prove anew who they are, and the provider did not ask them."""
    if request is None or request.purpose is not Purpose.REAUTH:
        return None
    earliest = request.created_at - timedelta(seconds=_settings(connection).clock_tolerance_seconds)
    if assertion.authn_instant >= earliest:
        return None
    expected = f"an authentication since {earliest.isoformat(timespec='seconds')}"
    return CheckLine(Check.AUTHN_INSTANT.value, False, expected, assertion.authn_instant.isoformat(timespec="seconds"))


def _refused(outcome: Outcome) -> Refused:
    failed = outcome.failed
    reason = Refusal.CHECK_FAILED
    if failed is not None and failed.name is Check.STATUS:
        reason = Refusal.PROVIDER_SAID_NO
    elif failed is not None and failed.name is Check.IN_RESPONSE_TO:
        reason = Refusal.REQUEST_UNKNOWN
    return Refused(reason, lines(outcome.checks))


def _verified(connection: Connection, assertion: Assertion, outcome: Outcome) -> Verified:
    audience = parties.service_provider(connection).entity_id
    attributes = tuple(
        ReceivedAttribute(one.name, one.values, one.friendly_name, one.name_format) for one in assertion.attributes
    )
    received = Received(
        subject=_subject(connection, assertion, audience),
        attributes=_with_name_id(assertion, attributes),
        contexts=assertion.authn_contexts,
        subject_format=assertion.subject.format if assertion.subject else None,
    )
    return Verified(
        received=received,
        checks=lines(outcome.checks),
        authenticated_at=assertion.authn_instant,
        session_ends_at=assertion.session_not_on_or_after,
    )


def _subject(connection: Connection, assertion: Assertion, audience: str) -> str:
    name = connection.identity.subject_attribute
    if not name:
        return subject_of(assertion.subject, issuer=assertion.issuer, audience=audience)
    values = {one.name: one.values for one in assertion.attributes}
    values |= {
        one.friendly_name: one.values
        for one in assertion.attributes
        if one.friendly_name not in values and one.friendly_name
    }
    found = values.get(name, ())
    # Two values would let somebody choose whom to be.
    return found[0].strip() if len(found) == 1 else ""


def _with_name_id(assertion: Assertion, attributes: tuple[ReceivedAttribute, ...]) -> tuple[ReceivedAttribute, ...]:
    """Add the NameID as an attribute, since many providers send the address nowhere else."""
    if assertion.subject is None or any(one.name == "NameID" for one in attributes):
        return attributes
    return (*attributes, ReceivedAttribute("NameID", (assertion.subject.value,)))
