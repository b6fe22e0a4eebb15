"""Run-time settings of share links, and the rules that hold for all of them: the uppermost level.

What is made with `rule(...)` is set on the pages of rules. A connection, space or project may tighten it, or choose other
values beforehand (`rulebook`).
"""

from dataclasses import dataclass
from typing import Any

from app.core.settings.registry import setting
from app.core.text import Text
from app.features.share_links.gates.recipients import not_domains
from app.features.share_links.reading import frames
from app.features.share_links.reading.names import Names
from app.features.share_links.rules import patterns

#: What these settings are stored under.
AREA = "share_links"
#: What a content check does with what it finds, from loosest to strictest.
CHECK_MODES = ("off", "warn", "approve", "refuse")
#: Who may share: everybody who has links, or administrators alone.
SHARERS = ("authors", "administrators")
_LONGEST = 4_000


def rule(default: Any, **more: Any) -> Any:
    """Declare what is set on each level, on the pages of rules."""
    return setting(default, own_page=True, **more)


@dataclass(frozen=True)
class ShareLinkSettings:
    """What administrators decide about links."""

    default_days: int = rule(
        14,
        label=Text("Usual life in days"),
        help=Text("At most as long as links may live."),
        minimum=1,
        maximum=3_650,
    )
    names: str = rule(
        Names.NAME.value,
        label=Text("How new links name people in Atlassian"),
        help=Text("full (with addresses where their owners show them), name, initials or none."),
        choices=tuple(one.value for one in Names),
    )
    default_watermark: bool = rule(
        False,
        label=Text("New links show a watermark"),
        help=Text("Chosen beforehand; creators may change it."),
    )
    owner_reminder_days: int = setting(
        3,
        label=Text("Remind owners of the end of a link, in days before"),
        help=Text("Once for each end. 0 means never."),
        minimum=0,
        maximum=90,
    )
    unasked_days: int = setting(
        30,
        label=Text("Keep links whose owner’s right nobody can be asked about, in days"),
        help=Text(
            "Counted from the last proof, such as after an owner disconnected their account. 0 means not at all."
        ),
        minimum=0,
        maximum=3_650,
    )
    stale_hours: int = setting(
        24,
        label=Text("Serve copies while Atlassian is down, in hours"),
        help=Text("0 means never."),
        minimum=0,
        maximum=24,
    )
    require_gate: bool = rule(
        True,
        label=Text("A link needs a password or a group"),
        help=Text("Or a sign-in, or a code by mail: it never opens for everybody who has its address."),
    )
    require_password: bool = rule(False, label=Text("A link needs a password"))
    password_length: int = rule(
        10,
        label=Text("Shortest password of a link"),
        help=Text("Characters. Checked when a password is set."),
        minimum=10,
        maximum=64,
    )
    password_score: int = rule(
        0,
        label=Text("Strength of a link's password"),
        help=Text("0 asks for nothing; 4 is hardest to guess. Checked when a password is set."),
        minimum=0,
        maximum=4,
    )
    require_person: bool = rule(
        False,
        label=Text("Readers show who they are"),
        help=Text("A link needs a sign-in, a group or a code by mail; a password alone is not enough."),
    )
    maximum_days: int = rule(
        90, label=Text("Longest life in days"), help=Text("Counted from creation."), minimum=1, maximum=3_650
    )
    allowed_domains: str = rule(
        "",
        label=Text("Domains that links may be for"),
        help=Text("Separated by commas; empty means any. Concerns the addresses and domains that a link names."),
        maximum=_LONGEST,
        check=not_domains,
    )
    blocked_domains: str = rule(
        "",
        label=Text("Domains that links may not be for"),
        help=Text("Separated by commas."),
        maximum=_LONGEST,
        check=not_domains,
    )
    allow_attachments: bool = rule(True, label=Text("Links may show files"))
    allow_download: bool = rule(True, label=Text("Links may let files be downloaded"))
    allow_pdf: bool = rule(True, label=Text("Links may offer a PDF"))
    allow_comments: bool = rule(True, label=Text("Links may show comments"))
    allow_children: bool = rule(True, label=Text("Links may cover child pages"))
    force_watermark: bool = rule(False, label=Text("Links show a watermark"))
    share_restricted: bool = rule(
        True,
        label=Text("Pages with view restrictions may be shared"),
        help=Text("Only by people who may see them, as far as Atlassian says so."),
    )
    sharers: str = rule("authors", label=Text("Who may share"), choices=SHARERS)
    sharing_groups: str = rule(
        "",
        label=Text("Only members of these groups may share"),
        help=Text("Ids of groups, separated by commas; empty means anybody who may share at all."),
        maximum=_LONGEST,
    )
    approval: bool = rule(
        False,
        label=Text("A second person approves each link"),
        help=Text("For sensitive spaces and projects: until then nobody can open it."),
    )
    approver_groups: str = rule(
        "",
        label=Text("Only members of these groups approve"),
        help=Text("Ids of groups, separated by commas; empty means whoever manages all links."),
        maximum=_LONGEST,
    )
    content_check: str = rule(
        "warn",
        label=Text("When secrets are found in what a link shows"),
        help=Text("off, warn, approve (a second person decides) or refuse."),
        choices=CHECK_MODES,
    )
    patterns: str = rule(
        "",
        label=Text("Own patterns to look for"),
        help=Text("One a line: a name, a colon, and a regular expression, such as “Project code: PX-[0-9]{5}”."),
        maximum=_LONGEST,
        check=patterns.not_patterns,
    )
    frame_hosts: str = setting(
        "",
        label=Text("Sites whose players may stand in pages"),
        help=Text(
            "Host names such as www.youtube.com, separated by spaces. They learn that somebody reads, and from where. "
            "Others become a link."
        ),
        maximum=frames.MOST_CHARACTERS,
        check=frames.problem,
    )

    @property
    def framed(self) -> frozenset[str]:
        """The host names of `frame_hosts`."""
        return frames.named_in(self.frame_hosts)
