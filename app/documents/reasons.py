"""Why each kind of content that is left out is left out, by the key that renderers name it with."""

from collections.abc import Mapping
from types import MappingProxyType

from app.documents.types import Reason

_NOT_COVERED = (
    "attachments blog-posts blogposts children content-by-user content-report content-report-table contentbylabel"
    " contributors contributors-summary decisionreport detailssummary excerpt-include favpages foreign-attachment"
    " foreign-diagram global-reports hide-if im include incoming-links index jira jirachart jiraissues jiraroadmap labels-list"
    " listlabels navmap network outgoing-links pagetree popular-labels profile profile-picture recently-updated"
    " recently-updated-dashboard recently-used-labels related-labels show-if space-attachments space-details space-list spaces"
    " spaces-list status-list sync-block tasks-report-macro top-contributors userlister user-list users"
)
_ACTIVE = "change-history embed external-image html html-include iframe rss script svg widget"
#: Fields and buttons: a box in their place would tell a reader nothing.
_QUIET = (
    "add-label create-from-template create-page create-page-button create-space-button livesearch pagetreesearch redirect"
    " search spacejump viewport-redirect viewport-url-redirect"
)
_REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        **dict.fromkeys(_NOT_COVERED.split(), Reason.NOT_COVERED),
        **dict.fromkeys(f"{_ACTIVE} {_QUIET}".split(), Reason.ACTIVE),
        "missing-file": Reason.MISSING,
        **dict.fromkeys(("include-loop", "include-more"), Reason.BOUNDED),
    }
)
_WITHOUT_BOX = frozenset(_QUIET.split())


def reason_of(key: str) -> Reason:
    """Return why the macro, node or element `key` is not shown."""
    return _REASONS.get(key.lower(), Reason.UNKNOWN)


def is_quiet(key: str) -> bool:
    """Tell whether a box in place of the macro `key` would tell a reader nothing."""
    return key in _WITHOUT_BOX
