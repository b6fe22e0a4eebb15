"""What single sign-on records: which rule decided; of what a provider sent only the account, where one is assigned."""

from app.core.audit.events import AuditEvent


class SsoEvent(AuditEvent):
    """Events of connections; the subject is ("sso_connection", public id), of accounts ("person", public id)."""

    CREATED = ("sso:connection:created", "added an identity provider", ("name", "kind", "preset"))
    CHANGED = ("sso:connection:changed", "changed an identity provider", ("name", "fields"))
    SWITCHED_ON = ("sso:connection:switched_on", "switched an identity provider on", ("name", "tested"))
    SWITCHED_OFF = ("sso:connection:switched_off", "switched an identity provider off", ("name",))
    REMOVED = ("sso:connection:removed", "removed an identity provider", ("name", "people", "memberships"))
    TESTED = ("sso:connection:tested", "tried an identity provider", ("name", "result", "reference"))
    KEY_ADDED = ("sso:key:added", "added a key towards an identity provider", ("name", "fingerprint"))
    KEY_USED = ("sso:key:used", "changed the signing key towards an identity provider", ("name", "fingerprint"))
    KEY_REMOVED = ("sso:key:removed", "removed a key towards an identity provider", ("name", "fingerprint"))
    ACCOUNT_ASSIGNED = ("sso:account:assigned", "assigned a provider's account to a person", ("name",), ("account",))
    ACCOUNT_UNASSIGNED = (
        "sso:account:unassigned",
        "took a provider's account from a person",
        ("name", "sessions", "memberships"),
        ("account",),
    )
    CONFLICT_DISMISSED = ("sso:conflict:dismissed", "dismissed a conflict of addresses", ("name",), ("account",))
    EXPLAINED = ("sso:attempt:explained", "looked at an attempt to sign in", ("reference",))
