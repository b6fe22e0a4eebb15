"""What a verified answer amounts to, whatever protocol it came by: the one thing that the rest of the sign-in looks at."""

import json
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from app.features.sso.received import CheckLine, Received
from app.features.sso.refusals import Refusal
from app.protocols.saml.types import NameId

#: Longest subject that is kept (`SsoIdentity.subject`).
MAXIMUM_SUBJECT = 512
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


@dataclass(frozen=True)
class Verified:
    """Somebody as their provider proved them; `received.subject` is empty where nothing stands for them for good."""

    received: Received
    checks: tuple[CheckLine, ...]
    #: When they showed the provider who they are.
    authenticated_at: datetime
    #: When the provider's own session ends, where it says so.
    session_ends_at: datetime | None = None
    #: What the provider says of the address: `email_verified` of OpenID Connect; None where it says nothing.
    email_verified: bool | None = None
    #: Clock of the provider.
    provider_at: datetime | None = None


@dataclass(frozen=True)
class Refused:
    """An answer that leads nowhere, and all that is known about why."""

    reason: Refusal
    checks: tuple[CheckLine, ...] = ()
    received: Received | None = None
    person_id: int | None = None
    provider_at: datetime | None = None


_ADAPTER = TypeAdapter(Verified)


def dump(value: Verified) -> str:
    """Return it as it is stored."""
    return _ADAPTER.dump_json(value).decode()


def load(stored: str) -> Verified:
    """Return what was stored."""
    return _ADAPTER.validate_json(stored)


def subject_of(name_id: NameId | None, *, issuer: str, audience: str) -> str:
    """Return what stands for a person at a SAML provider; empty where the NameID is another one each time.

    Qualifiers that only repeat the two parties say nothing (SAML Core 8.3.7); any other makes a different subject.
    """
    if name_id is None or not name_id.value or name_id.format == _TRANSIENT:
        return ""
    qualifier = name_id.name_qualifier if name_id.name_qualifier != issuer else None
    sp_qualifier = name_id.sp_name_qualifier if name_id.sp_name_qualifier != audience else None
    if qualifier is None and sp_qualifier is None and not name_id.value.startswith("["):
        return name_id.value
    return json.dumps([name_id.value, qualifier or "", sp_qualifier or ""])
