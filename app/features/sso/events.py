"""What single sign-on records. Values that a provider sent are never in here, only which rule decided."""

from app.core.audit.events import AuditEvent


class SsoEvent(AuditEvent):
    """Events of connections; the subject is ("sso_connection", public id)."""

    CREATED = ("sso:connection:created", "added an identity provider", ("name", "kind", "preset"))
    CHANGED = ("sso:connection:changed", "changed an identity provider", ("name", "fields"))
    SWITCHED_ON = ("sso:connection:switched_on", "switched an identity provider on", ("name", "tested"))
    SWITCHED_OFF = ("sso:connection:switched_off", "switched an identity provider off", ("name",))
    REMOVED = ("sso:connection:removed", "removed an identity provider", ("name", "people", "memberships"))
    TESTED = ("sso:connection:tested", "tried an identity provider", ("name", "result", "reference"))
    KEY_ADDED = ("sso:key:added", "added a key towards an identity provider", ("name", "fingerprint"))
    KEY_USED = ("sso:key:used", "changed the signing key towards an identity provider", ("name", "fingerprint"))
    KEY_REMOVED = ("sso:key:removed", "removed a key towards an identity provider", ("name", "fingerprint"))
    EXPLAINED = ("sso:attempt:explained", "looked at an attempt to sign in", ("reference",))
