"""What readers of a link may do, as the programming interface writes it."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from app.features.share_links.powers import MAXIMUM_DEPTH, MAXIMUM_FIELDS, MAXIMUM_LABELS, Children, Powers, labels_of
from app.features.share_links.reading.names import Names
from app.features.share_links.rules.rulebook import Rules
from app.web.api import Input

_Label = Annotated[str, Field(min_length=1, max_length=255)]
_FieldId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,127}$")]
_SWITCHES = ("comments", "attachments", "download", "pdf", "watermark")


class ChildrenBody(Input):
    """Child pages that are shown beside a page."""

    depth: int = Field(1, ge=1, le=MAXIMUM_DEPTH)
    labels: list[_Label] = Field(
        default_factory=list, max_length=MAXIMUM_LABELS, description="Only pages with one of these; empty means all."
    )


class PowersBody(Input):
    """What readers may do; everything is off unless switched on."""

    comments: bool = Field(False, description="Comments that nobody is kept from are shown.")
    attachments: bool = False
    download: bool = False
    pdf: bool = False
    watermark: bool = Field(False, description="Who is reading lies over the page and its PDF.")
    children: ChildrenBody | None = Field(None, description="Child pages; null for none.")
    jira_fields: list[_FieldId] = Field(
        default_factory=list, max_length=MAXIMUM_FIELDS, description="Ids of an issue's fields; empty means the usual."
    )
    names: Names | None = Field(None, description="How people in Atlassian are named; null as the settings say.")


def of_new(body: PowersBody | None, ruled: Rules | None) -> Powers:
    """Return the powers of a new link for which these were sent, with what its place chooses beforehand."""
    return chosen(_preselected(ruled), body, ruled)


def chosen(before: Powers, body: PowersBody | None, ruled: Rules | None) -> Powers:
    """Return powers with what a body gives changed (RFC 7396); null is back to what a new link has."""
    new = _preselected(ruled)
    if body is None:
        return new
    given = body.model_fields_set
    found = replace(before, **{name: getattr(body, name) for name in _SWITCHES if name in given})
    if "children" in given:
        below = body.children
        found = replace(found, children=Children(below.depth, labels_of(",".join(below.labels))) if below else None)
    if "jira_fields" in given:
        found = replace(found, jira_fields=tuple(body.jira_fields))
    if "names" in given:
        found = replace(found, names=body.names or new.names)
    return replace(found, attachments=found.attachments or found.download)


def _preselected(ruled: Rules | None) -> Powers:
    return Powers(names=Names(ruled.names), watermark=ruled.default_watermark) if ruled is not None else Powers()


def told(powers: Powers) -> PowersBody:
    """Return powers as they are answered."""
    below = powers.children
    return PowersBody(
        **{name: getattr(powers, name) for name in _SWITCHES},
        children=ChildrenBody(depth=below.depth, labels=list(below.labels)) if below else None,
        jira_fields=list(powers.jira_fields),
        names=powers.names,
    )
