"""Confluence Cloud before a site of the test, and the answers that several tests give there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.integrations.atlassian.cloud.confluence import ConfluenceCloud
from tests.integrations.atlassian.site import Site, site, transport

V1 = "/wiki/rest/api"
V2 = "/wiki/api/v2"


@contextmanager
def confluence(prefix: str = "") -> Iterator[tuple[Site, ConfluenceCloud]]:
    with site() as peer, transport(peer.url + prefix) as one:
        yield peer, ConfluenceCloud(one)


def restricted(users: list[str] | None = None, groups: list[str] | None = None, limit: int = 100) -> dict[str, Any]:
    return {
        "operation": "read",
        "restrictions": {
            "user": {"results": [{"accountId": one} for one in users or []], "start": 0, "limit": limit, "size": 1},
            "group": {"results": [{"id": one, "name": one} for one in groups or []], "start": 0, "limit": limit},
        },
    }
