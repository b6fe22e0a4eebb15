"""Sites whose players and pages may stand in a frame within a shared page: an administrator lists them, by default none.

A frame tells its site that somebody reads, and from where; it gets a sandbox and no referrer.
"""

import re
from functools import lru_cache

from app.core.text import Text

#: Sites that can be listed, and the characters of the list.
MOST = 20
MOST_CHARACTERS = 2_000
_BETWEEN = re.compile(r"[\s,]+")
#: Names only (RFC 1123 section 2.1): with a port, a path or a star the policy of the page would say something else.
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")


@lru_cache(maxsize=16)
def named_in(text: str) -> frozenset[str]:
    """Return the host names that a list names, in lower case."""
    return frozenset(one for one in _BETWEEN.split(text.lower()) if _HOST.fullmatch(one))


def problem(text: str) -> Text | None:
    """Say what is wrong with a list of host names, or None."""
    entered = [one for one in _BETWEEN.split(text.lower()) if one]
    if len(entered) > MOST:
        return Text("List at most %(count)s sites.", count=MOST)
    for one in entered:
        if not _HOST.fullmatch(one):
            return Text(
                "“%(name)s” is not the name of a host. Enter names such as www.youtube.com, separated by spaces.",
                name=one[:100],
            )
    return None


@lru_cache(maxsize=16)
def policy(hosts: frozenset[str]) -> str:
    """Return what a page's Content-Security-Policy ends with: nothing where no site is listed."""
    return f"; frame-src {' '.join(f'https://{host}' for host in sorted(hosts))}" if hosts else ""
