"""A connection as `app.protocols.oidc` takes it, and what is sent with it: OpenID Connect and plain OAuth 2.0."""

import secrets
from datetime import timedelta

from app.features.sso.configuration import ClientAuthentication, Connection, OAuthSettings, OidcSettings
from app.protocols.oidc import authorization
from app.protocols.oidc.types import (
    Algorithm,
    Attempt,
    Client,
    ClientMethod,
    Demands,
    Endpoints,
    SigningKey,
    Wishes,
)

#: What providers are asked for beside `prompt=login`; what is believed is `demands`. Not 0: a provider whose own login page
#: took a second would ask again, and again.
ASKED_AGE = timedelta(seconds=10)


def settings_of(connection: Connection) -> OidcSettings | OAuthSettings:
    """Return the settings of a connection that speaks OpenID Connect or OAuth."""
    if isinstance(connection.settings, OidcSettings | OAuthSettings):
        return connection.settings
    raise TypeError("this connection speaks SAML")


def endpoints(connection: Connection) -> Endpoints:
    """Return where the provider is spoken to."""
    found = settings_of(connection)
    return Endpoints(found.authorization_endpoint, found.token_endpoint, found.userinfo_endpoint or None)


def client(connection: Connection) -> Client:
    """Return ourselves towards the provider."""
    found = settings_of(connection)
    key = None
    if found.authentication is ClientAuthentication.PRIVATE_KEY_JWT:
        own = next(one for one in connection.secrets.own_keys if one.signs)
        key = SigningKey(own.private_key.encode(), Algorithm.RS256)
    return Client(found.client_id, ClientMethod(found.authentication.value), connection.secrets.client_secret, key)


def request(connection: Connection, redirect_uri: str, *, again: bool) -> tuple[Attempt, str]:
    """Return fresh values for one sign-in, and the address to send the browser to; `again` asks for a new proof."""
    found = settings_of(connection)
    attempt = authorization.new_attempt(secrets.token_bytes)
    openid = isinstance(found, OidcSettings)
    force = again or (isinstance(found, OidcSettings) and found.force_authn)
    wishes = Wishes(
        scopes=found.scopes,
        prompt="login" if openid and force else None,
        max_age=ASKED_AGE if openid and force else None,
        acr_values=found.requested_contexts if isinstance(found, OidcSettings) else (),
    )
    url = authorization.make_request(
        endpoints(connection),
        client_id=found.client_id,
        redirect_uri=redirect_uri,
        attempt=attempt,
        wishes=wishes,
        openid=openid,
    )
    return attempt, url


def demands(found: OidcSettings, *, again: bool, since: timedelta) -> Demands:
    """Return what is demanded of an ID token; where a new proof was asked for, one made within `since`, when it was asked."""
    return Demands(
        clock_tolerance=timedelta(seconds=found.clock_tolerance_seconds),
        max_age=since if again or found.force_authn else None,
        acr_values=found.requested_contexts,
    )
