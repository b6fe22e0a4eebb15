"""Sentences about links: entries of the trail as a timeline, and why a link was refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.accounts.actor import ActorKind
from app.core.text import Text
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.life.halts import HaltScope
from app.features.share_links.life.history import ActivityRow, NoticeRow
from app.features.share_links.life.notices import sentence
from app.features.share_links.proof import RefusedToShare


@dataclass(frozen=True)
class TimelineEntry:
    """One entry as the timeline component shows it."""

    at: datetime
    title: Text
    detail: Text | None
    tone: str


_TITLES: dict[str, tuple[Text, str]] = {
    ShareLinkEvent.CREATED: (Text("Created"), "neutral"),
    ShareLinkEvent.CHANGED: (Text("Changed"), "neutral"),
    ShareLinkEvent.PAUSED: (Text("Paused"), "warning"),
    ShareLinkEvent.RESUMED: (Text("Resumed"), "info"),
    ShareLinkEvent.REVOKED: (Text("Revoked"), "danger"),
    ShareLinkEvent.NEW_ADDRESS: (Text("New address"), "info"),
    ShareLinkEvent.TRANSFERRED: (Text("Transferred"), "info"),
    ShareLinkEvent.CLOSED: (Text("Closed"), "danger"),
    ShareLinkEvent.OPENED: (Text("Opened"), "success"),
    ShareLinkEvent.GATE_FAILED: (Text("A gate was not passed"), "warning"),
    ShareLinkEvent.CODE_ASKED: (Text("A code was asked for"), "neutral"),
    ShareLinkEvent.ADDRESS_PROVEN: (Text("An address was proven"), "info"),
    ShareLinkEvent.TERMS_ACCEPTED: (Text("Terms were accepted"), "info"),
    ShareLinkEvent.PREVIEWED: (Text("Viewed as a recipient"), "neutral"),
    ShareLinkEvent.DOWNLOADED: (Text("A file was downloaded"), "success"),
    ShareLinkEvent.STOPPED: (Text("Sharing was stopped in an emergency"), "danger"),
    ShareLinkEvent.SWITCHED_OFF: (Text("Sharing was switched off"), "warning"),
    ShareLinkEvent.SWITCHED_ON: (Text("Sharing goes on"), "info"),
    ShareLinkEvent.PDF_TAKEN: (Text("The PDF was taken"), "success"),
    ShareLinkEvent.INVITED: (Text("People were invited"), "info"),
    ShareLinkEvent.INVITED_REMINDED: (Text("A reminder was sent"), "neutral"),
    ShareLinkEvent.INVITATION_RESENT: (Text("An invitation was sent again"), "neutral"),
    ShareLinkEvent.INVITATION_REVOKED: (Text("An invitation was taken back"), "warning"),
    ShareLinkEvent.LEFT: (Text("A reader is done"), "neutral"),
    ShareLinkEvent.REPORTED: (Text("Reported"), "danger"),
    ShareLinkEvent.APPROVAL_ASKED: (Text("Approval was asked for"), "neutral"),
    ShareLinkEvent.APPROVED: (Text("Approved"), "success"),
    ShareLinkEvent.DECLINED: (Text("Declined"), "danger"),
    ShareLinkEvent.CONTENT_FOUND: (Text("Something was found in what it shows"), "warning"),
    ShareLinkEvent.GRANTS_ENDED: (Text("Readers were sent back to the gates"), "neutral"),
}

#: What stands at a gate that was not passed: by the reason, else by the gate.
_GATES = {
    "wrong_code": Text("Wrong code"),
    "not_invited": Text("No code was sent: this own link was sent to another address"),
    "not_recipient": Text("No code was sent: the link is not for this address"),
    "limited": Text("Too many tries"),
    "wrong_network": Text("Not from an allowed network"),
    "own_views_spent": Text("Opened as often as one reader may"),
    "not_member": Text("Not a member of the groups"),
    "password": Text("Wrong password"),
    "address": Text("Code by mail"),
    "sign_in": Text("Sign-in"),
}

#: Why Portico paused or closed a link by itself.
_REASONS = {
    "restriction_changed": Text("Who may see it in Atlassian changed"),
    "no_share_label": Text("The page got the label no-share"),
    "right_lost": Text("Its owner could not prove any more that they may see it"),
    "not_readable": Text("Portico could no longer read it"),
    "gone": Text("It was deleted"),
    "trashed": Text("The page was put into the trash"),
    "archived": Text("The page was archived"),
}

_FIELDS = {
    "name": Text("name"),
    "opens_at": Text("opening"),
    "expires_at": Text("end"),
    "networks": Text("networks"),
    "max_views": Text("view limit"),
    "max_views_each": Text("view limit for each reader"),
    "asks_sign_in": Text("sign-in"),
    "sign_in_through": Text("way of signing in"),
    "groups": Text("groups"),
    "all_groups": Text("whether all groups are needed"),
    "recipients": Text("addresses and domains"),
    "asks_second_factor": Text("second factor"),
    "password": Text("password"),
    "terms": Text("terms"),
    "asks_reason": Text("reason"),
    "powers": Text("what readers may do"),
}

_REFUSALS: dict[RefusedToShare, Text] = {
    RefusedToShare.NOT_CONNECTED: Text(
        "Portico cannot tell whether you may see this on %(site)s. Connect your own Atlassian account on your profile, then try again."
    ),
    RefusedToShare.NOT_VISIBLE: Text(
        "%(site)s does not show this to your account, or it does not exist. Check the address and your access there."
    ),
    RefusedToShare.TOKEN_REJECTED: Text(
        "%(site)s no longer accepts the API token of your account. Connect your account again on your profile."
    ),
    RefusedToShare.CONTENT: Text(
        "Something that must not leave was found in what would be shown, or not all of it could be looked through. "
        "Take it out, then try again."
    ),
    RefusedToShare.NOT_A_SHARER: Text("The rules here let others share. Ask somebody who may, or an administrator."),
    RefusedToShare.NO_SHARE_LABEL: Text(
        "This page has the label no-share. If it should be shared, have the label taken off in Confluence."
    ),
    RefusedToShare.RESTRICTED: Text(
        "This has view restrictions, and your organisation does not share such pages. Ask an administrator about it."
    ),
}


#: What was stopped or switched off, as the page of a link that it covers says it.
_HALTED = {
    HaltScope.LINK.value: Text("This link"),
    HaltScope.OBJECT.value: Text("All links to what it shows"),
    HaltScope.CONTAINER.value: Text("All links into its space or project"),
    HaltScope.CONNECTION.value: Text("All links into its connection"),
    HaltScope.PERSON.value: Text("All links of its owner"),
    HaltScope.EVERYTHING.value: Text("Every link"),
}


def of(rows: Iterable[ActivityRow | NoticeRow]) -> Sequence[TimelineEntry]:
    """Return entries of the trail and notices to the owner as a timeline, in the same order."""
    return [_told(one) if isinstance(one, NoticeRow) else _entry(one) for one in rows]


def colleague_sentence(site: str) -> Text:
    """Say why a link is not transferred, without telling more of the colleague's account."""
    return Text("%(site)s does not say that this person may see it. Nothing was changed.", site=site)


def refusal_sentence(reason: RefusedToShare, site: str) -> Text:
    """Say why no link is made and what helps."""
    return Text(_REFUSALS[reason].message_id, site=site)


def _entry(row: ActivityRow) -> TimelineEntry:
    title, tone = _TITLES.get(row.event, (Text("%(event)s", event=row.event), "neutral"))
    parts = [part for part in (_who(row), _more(row)) if part is not None]
    detail = parts[0] if len(parts) == 1 else None
    if len(parts) > 1:
        detail = Text("%(who)s. %(more)s", who=parts[0], more=parts[1])
    return TimelineEntry(row.at, title, detail, tone)


def _told(row: NoticeRow) -> TimelineEntry:
    return TimelineEntry(row.at, Text("Its owner was told"), sentence(row.code), "neutral")


def _who(row: ActivityRow) -> Text | None:
    if row.invited and row.invited != row.actor_name:
        who = row.actor_name or Text("A visitor")
        return Text("%(who)s, with the own link of %(address)s", who=who, address=row.invited)
    if row.actor_name:
        return Text("%(name)s", name=row.actor_name)
    if row.actor_kind == ActorKind.VISITOR:
        return Text("A visitor")
    return None


def _more(row: ActivityRow) -> Text | None:
    details: dict[str, Any] = row.details
    match row.event:
        case ShareLinkEvent.GATE_FAILED:
            reason = str(details.get("reason")).partition(":")[0]
            return _GATES.get(reason, _GATES.get(str(details.get("gate"))))
        case ShareLinkEvent.CHANGED:
            fields = [str(_FIELDS[name]) for name in details.get("fields", []) if name in _FIELDS]
            return Text("Changed: %(fields)s", fields=", ".join(fields)) if fields else None
        case ShareLinkEvent.PAUSED | ShareLinkEvent.CLOSED if details.get("reason") in _REASONS:
            return _REASONS[str(details["reason"])]
        case ShareLinkEvent.GRANTS_ENDED:
            return Text("Browsers: %(count)s", count=details.get("count", 0))
        case ShareLinkEvent.OPENED if "view" in details:
            return _opening(row)
        case ShareLinkEvent.APPROVED | ShareLinkEvent.DECLINED if details.get("note"):
            return Text("“%(words)s”", words=details["note"])
        case ShareLinkEvent.CONTENT_FOUND if details.get("kinds"):
            return Text("%(kinds)s", kinds=", ".join(map(str, details["kinds"])))
        case ShareLinkEvent.STOPPED | ShareLinkEvent.SWITCHED_OFF | ShareLinkEvent.SWITCHED_ON:
            return _HALTED.get(str(details.get("scope")))
        case ShareLinkEvent.TERMS_ACCEPTED:
            return Text("Version %(number)s", number=details.get("version", 0))
    return None


def _opening(row: ActivityRow) -> Text | None:
    view = row.details.get("view")
    spent = Text("View %(number)s", number=view) if view else Text("No view was spent")
    return Text("%(spent)s. Reason: %(reason)s", spent=spent, reason=row.reason) if row.reason else spent
