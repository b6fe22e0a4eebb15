"""What both editions of Jira do with a call: who makes it, which issue it names, which words it lists."""

from flask import g, request

from simulator import access
from simulator.answers import Refusal, no_issue, reply
from simulator.confluence import the_site
from simulator.state import Account, Issue


def caller(*, anonymous: bool = True, at: str = "") -> Account | None:
    """Return the caller's account; `at` is where this Jira stands under the site.

    Published is 401 for wrong credentials. Seen in life is that they count as nobody's wherever a resource can be
    read anonymously, told only by a header; the setting `failed_sign_in` chooses.
    """
    account: Account | None = g.caller.account
    if account is None and not (anonymous and the_site().settings.failed_sign_in == "anonymous"):
        body = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
        response = reply(body, 401)
        response.headers["WWW-Authenticate"] = f'OAuth realm="{the_site().base_url}{at}"'
        raise Refusal(response)
    return account


def named_issue(key_or_id: str, account: Account | None) -> Issue:
    """Return an issue that an account may browse; absent and hidden are the same."""
    site = the_site()
    found = site.issues.get(key_or_id.upper())
    if found is None:
        found = next((one for one in site.issues.values() if one.issue_id == key_or_id), None)
    if found is None or not access.may_browse(site, account, found):
        raise no_issue()
    return found


def words(name: str) -> list[str]:
    """Return what a query argument lists, whether with commas or several times."""
    return [one.strip() for text in request.args.getlist(name) for one in text.split(",") if one.strip()]
