"""Plain OAuth 2.0, where no token says who somebody is and the profile address is asked instead (as GitHub does).

Nothing here is signed: what is believed was fetched by us, over TLS, from the configured address, with an access token that came straight
from the token endpoint for a code tied to this browser. The field that names the person must not change when they do, so not an e-mail
address or a user name.
"""

from typing import Any

from app.protocols.oidc.attributes import elsewhere, flatten
from app.protocols.oidc.checks import Checklist, shown
from app.protocols.oidc.id_token import MAX_SUBJECT_LENGTH, is_subject
from app.protocols.oidc.types import Check, UserInfo
from app.protocols.oidc.userinfo import read_answer


def read_profile(body: bytes, *, id_field: str, content_type: str = "application/json") -> UserInfo:
    """Return who the profile is about: `id_field` (a member, or a path such as `data.id`) must hold a text or a whole number.

    Raises Refused.
    """
    checks = Checklist()
    answer = read_answer(body, content_type, checks)
    value = _at(answer, id_field)
    subject = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    expected = f"a text or a whole number in {shown(id_field)}, at most {MAX_SUBJECT_LENGTH} characters"
    checks.demand(Check.PROFILE_ID, is_subject(subject), expected, shown(value))
    return UserInfo(str(subject), flatten(answer), elsewhere(answer), checks.finish())


def _at(answer: dict[str, Any], path: str) -> Any:
    if path in answer:
        return answer[path]
    value: Any = answer
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
