"""What a sign-in sends to a provider while the browser waits, with no transaction open.

Keys are kept for an hour. A token that names an unknown key has them read again, but not more than once a minute: whoever
sends made-up tokens must not have us knock at the provider.
"""

import math
import secrets
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

from app.features.sso import addresses
from app.integrations.http.errors import OutsideError
from app.integrations.identity.fetching import Fetched, Fetcher
from app.protocols.oidc.errors import MetadataRefused
from app.protocols.oidc.keys import KeySet, read_key_set
from app.protocols.oidc.types import TokenRequest

#: Seconds for which keys are believed to be the provider's present ones.
KEEP_KEYS = 3_600.0
#: Seconds that have to pass before they are read again because of a token once more.
READ_AGAIN_AFTER = 60.0
MAXIMUM_SETS = 200

randomness = secrets.token_bytes
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: KeySet
    read_at: float
    #: When they were read because of a token the last time.
    again_at: float


_kept: dict[str, _Kept] = {}


class ProviderDown(Exception):
    """A provider did not answer in time, or not with what it should; the message is for an administrator."""


def send(request: TokenRequest) -> Fetched:
    """Send a request to the token endpoint, once. Raises ProviderDown."""
    try:
        return fetcher().token(request.url, request.headers, request.body)
    except OutsideError as error:
        raise ProviderDown(error.message) from error


def get(url: str, access_token: str) -> Fetched:
    """Ask about the person that a token stands for. Raises ProviderDown."""
    try:
        return fetcher().userinfo(url, access_token)
    except OutsideError as error:
        raise ProviderDown(error.message) from error


def key_set(url: str, *, fresh: bool) -> KeySet:
    """Return a provider's keys, as they were read lately or, with `fresh`, now. Raises ProviderDown."""
    kept = _kept.get(url)
    now = time.monotonic()
    if kept is not None and (now - kept.again_at < READ_AGAIN_AFTER if fresh else now - kept.read_at < KEEP_KEYS):
        return kept.keys
    try:
        found = read_key_set(fetcher().key_set(url))
    except (OutsideError, MetadataRefused) as error:
        raise ProviderDown(str(error)) from error
    with _lock:
        if len(_kept) >= MAXIMUM_SETS:
            _kept.clear()
        before = kept.again_at if kept else -math.inf
        _kept[url] = _Kept(found, now, now if fresh else before)
    return found


def forget() -> None:
    """Drop the keys that this process keeps."""
    with _lock:
        _kept.clear()


def fetcher() -> Fetcher:
    """Return the fetcher of this process; loopback is reached in development only."""
    return _fetcher(addresses.plain_http_is_allowed())


@lru_cache(maxsize=2)
def _fetcher(allow_loopback: bool) -> Fetcher:
    return Fetcher(allow_loopback=allow_loopback)
