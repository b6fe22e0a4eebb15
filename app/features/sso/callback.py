"""An OpenID or OAuth provider's answer: state and browser first, then the code is exchanged with no transaction open.

The Lax cookie comes with this GET, so that the browser is compared before anything is sent to the provider. The request is
used up before the exchange: a code that is presented twice finds nobody who asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.core import clock, db
from app.features.sso import addresses, attempts, finish, outstanding, relying_party, wire
from app.features.sso.configuration import Connection, OidcSettings
from app.features.sso.finish import Browser, Ending
from app.features.sso.models import Purpose
from app.features.sso.outstanding import Asked
from app.features.sso.received import CheckLine, Received, ReceivedAttribute, lines
from app.features.sso.refusals import Refusal
from app.features.sso.verified import Refused, Verified
from app.features.sso.wire import ProviderDown
from app.protocols.oidc import authorization, id_token, oauth2, token_endpoint, userinfo
from app.protocols.oidc.errors import OidcError, UnknownKey
from app.protocols.oidc.types import Check, Claims, Tokens, UserInfo

Said = Mapping[str, Sequence[str]]


def answer(connection: Connection, said: Said, browser: Browser) -> Ending:
    """Finish a sign-in by what came to the callback, or record why not."""
    state = next(iter(said.get("state", ())), "")
    with db.transaction() as session:
        request = outstanding.asked(session, connection.id, state)
        refused = _turned_away(connection, request, browser)
        if refused is None and request is not None and not outstanding.use(session, request):
            refused = Refused(Refusal.REPLAYED)
        if refused is not None or request is None:
            purpose = request.purpose if request else Purpose.SIGN_IN
            refused = refused or Refused(Refusal.REQUEST_UNKNOWN)
            attempts.record_refused(session, connection, purpose, refused)
            return refused
    outcome = _exchange(connection, request, said, state)
    with db.transaction() as session:
        if isinstance(outcome, Refused):
            attempts.record_refused(session, connection, request.purpose, outcome)
            return outcome
        return finish.finish(session, connection, request, outcome, browser)


def _turned_away(connection: Connection, request: Asked | None, browser: Browser) -> Refused | None:
    if request is None:
        line = CheckLine(
            Check.STATE.value, False, "a request of ours that waits for its answer", "none with this state"
        )
        return Refused(Refusal.REQUEST_UNKNOWN, (line,))
    if not finish.bound(request, browser):
        return Refused(Refusal.OTHER_BROWSER)
    if not connection.enabled and request.purpose is not Purpose.TEST:
        return Refused(Refusal.CONNECTION_OFF)
    return None


def _exchange(connection: Connection, request: Asked, said: Said, state: str) -> Verified | Refused:
    try:
        code = _code(connection, said, state)
        tokens = _tokens(connection, request, code)
        if isinstance(connection.settings, OidcSettings):
            return _by_id_token(connection, connection.settings, request, tokens, code)
        return _by_profile(connection, tokens)
    except OidcError as error:
        said_no = error.check is Check.PROVIDER_ERROR
        return Refused(Refusal.PROVIDER_SAID_NO if said_no else Refusal.CHECK_FAILED, lines(error.checks))
    except ProviderDown as error:
        return Refused(Refusal.PROVIDER_DOWN, (CheckLine(Check.EXCHANGE.value, False, "an answer", str(error)),))


def _code(connection: Connection, said: Said, state: str) -> str:
    found = connection.settings
    issuer = found.issuer if isinstance(found, OidcSettings) else None
    names_issuer = isinstance(found, OidcSettings) and found.sends_issuer
    return authorization.read_answer(said, state=state, issuer=issuer, names_issuer=names_issuer)


def _tokens(connection: Connection, request: Asked, code: str) -> Tokens:
    found = connection.settings
    openid = isinstance(found, OidcSettings)
    made = token_endpoint.make_request(
        relying_party.endpoints(connection),
        relying_party.client(connection),
        code=code,
        redirect_uri=addresses.redirect_uri(connection.public_id, request.secrets["base_url"]),
        verifier=request.secrets["verifier"],
        issuer=found.issuer if isinstance(found, OidcSettings) else None,
        now=clock.now(),
        randomness=wire.randomness,
    )
    reply = wire.send(made)
    return token_endpoint.read_answer(reply.body, status=reply.status, openid=openid)


def _by_id_token(connection: Connection, found: OidcSettings, request: Asked, tokens: Tokens, code: str) -> Verified:
    claims = _claims(found, request, tokens, code, fresh=False)
    more: UserInfo | None = None
    if found.read_userinfo and found.userinfo_endpoint:
        reply = wire.get(found.userinfo_endpoint, tokens.access_token)
        more = userinfo.read_userinfo(reply.body, subject=claims.subject, content_type=reply.content_type)
    attributes = dict(more.attributes) if more else {}
    # What is under a signature stands above what is not.
    attributes |= claims.attributes
    checks = lines(claims.checks) + (lines(more.checks) if more else ())
    contexts = tuple(one for one in (*claims.amr, claims.acr) if one)
    return _verified(connection, claims.subject, attributes, contexts, checks, claims.auth_time, claims.issued_at)


def _claims(found: OidcSettings, request: Asked, tokens: Tokens, code: str, *, fresh: bool) -> Claims:
    try:
        return id_token.verify(
            tokens.id_token or "",
            wire.key_set(found.jwks_uri, fresh=fresh),
            issuer=found.issuer,
            audience=found.client_id,
            nonce=request.secrets["nonce"],
            now=clock.now(),
            demands=relying_party.demands(
                found, again=request.purpose is Purpose.REAUTH, since=clock.now() - request.created_at
            ),
            access_token=tokens.access_token,
            code=code,
        )
    except UnknownKey:
        if fresh:
            raise
        # The provider may have changed its keys since we read them.
        return _claims(found, request, tokens, code, fresh=True)


def _by_profile(connection: Connection, tokens: Tokens) -> Verified:
    found = relying_party.settings_of(connection)
    field = getattr(found, "subject_field", "sub")
    reply = wire.get(found.userinfo_endpoint, tokens.access_token)
    profile = oauth2.read_profile(reply.body, id_field=field, content_type=reply.content_type)
    return _verified(connection, profile.subject, dict(profile.attributes), (), lines(profile.checks), None, None)


def _verified(
    connection: Connection,
    subject: str,
    attributes: Mapping[str, tuple[str, ...]],
    contexts: tuple[str, ...],
    checks: tuple[CheckLine, ...],
    authenticated_at: datetime | None,
    provider_at: datetime | None,
) -> Verified:
    received = Received(
        subject=subject,
        attributes=tuple(ReceivedAttribute(name, tuple(values)) for name, values in attributes.items()),
        contexts=contexts,
    )
    name = connection.identity.subject_attribute
    if name:
        values = attributes.get(name, ())
        # Two values would let somebody choose whom to be.
        received = replace(received, subject=values[0] if len(values) == 1 else "")
    vouched = attributes.get("email_verified", ())
    return Verified(
        received=received,
        checks=checks,
        authenticated_at=authenticated_at or clock.now(),
        email_verified={"true": True, "false": False}.get(vouched[0]) if len(vouched) == 1 else None,
        provider_at=provider_at,
    )
