"""What can be recorded. Each feature's `events.py` subclasses `AuditEvent`; each member declares its details.

The value reads `source:subject:action`. A detail that a member did not declare raises, so that nothing personal or
secret slips into a row that can never be changed.
"""

from enum import StrEnum
from typing import Self


class AuditEvent(StrEnum):
    """One kind of entry: its value, an English sentence for readers, and the detail keys it may carry."""

    sentence: str
    details: frozenset[str]
    personal: frozenset[str]

    def __new__(
        cls, value: str, sentence: str = "", details: tuple[str, ...] = (), personal: tuple[str, ...] = ()
    ) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        member.details = frozenset(details)
        # Personal values (names, addresses) can be erased later; the chain keeps only their salted digest.
        member.personal = frozenset(personal)
        return member


class CoreEvent(AuditEvent):
    """What core itself records."""

    REFUSED = ("access:endpoint:refused", "was refused", ("endpoint", "reason", "permission"))
    SIGNED_IN = ("accounts:session:started", "signed in", ("methods", "kind"), ("email",))
    SIGNED_OUT = ("accounts:session:ended", "signed out", ("reason", "count"))
    SIGN_IN_FAILED = ("accounts:session:refused", "could not sign in", ("reason",), ("email",))
    EMERGENCY_SIGN_IN = ("accounts:emergency:used", "used the emergency sign-in", ("told",))
    PERSON_CREATED = ("accounts:person:created", "created a person", ("kind", "source"), ("email", "name"))
    PERSON_CHANGED = ("accounts:person:changed", "changed a person", ("fields",), ("email", "name"))
    PERSON_DEACTIVATED = ("accounts:person:deactivated", "deactivated a person", ("sessions", "tokens"))
    PERSON_REACTIVATED = ("accounts:person:reactivated", "reactivated a person")
    EMAIL_VERIFIED = ("accounts:email:verified", "verified an address", ("by",), ("email",))
    PASSWORD_CHANGED = ("accounts:password:changed", "changed a password", ("sessions_ended", "by_reset"))
    RESET_ISSUED = ("accounts:reset:issued", "issued a one-time link", ("expires_at",))
    ROLE_GIVEN = ("accounts:role:given", "gave a role", ("role", "to"))
    ROLE_TAKEN = ("accounts:role:taken", "took a role away", ("role", "to"))
    GROUP_CREATED = ("accounts:group:created", "created a group", ("name", "source"))
    GROUP_CHANGED = ("accounts:group:changed", "changed a group", ("name", "was"))
    GROUP_DELETED = ("accounts:group:deleted", "deleted a group", ("name", "members"))
    MEMBER_ADDED = ("accounts:membership:added", "added a member", ("group", "source"))
    MEMBER_REMOVED = ("accounts:membership:removed", "removed a member", ("group", "source"))
    SESSION_REVOKED = ("accounts:session:revoked", "ended a session", ("count",))
    API_TOKEN_CREATED = ("accounts:api_token:created", "created an API token", ("name", "scopes", "expires_at"))
    API_TOKEN_REVOKED = ("accounts:api_token:revoked", "revoked an API token", ("name",))
    SETTING_CHANGED = ("settings:area:changed", "changed settings", ("area", "was", "now"))
    CONNECTION_CREATED = ("connections:connection:created", "added a connection", ("name", "product", "base_url"))
    CONNECTION_CHANGED = ("connections:connection:changed", "changed a connection", ("name", "fields"))
    CONNECTION_TESTED = ("connections:connection:tested", "tested a connection", ("name", "result"))
    CONNECTION_REMOVED = ("connections:connection:removed", "removed a connection", ("name",))
    CREDENTIAL_REFUSED = (
        "connections:credential:refused",
        "told administrators that a credential is refused",
        ("name", "role", "told"),
    )
    CREDENTIAL_ENDING = (
        "connections:credential:ending",
        "told administrators that a credential ends",
        ("name", "role", "ends_at", "told"),
    )
    ACCOUNT_CONNECTED = (
        "connections:account:connected",
        "connected an Atlassian account",
        ("connection", "account", "by"),
    )
    ACCOUNT_DISCONNECTED = ("connections:account:disconnected", "disconnected an Atlassian account", ("connection",))
    KEYS_ROTATED = ("keys:ring:rotated", "changed the key ring", ("key", "action", "reencrypted"))
    JOB_RETRIED = ("jobs:job:retried", "retried a job", ("job",))
    JOB_FAILED = ("jobs:job:failed", "gave a job up", ("job", "attempts"))
    AUDIT_EXPORTED = ("audit:entries:exported", "exported the audit trail", ("filters", "rows"))
    LIST_EXPORTED = ("lists:list:exported", "exported a list", ("list", "filters"), ("search",))
    ERASED = ("audit:entry:erased", "erased personal values", ("entries",))


def registry() -> dict[str, AuditEvent]:
    """Return every declared event by value."""
    found: dict[str, AuditEvent] = {}
    pending: list[type[AuditEvent]] = [AuditEvent]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        for member in kind:
            found[member.value] = member
    return found
