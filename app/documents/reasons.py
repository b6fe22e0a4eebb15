"""Why each kind of content that is left out is left out, by the key that renderers name it with."""

from collections.abc import Mapping
from types import MappingProxyType

from app.documents.types import Reason

_NOT_COVERED = (
    "attachments blog-posts children content-report-table contentbylabel contributors contributors-summary"
    " detailssummary excerpt-include favpages foreign-attachment global-reports im include incoming-links jira"
    " jiraissues jirachart jiraroadmap listlabels livesearch navmap network pagetree pagetreesearch popular-labels"
    " profile profile-picture recently-updated recently-updated-dashboard recently-used-labels related-labels"
    " roadmap search space-attachments space-details spaces spaces-list sync-block tasks-report-macro"
    " userlister user-list"
)
_ACTIVE = "change-history create-from-template create-space-button embed external-image html html-include iframe rss script svg widget"
_REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        **dict.fromkeys(_NOT_COVERED.split(), Reason.NOT_COVERED),
        **dict.fromkeys(_ACTIVE.split(), Reason.ACTIVE),
        "missing-file": Reason.MISSING,
    }
)


def reason_of(key: str) -> Reason:
    """Return why the macro, node or element `key` is not shown."""
    return _REASONS.get(key.lower(), Reason.UNKNOWN)
