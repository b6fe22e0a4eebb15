"""The people an issue's raw values name, for whoever looks names up and applies the privacy setting."""

import re
from collections.abc import Mapping

_MAX_VALUES = 200_000
#: A mention in wiki markup: by username on Data Center.
_MENTION = re.compile(r"\[~([^\]\[\s|]{1,128})\]")


def account_of(user: object) -> str:
    """Return what a raw person is known by: the account id of Cloud, the name or key of Data Center; or nothing."""
    if not isinstance(user, Mapping):
        return ""
    return next(
        (value for key in ("accountId", "name", "key") if isinstance(value := user.get(key), str) and value), ""
    )


def named_people(*values: object) -> Mapping[str, str]:
    """Return account → name as Atlassian gave it, of everybody the raw values name; mentions without a name are empty.

    Values are fields, comments, ADF documents and wiki markup. The names are not to be shown as they are: what the link's privacy
    setting makes of them goes into `Material.people`.
    """
    found: dict[str, str] = {}
    waiting, seen = list(values), 0
    while waiting and seen < _MAX_VALUES:
        value, seen = waiting.pop(), seen + 1
        if isinstance(value, Mapping):
            account, name = _named(value)
            if account:
                found[account] = found.get(account) or name
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value
        elif isinstance(value, str):
            for account in _MENTION.findall(value):
                found.setdefault(account.removeprefix("accountid:"), "")
    return found


def _named(value: Mapping[object, object]) -> tuple[str, str]:
    if value.get("type") == "mention" and isinstance(attributes := value.get("attrs"), Mapping):
        written = attributes.get("text")
        return str(attributes.get("id") or ""), written.removeprefix("@").strip() if isinstance(written, str) else ""
    name = value.get("displayName")
    return (account_of(value), name) if isinstance(name, str) else ("", "")
