"""What an assertion must say to be believed here and now: pure rules over what was read, each of them answered.

All rules are applied even after one failed, so that an administrator sees everything that is wrong in one sign-in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from app.protocols.saml import instants, names
from app.protocols.saml.assertions import Confirmation, Statement
from app.protocols.saml.types import (
    MAX_TOLERANCE,
    Assertion,
    Check,
    CheckResult,
    Demands,
    IdentityProvider,
    Outstanding,
    ServiceProvider,
)

_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Message:
    """What the response around the assertion says; where it is not signed, this can only lead to a refusal."""

    signed: bool
    version: str
    issuer: str | None
    destination: str | None
    in_response_to: str | None
    issued: datetime


@dataclass(frozen=True, slots=True)
class Expectations:
    """Everything an assertion is held against."""

    provider: IdentityProvider
    service: ServiceProvider
    demands: Demands
    outstanding: Mapping[str, Outstanding]
    now: datetime

    @property
    def tolerance(self) -> timedelta:
        """By how much the provider's clock may differ."""
        return self.demands.clock_tolerance


def examine(
    message: Message, statement: Statement, expected: Expectations
) -> tuple[tuple[CheckResult, ...], Assertion | None]:
    """Return every rule about issuer, addressee, request, time and authentication, and the assertion if all held."""
    confirmation, confirmed = _best_confirmation(message, statement, expected)
    results = (
        *_versions(message, statement),
        *_issuers(message, statement, expected),
        _destination(message, expected),
        *_issued(message, statement, expected),
        *confirmed,
        *_conditions(statement, expected),
        *_authentication(statement, expected, confirmation),
    )
    if confirmation is None or not all(result.passed for result in results):
        return results, None
    return results, _concluded(statement, confirmation)


def _concluded(statement: Statement, confirmation: Confirmation) -> Assertion:
    sessions = [one.session_not_on_or_after for one in statement.authentications if one.session_not_on_or_after]
    contexts = chain.from_iterable(one.contexts for one in statement.authentications)
    return Assertion(
        issuer=statement.issuer,
        assertion_id=statement.assertion_id,
        not_on_or_after=_usable_until(statement),
        subject=statement.subject,
        attributes=statement.attributes,
        authn_instant=max(one.instant for one in statement.authentications),
        authn_contexts=tuple(dict.fromkeys(contexts)),
        session_index=next((one.session_index for one in statement.authentications if one.session_index), None),
        session_not_on_or_after=min(sessions, default=None),
        in_response_to=confirmation.in_response_to,
    )


def _usable_until(statement: Statement) -> datetime:
    ends = [one.not_on_or_after for one in statement.confirmations if one.not_on_or_after]
    latest = max(ends)
    if statement.conditions is not None and statement.conditions.not_on_or_after is not None:
        latest = min(latest, statement.conditions.not_on_or_after)
    return instants.later(latest, MAX_TOLERANCE)


def _equal(name: Check, expected: str, found: str | None) -> CheckResult:
    return CheckResult(name, found == expected, expected, found or _NOTHING)


def _versions(message: Message, statement: Statement) -> Iterator[CheckResult]:
    yield _equal(Check.VERSION, "2.0", message.version)
    yield _equal(Check.VERSION, "2.0", statement.version)


def _issuers(message: Message, statement: Statement, expected: Expectations) -> Iterator[CheckResult]:
    # SAML Profiles §4.1.4.2. The key was already this provider's; the name must be too.
    entity = expected.provider.entity_id
    if message.issuer is not None:
        yield _equal(Check.RESPONSE_ISSUER, entity, message.issuer)
    yield _equal(Check.ISSUER, entity, statement.issuer)
    if statement.issuer_format not in {None, names.ENTITY_FORMAT}:
        yield CheckResult(Check.ISSUER, False, "an issuer in entity format", statement.issuer_format or _NOTHING)


def _destination(message: Message, expected: Expectations) -> CheckResult:
    # SAML Bindings §3.5.5.2: a signed message must name where it goes, an unsigned one may.
    if message.destination is None and not message.signed:
        return CheckResult(
            Check.DESTINATION, True, expected.service.acs_url, "nothing, in a response without signature"
        )
    return _equal(Check.DESTINATION, expected.service.acs_url, message.destination)


def _not_after_now(name: Check, what: str, instant: datetime, expected: Expectations) -> CheckResult:
    passed = instant <= instants.later(expected.now, expected.tolerance)
    return CheckResult(name, passed, f"{what} no later than {_said(expected)}", instants.write(instant))


def _after_now(name: Check, what: str, instant: datetime, expected: Expectations) -> CheckResult:
    passed = expected.now < instants.later(instant, expected.tolerance)
    return CheckResult(name, passed, f"{what} after {_said(expected)}", instants.write(instant))


def _said(expected: Expectations) -> str:
    seconds = int(expected.tolerance.total_seconds())
    return f"{instants.write(expected.now)} (clocks may differ by {seconds} s)"


def _issued(message: Message, statement: Statement, expected: Expectations) -> Iterator[CheckResult]:
    yield _not_after_now(Check.ISSUED, "a response made", message.issued, expected)
    yield _not_after_now(Check.ISSUED, "an assertion made", statement.issued, expected)


def _best_confirmation(
    message: Message, statement: Statement, expected: Expectations
) -> tuple[Confirmation | None, tuple[CheckResult, ...]]:
    """Return the first bearer confirmation that holds, or else the first, with what was found about it.

    SAML Profiles §4.1.4.2: one that holds is enough.
    """
    bearer = CheckResult(
        Check.SUBJECT_CONFIRMATION,
        bool(statement.confirmations),
        "a bearer confirmation with data",
        f"{len(statement.confirmations)}" if statement.confirmations else _NOTHING,
    )
    tried = [(one, (bearer, *_confirmed(one, message, expected))) for one in statement.confirmations]
    for one, results in tried:
        if all(result.passed for result in results):
            return one, results
    return tried[0] if tried else (None, (bearer,))


def _confirmed(one: Confirmation, message: Message, expected: Expectations) -> Iterator[CheckResult]:
    yield _equal(Check.RECIPIENT, expected.service.acs_url, one.recipient)
    if one.not_on_or_after is None:
        yield CheckResult(Check.CONFIRMATION_TIME, False, "a confirmation with an end", _NOTHING)
    else:
        yield _after_now(Check.CONFIRMATION_TIME, "a confirmation that ends", one.not_on_or_after, expected)
    if one.not_before is not None:
        yield _not_after_now(Check.CONFIRMATION_TIME, "a confirmation that begins", one.not_before, expected)
    yield _answers(one, message, expected)


def _answers(one: Confirmation, message: Message, expected: Expectations) -> CheckResult:
    # What the confirmation says is always under a signature; what the response says may not be, so it only adds.
    said = one.in_response_to
    if said is None and message.in_response_to is None:
        allowed = expected.demands.allow_idp_initiated
        wanted = "an answer to a request of ours" if not allowed else "an answer, or a sign-in the provider began"
        return CheckResult(Check.IN_RESPONSE_TO, allowed, wanted, "a sign-in that the provider began")
    if message.in_response_to not in {None, said}:
        return CheckResult(
            Check.IN_RESPONSE_TO, False, f"the same request as the response: {message.in_response_to}", said or _NOTHING
        )
    # Looked up once: somebody else may take the request away while this answer is read.
    outstanding = expected.outstanding.get(said) if said else None
    known = outstanding is not None and outstanding.request_id == said
    return CheckResult(Check.IN_RESPONSE_TO, known, "a request of ours that waits for its answer", said or _NOTHING)


def _conditions(statement: Statement, expected: Expectations) -> Iterator[CheckResult]:
    conditions = statement.conditions
    if conditions is None:
        yield CheckResult(Check.CONDITIONS, False, "conditions", _NOTHING)
        return
    if conditions.not_before is not None:
        yield _not_after_now(Check.NOT_BEFORE, "an assertion valid from", conditions.not_before, expected)
    if conditions.not_on_or_after is not None:
        yield _after_now(Check.NOT_ON_OR_AFTER, "an assertion that ends", conditions.not_on_or_after, expected)
    ours = expected.service.entity_id
    if not conditions.audiences:
        yield CheckResult(Check.AUDIENCE, False, ours, "no audience")
    for audiences in conditions.audiences:
        yield CheckResult(Check.AUDIENCE, ours in audiences, ours, ", ".join(audiences)[:300] or _NOTHING)


def _authentication(
    statement: Statement, expected: Expectations, confirmation: Confirmation | None
) -> Iterator[CheckResult]:
    found = statement.authentications
    yield CheckResult(Check.AUTHN_STATEMENT, bool(found), "a statement of authentication", f"{len(found) or _NOTHING}")
    for one in found:
        yield _not_after_now(Check.AUTHN_INSTANT, "an authentication", one.instant, expected)
        if one.session_not_on_or_after is not None:
            yield _after_now(Check.SESSION_END, "a session that ends", one.session_not_on_or_after, expected)
    if found and expected.demands.force_authn:
        yield _fresh(max(one.instant for one in found), expected, confirmation)
    if wanted := expected.demands.requested_contexts:
        contexts = [context for one in found for context in one.contexts]
        met = any(context in wanted for context in contexts)
        yield CheckResult(Check.AUTHN_CONTEXT, met, " or ".join(wanted)[:300], ", ".join(contexts)[:300] or _NOTHING)


def _fresh(instant: datetime, expected: Expectations, confirmation: Confirmation | None) -> CheckResult:
    # ForceAuthn: a provider that ignores it answers with the authentication of this morning.
    request = expected.outstanding.get((confirmation.in_response_to if confirmation else None) or "")
    if request is None:
        return CheckResult(Check.AUTHN_INSTANT, False, "an authentication made for a request of ours", "no request")
    earliest = request.issued_at - expected.tolerance
    found = instants.write(instant)
    return CheckResult(
        Check.AUTHN_INSTANT, instant >= earliest, f"an authentication since {instants.write(earliest)}", found
    )
