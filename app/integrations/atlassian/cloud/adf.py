"""Bodies in Atlassian Document Format, which travel as a text inside of the answer."""

import json
from collections.abc import Mapping
from typing import Any

from app.integrations.atlassian.shapes import mapping, nonsense, part, text


def document(body: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """Return the document that the `body` of an answer holds; `what` names it where it cannot be read. Raises Unreachable."""
    written = text(part(body, "atlas_doc_format"), "value")
    try:
        return mapping(json.loads(written), what)
    except (ValueError, RecursionError):
        raise nonsense(f"{what} cannot be read") from None
