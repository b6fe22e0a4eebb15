"""Lists of Confluence's first interface, page by page."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.integrations.atlassian.pages import by_start
from app.integrations.atlassian.shapes import mapping
from app.integrations.atlassian.transport import Params, Transport

API = "/rest/api"
LIST_LIMIT = 100


def entries(transport: Transport, path: str, params: Params) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a list, asking for the next page only when it is needed. Raises AtlassianError."""

    def fetch(more: Mapping[str, str | int]) -> Mapping[str, Any]:
        return mapping(transport.get(path, {**params, **more}), "the list")

    return by_start(fetch, page_size=LIST_LIMIT)
