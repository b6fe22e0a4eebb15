"""Pages as a search tells of them, a hundred at a time: both editions write them alike.

Asked one by one, each page of a tree takes two calls. The search finds by an index that lags behind, and takes what it tells from the
pages themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.integrations.atlassian.shapes import count, identifier, items, optional_text, parse_instant, part, text
from app.integrations.atlassian.types import PageSummary

#: Reads the address of a page from its `_links`, and falls back on its id.
WebUrl = Callable[[Mapping[str, Any], str], str]
#: Below the interface of either edition.
PATH = "content/search"
_EXPANDS = "space,version,metadata.labels,restrictions.read.restrictions.user,restrictions.read.restrictions.group"


def below(page_id: str) -> str:
    """Return the query that finds the pages below one; its id is a number."""
    return f"type=page and ancestor={page_id}"


def question(page_id: str) -> dict[str, str | int]:
    """Return the parameters that ask for the pages below one with all that a summary tells."""
    return {"cql": below(page_id), "expand": _EXPANDS}


def read(entries: Iterable[Mapping[str, Any]], web_url: WebUrl) -> list[PageSummary]:
    """Return the pages that are told all of."""
    return [found for one in entries if (found := _summary(one, web_url)) is not None]


def _summary(data: Mapping[str, Any], web_url: WebUrl) -> PageSummary | None:
    labels = part(part(data, "metadata"), "labels")
    subjects = part(part(part(data, "restrictions"), "read"), "restrictions")
    users, groups = part(subjects, "user"), part(subjects, "group")
    told = all(isinstance(one.get("results"), list) for one in (labels, users, groups))
    # A list that is not there must not read as an empty one, nor the beginning of one as all of it.
    if data.get("type") != "page" or not told or part(labels, "_links").get("next") is not None:
        return None
    version = part(data, "version")
    return PageSummary(
        id=identifier(data, "id"),
        title=text(data, "title"),
        status=text(data, "status"),
        version=count(version, "number"),
        space_key=optional_text(part(data, "space"), "key"),
        updated_at=parse_instant(version.get("when")),
        labels=tuple(sorted({text(one, "name") for one in items(labels, "results")})),
        web_url=web_url(part(data, "_links"), identifier(data, "id")),
        restricted=bool(items(users, "results") or items(groups, "results")),
    )
