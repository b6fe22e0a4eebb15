"""What a link lets its readers do, stored as JSON with a schema version; everything is off unless switched on."""

import re
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import Invalid
from app.core.text import Text
from app.features.share_links.reading.names import Names

SCHEMA = 1
MAXIMUM_DEPTH = 10
MAXIMUM_LABELS = 20
MAXIMUM_FIELDS = 200
_MAXIMUM_LABEL = 255
_FIELD_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True)
class Children:
    """Child pages: how deep, and only those with one of the labels where any is named."""

    depth: int = 1
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Powers:
    """The powers of a link."""

    comments: bool = False
    #: Files of the page or issue are listed.
    attachments: bool = False
    #: Listed files can be downloaded.
    download: bool = False
    pdf: bool = False
    #: Who is reading lies over the page and over each sheet of its PDF.
    watermark: bool = False
    children: Children | None = None
    #: Fields of an issue that are shown; empty = the usual ones.
    jira_fields: tuple[str, ...] = field(default=())
    #: How much of people's names is shown.
    names: Names = Names.NAME


def dump(powers: Powers) -> dict[str, Any]:
    """Return powers as stored."""
    return {
        "schema": SCHEMA,
        "comments": powers.comments,
        "attachments": powers.attachments,
        "download": powers.download,
        "pdf": powers.pdf,
        "watermark": powers.watermark,
        "children": {"depth": powers.children.depth, "labels": list(powers.children.labels)}
        if powers.children
        else None,
        "jira_fields": list(powers.jira_fields),
        "names": powers.names.value,
    }


def load(stored: dict[str, Any]) -> Powers:
    """Return stored powers; what a later version wrote and this one does not know stays off."""
    if stored.get("schema") != SCHEMA:
        return Powers(names=Names.NONE)
    children, names = stored.get("children"), stored.get("names", Names.NAME.value)
    return Powers(
        comments=stored.get("comments") is True,
        attachments=stored.get("attachments") is True,
        download=stored.get("download") is True,
        pdf=stored.get("pdf") is True,
        watermark=stored.get("watermark") is True,
        children=Children(int(children["depth"]), tuple(children["labels"])) if children else None,
        jira_fields=tuple(stored.get("jira_fields") or ()),
        names=Names(names) if names in set(Names) else Names.NONE,
    )


def labels_of(text: str) -> tuple[str, ...]:
    """Return the labels that a text separated by commas names, in lower case as Confluence has them, each once."""
    return tuple(dict.fromkeys(label for one in text.split(",") if (label := one.strip().lower())))


def checked(powers: Powers, *, is_page: bool) -> Powers:
    """Return the powers of a link; raise Invalid where they do not go with what it shows, or are out of bounds."""
    children = powers.children
    if children is not None:
        if not is_page:
            raise Invalid("children", Text("An issue has no child pages."))
        if not 1 <= children.depth <= MAXIMUM_DEPTH:
            raise Invalid("children", Text("Choose 1 to %(maximum)s levels.", maximum=MAXIMUM_DEPTH))
        if len(children.labels) > MAXIMUM_LABELS or any(len(one) > _MAXIMUM_LABEL for one in children.labels):
            raise Invalid("labels", Text("Enter at most %(maximum)s labels.", maximum=MAXIMUM_LABELS))
        if not all(map(str.isprintable, children.labels)):
            raise Invalid("labels", Text("The labels hold characters that cannot be shown."))
    if powers.jira_fields and is_page:
        raise Invalid("fields", Text("A page has no fields to choose from."))
    if len(powers.jira_fields) > MAXIMUM_FIELDS or not all(map(_FIELD_ID.fullmatch, powers.jira_fields)):
        raise Invalid("fields", Text("Choose at most %(maximum)s fields by their ids.", maximum=MAXIMUM_FIELDS))
    return powers
