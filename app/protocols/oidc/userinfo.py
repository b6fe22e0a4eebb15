"""Reads what the userinfo endpoint says (OpenID Connect Core §5.3).

The one rule: it must be about the person of the ID token. Without comparing `sub`, an access token that was swapped on the way would put
another person's attributes and groups on this one.
"""

from typing import Any

from app.protocols.oidc.attributes import elsewhere, flatten
from app.protocols.oidc.checks import Checklist, same, shown
from app.protocols.oidc.strict_json import Ambiguous, read_object
from app.protocols.oidc.types import Check, UserInfo

MAX_ANSWER_BYTES = 256 * 1024


def read_userinfo(body: bytes, *, subject: str, content_type: str = "application/json") -> UserInfo:
    """Return the answer's attributes if it is about `subject`, the `sub` of the verified ID token. Raises Refused."""
    checks = Checklist()
    answer = read_answer(body, content_type, checks)
    found = answer.get("sub")
    checks.demand(Check.USERINFO_SUBJECT, same(found, subject), shown(subject), shown(found))
    return UserInfo(subject, flatten(answer), elsewhere(answer), checks.finish())


def read_answer(body: bytes, content_type: str, checks: Checklist) -> dict[str, Any]:
    """Return the JSON object of an answer about a person. Raises Refused."""
    kind = content_type.partition(";")[0].strip().lower()
    plain = kind == "application/json" or kind.endswith("+json")
    found = "that" if plain else shown(kind)
    answer: dict[str, Any] = {}
    if plain:
        try:
            answer = read_object(body, MAX_ANSWER_BYTES)
        except Ambiguous as error:
            found = str(error)
    checks.demand(Check.USERINFO, found == "that", "a JSON object, neither signed nor encrypted", found)
    return answer
