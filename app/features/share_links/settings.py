"""Run-time settings of share links."""

from dataclasses import dataclass

from app.core.settings.registry import setting
from app.core.text import Text
from app.features.share_links.names import Names


@dataclass(frozen=True)
class ShareLinkSettings:
    """What administrators decide about links."""

    require_gate: bool = setting(
        True, label=Text("A link needs a password or a group"), help=Text("Applies to new and changed links.")
    )
    maximum_days: int = setting(
        90, label=Text("Longest life in days"), help=Text("Counted from creation."), minimum=1, maximum=3_650
    )
    default_days: int = setting(14, label=Text("Usual life in days"), minimum=1, maximum=3_650)
    stale_hours: int = setting(
        24,
        label=Text("Serve copies while Atlassian is down, in hours"),
        help=Text("0 means never."),
        minimum=0,
        maximum=24,
    )
    names: str = setting(
        Names.NAME.value,
        label=Text("How new links name people in Atlassian"),
        help=Text("full (with addresses where their owners show them), name, initials or none."),
        choices=tuple(one.value for one in Names),
    )
    share_restricted: bool = setting(
        True,
        label=Text("Pages with view restrictions may be shared"),
        help=Text("Only by people who may see them, as far as Atlassian says so."),
    )
