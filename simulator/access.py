"""Who is asking and what they may see.

A grant is a word: `confluence:use`, `confluence:administer`, `space:OPS`, `jira:use`, `jira:browse-users`,
`project:HARB`, `security:<level>`, `role:<name>`. Accounts have their own and those of their groups.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from enum import StrEnum

from flask import Request

from simulator import data_center
from simulator.state import Account, Comment, Folder, Issue, Page, Site


class SignIn(StrEnum):
    """How far the credentials of a request got."""

    NONE = "none"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True)
class Caller:
    """Who a request is from: an account only where the sign-in is done."""

    sign_in: SignIn
    account: Account | None = None


def caller(site: Site, request: Request) -> Caller:
    """Read what a site takes: Basic credentials (address and API token) on Cloud, a personal access token on Data Center.

    Anything else that is sent has failed.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return Caller(SignIn.NONE)
    scheme, _, encoded = header.partition(" ")
    if data_center.serves(request.path):
        return _by_access_token(site, scheme, encoded)
    try:
        email, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Caller(SignIn.FAILED)
    account = site.account_by_email(email)
    if scheme.lower() != "basic" or account is None or not account.active or not account.token_valid:
        return Caller(SignIn.FAILED)
    if not hmac.compare_digest(account.token.encode(), token.encode()):
        return Caller(SignIn.FAILED)
    return Caller(SignIn.DONE, account)


def _by_access_token(site: Site, scheme: str, token: str) -> Caller:
    for account in site.accounts.values():
        if hmac.compare_digest(account.access_token.encode(), token.encode()) and scheme.lower() == "bearer":
            good = account.active and account.token_valid
            return Caller(SignIn.DONE, account) if good else Caller(SignIn.FAILED)
    return Caller(SignIn.FAILED)


def holds(site: Site, account: Account | None, grant: str) -> bool:
    """Say whether an account has a grant, itself or by a group; a deactivated one has none."""
    if account is None or not account.active:
        return False
    return grant in account.grants or any(grant in site.groups[name].grants for name in account.groups)


def may_read_space(site: Site, account: Account | None, space_id: str) -> bool:
    """Say whether an account may use Confluence and see a space."""
    key = site.spaces[space_id].key
    return holds(site, account, "confluence:use") and holds(site, account, f"space:{key}")


def passes_restriction(account: Account, page: Page | Folder) -> bool:
    """Say whether a page's or folder's own view restriction, if there is one, names the account or one of its groups."""
    named = account.account_id in page.users or any(group in page.groups for group in account.groups)
    return named or not page.restricted


def may_view_page(site: Site, account: Account | None, page: Page) -> bool:
    """Say whether an account may view a page: site, space, and restrictions of the page and all above it."""
    if account is None or not may_read_space(site, account, page.space_id):
        return False
    return all(passes_restriction(account, one) for one in [*site.above(page), page])


def may_view_folder(site: Site, account: Account | None, folder: Folder) -> bool:
    """Say whether an account may view a folder: whoever may view the page it is below, and passes the restrictions between."""
    above = site.above(folder)
    highest = next((one for one in reversed(above) if isinstance(one, Page)), None)
    if account is None or highest is None or not may_view_page(site, account, highest):
        return False
    return all(passes_restriction(account, one) for one in [*above, folder])


def may_browse(site: Site, account: Account | None, issue: Issue) -> bool:
    """Say whether an account may browse an issue: project and security level."""
    project = issue.key.partition("-")[0]
    if not (holds(site, account, "jira:use") and holds(site, account, f"project:{project}")):
        return False
    return issue.security is None or holds(site, account, f"security:{issue.security}")


def may_read_comment(site: Site, account: Account | None, comment: Comment) -> bool:
    """Say whether an account is in the role or group a comment is restricted to."""
    if comment.visibility is None:
        return True
    if comment.visibility["type"] == "group":
        return account is not None and comment.visibility["identifier"] in account.groups
    return holds(site, account, f"role:{comment.visibility['value']}")
