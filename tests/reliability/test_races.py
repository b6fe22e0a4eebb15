"""Fifty visitors for the last ten views, through two processes of the portal."""

import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import urllib3
from sqlalchemy import func, select

from app.core import clock, db
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.crypto import tokens as random_values
from app.features.share_links import tokens
from app.features.share_links.models import Grant, SharedObject, ShareLink
from app.features.share_links.powers import Powers, dump
from tests.processes import PATIENCE_SECONDS
from tests.reliability.conftest import Installation

VISITORS = 50
VIEWS = 10


def test_ten_of_fifty_visitors_get_the_last_ten_views(installation: Installation) -> None:
    token = _link(installation)
    address = f"{installation.base_url}/s/{token}/"
    together = threading.Barrier(VISITORS)
    with ThreadPoolExecutor(VISITORS) as pool:
        seen = list(pool.map(lambda _: _visit(address, together), range(VISITORS)))
    assert Counter(seen) == {"read": VIEWS, "closed": VISITORS - VIEWS}
    with db.reading() as session:
        link = session.scalars(select(ShareLink)).one()
        opened = session.scalar(
            select(func.count()).select_from(AuditEntry).where(AuditEntry.event == "share_links:link:opened")
        )
        granted = session.scalar(select(func.count()).select_from(Grant))
    assert (link.views, opened, granted) == (VIEWS, VIEWS, VIEWS)


def _visit(address: str, together: threading.Barrier) -> str:
    """Open the gate, wait for everybody, press "Open", and say what came of it."""
    pool = urllib3.PoolManager(retries=False, timeout=PATIENCE_SECONDS)
    gate = _answer(pool, "GET", address)
    assert gate.status == 200, gate.data[:500]
    field = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', gate.data.decode())
    assert field is not None
    cookies = _cookies(gate)
    together.wait(PATIENCE_SECONDS)
    opened = _answer(
        pool,
        "POST",
        f"{address}open",
        fields={"csrf_token": field.group(1)},
        encode_multipart=False,
        headers={"Cookie": _header(cookies)},
        redirect=False,
    )
    if opened.status == 404:
        return "closed"
    assert opened.status == 303, (opened.status, opened.data[:300])
    page = _answer(pool, "GET", address, headers={"Cookie": _header(cookies | _cookies(opened))})
    return "read" if page.status == 200 and b"doc-body" in page.data else "closed"


def _answer(pool: urllib3.PoolManager, method: str, address: str, **more: Any) -> urllib3.BaseHTTPResponse:
    """Ask until the portal is not too busy to answer, which it says by 503."""
    while (answer := pool.request(method, address, **more)).status == 503:
        time.sleep(0.05)
    return answer


def _cookies(answer: urllib3.BaseHTTPResponse) -> dict[str, str]:
    given = (line.split(";")[0].partition("=") for line in answer.headers.getlist("Set-Cookie"))
    return {name: value for name, _, value in given}


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _link(installation: Installation) -> str:
    """Make a link without a password or group, so that only the views decide."""
    pool = urllib3.PoolManager(retries=False, timeout=PATIENCE_SECONDS)
    made = pool.request(
        "POST",
        f"{installation.base_url}/api/v1/shares",
        headers={"Authorization": f"Bearer {installation.token}"},
        json={"url": installation.page_url(), "groups": [installation.group_id]},
    )
    assert made.status == 201, made.data
    now = clock.now()
    with db.transaction() as session:
        author = session.scalars(select(Person.id).where(Person.email == "ines.duarte@example.com")).one()
        first = session.scalars(select(ShareLink)).one()
        shared = session.scalars(select(SharedObject.id)).one()
        link = ShareLink(
            public_id=random_values.new_public_id(),
            name="race",
            shared_object_id=shared,
            created_by_id=author,
            created_at=now,
            expires_at=now + timedelta(days=1),
            max_views=VIEWS,
            powers=dump(Powers()),
            restriction_digest=first.restriction_digest,
        )
        session.add(link)
        session.delete(first)
        session.flush()
        return tokens.make(link.public_id, link.generation)
