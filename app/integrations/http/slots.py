"""At most so many threads of one process may wait for one outside host; the next is told at once.

Without it one slow system would hold every worker thread, and pages that need nothing from it would stop too.
"""

import threading
from collections.abc import Callable

from app.integrations.http.errors import Busy

THREADS_PER_HOST = 4


class Slots:
    """Counts the threads inside each host; one instance serves the whole process."""

    def __init__(self, limit: int = THREADS_PER_HOST) -> None:
        self._limit = limit
        self._taken: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, host: str) -> Callable[[], None]:
        """Take a place for `host` and return the function that gives it back (once, however often called).

        Raises Busy at once when none is free.
        """
        with self._lock:
            taken = self._taken.get(host, 0)
            if taken >= self._limit:
                raise Busy(f"{host} is being asked by {self._limit} others at this moment. Try again shortly.")
            self._taken[host] = taken + 1
        done = threading.Event()

        def give_back() -> None:
            with self._lock:
                if done.is_set():
                    return
                done.set()
                left = self._taken[host] - 1
                if left:
                    self._taken[host] = left
                else:
                    del self._taken[host]

        return give_back

    def taken(self, host: str) -> int:
        """Say how many threads are inside `host` now."""
        with self._lock:
            return self._taken.get(host, 0)


#: The places of this process, shared by every transport that is not given its own.
PROCESS_SLOTS = Slots()
