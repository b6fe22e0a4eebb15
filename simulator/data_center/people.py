"""People as Data Center names them: a username that may change, and a key that stays, one for each product."""

import hashlib
from typing import Any

from simulator.data_center import CONFLUENCE, JIRA
from simulator.state import Account, Site


def username(account: Account) -> str:
    """Return what an account signs in by."""
    return account.email.partition("@")[0]


def user_key(account: Account) -> str:
    """Return the key of an account in Confluence: 32 hexadecimal digits."""
    return f"8a8181{hashlib.sha256(account.account_id.encode()).hexdigest()[:26]}"


def jira_key(site: Site, account: Account) -> str:
    """Return the key of an account in Jira."""
    return f"JIRAUSER{10100 + list(site.accounts).index(account.account_id)}"


def by_username(site: Site, name: str) -> Account | None:
    """Find an account by username."""
    return next((one for one in site.accounts.values() if username(one) == name.lower()), None)


def confluence_user(site: Site, account: Account) -> dict[str, Any]:
    """Shape a person as Confluence does."""
    return {
        "type": "known",
        "username": username(account),
        "userKey": user_key(account),
        "profilePicture": {
            "path": f"{CONFLUENCE}/images/icons/profilepics/default.svg",
            "width": 48,
            "height": 48,
            "isDefault": True,
        },
        "displayName": account.name,
        "_links": {"self": f"{site.base_url}{CONFLUENCE}/rest/api/user?key={user_key(account)}"},
        "_expandable": {"status": ""},
    }


def jira_user(site: Site, account: Account) -> dict[str, Any]:
    """Shape a person as Jira does; an address shows to all who may see people at all."""
    picture = f"{site.base_url}{JIRA}/secure/useravatar?avatarId=10122"
    return {
        "self": f"{site.base_url}{JIRA}/rest/api/2/user?username={username(account)}",
        "key": jira_key(site, account),
        "name": username(account),
        "emailAddress": account.email,
        "avatarUrls": dict.fromkeys(("48x48", "24x24", "16x16", "32x32"), picture),
        "displayName": account.name,
        "active": account.active,
        "timeZone": account.time_zone,
    }
