"""The way to a Data Center at an address that the test names."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.integrations.atlassian.auth import PersonalAccessToken
from app.integrations.atlassian.hosts import NamedHost
from app.integrations.atlassian.transport import Transport
from app.integrations.http.slots import Slots
from tests.processes import PATIENCE_SECONDS


@contextmanager
def transport(base_url: str, token: str, seconds: float = PATIENCE_SECONDS) -> Iterator[Transport]:
    policy = NamedHost(base_url, allow_loopback=True)
    one = Transport(
        base_url,
        PersonalAccessToken(token),
        policy=policy,
        read_timeout=seconds,
        total_timeout=seconds,
        slots=Slots(),
    )
    try:
        yield one
    finally:
        one.close()
