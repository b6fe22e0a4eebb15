"""Sentences about links: entries of the trail as a timeline, and why a link was refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.accounts.actor import ActorKind
from app.core.text import Text
from app.features.share_links.events import ShareLinkEvent
from app.features.share_links.listing import ActivityRow
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
    ShareLinkEvent.CLOSED: (Text("Closed"), "danger"),
    ShareLinkEvent.OPENED: (Text("Opened"), "success"),
    ShareLinkEvent.GATE_FAILED: (Text("A gate was not passed"), "warning"),
    ShareLinkEvent.PREVIEWED: (Text("Viewed as a recipient"), "neutral"),
    ShareLinkEvent.DOWNLOADED: (Text("A file was downloaded"), "success"),
    ShareLinkEvent.GRANTS_ENDED: (Text("Readers were sent back to the gates"), "neutral"),
}

_GATES = {
    "password": Text("Wrong password"),
    "sign_in": Text("Sign-in"),
    "membership": Text("Not a member of the groups"),
    "not_member": Text("Not a member of the groups"),
}

_FIELDS = {
    "name": Text("name"),
    "expires_at": Text("end"),
    "password": Text("password"),
    "groups": Text("groups"),
    "max_views": Text("view limit"),
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
    RefusedToShare.RESTRICTED: Text(
        "This has view restrictions, and your organisation does not share such pages. Ask an administrator about it."
    ),
}


def of(entries: Iterable[ActivityRow]) -> Sequence[TimelineEntry]:
    """Return entries as a timeline, in the same order."""
    return [_entry(one) for one in entries]


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


def _who(row: ActivityRow) -> Text | None:
    if row.actor_name:
        return Text("%(name)s", name=row.actor_name)
    if row.actor_kind == ActorKind.VISITOR:
        return Text("A visitor")
    return None


def _more(row: ActivityRow) -> Text | None:
    details: dict[str, Any] = row.details
    match row.event:
        case ShareLinkEvent.GATE_FAILED:
            return _GATES.get(str(details.get("reason")), _GATES.get(str(details.get("gate"))))
        case ShareLinkEvent.CHANGED:
            fields = [str(_FIELDS[name]) for name in details.get("fields", []) if name in _FIELDS]
            return Text("Changed: %(fields)s", fields=", ".join(fields)) if fields else None
        case ShareLinkEvent.GRANTS_ENDED:
            return Text("Browsers: %(count)s", count=details.get("count", 0))
        case ShareLinkEvent.OPENED if details.get("view"):
            return Text("View %(number)s", number=details["view"])
    return None
