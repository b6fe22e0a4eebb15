"""What this process keeps ready: a bounded cache of bytes, so that a repeated read costs one query and a look-up.

Nothing here decides anything: an entry is only asked for once `policy.next_step` has said that it may be served.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The values used last, up to a total size in bytes."""

    def __init__(self, limit: int, size_of: Callable[[Value], int]) -> None:
        self._limit = limit
        self._size_of = size_of
        self._total = 0
        self._entries: OrderedDict[Hashable, tuple[int, Value]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return a value and note its use, or None."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            self._entries.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value; whatever was not used for longest goes. A value larger than a quarter of all is not kept."""
        size = self._size_of(value)
        with self._lock:
            self._drop(key)
            if size > self._limit // 4:
                return
            self._entries[key] = (size, value)
            self._total += size
            while self._total > self._limit:
                self._drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._total = 0

    def _drop(self, key: Hashable) -> None:
        gone = self._entries.pop(key, None)
        if gone is not None:
            self._total -= gone[0]
