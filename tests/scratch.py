"""Where tests write: databases, profiles of browsers, data folders. In memory where there is room, for nobody keeps any of it."""

import os
import re
import shutil
import tempfile
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")
#: Many times what tests have there at a time, which was 171 MB.
_ROOM_BYTES = 4 * 2**30


def write_in_memory() -> None:
    """Have temporary files of this process, and of all it starts, made in memory; TMPDIR names another place."""
    if "TMPDIR" not in os.environ and _has_room():
        # The module may have decided already.
        os.environ["TMPDIR"] = tempfile.tempdir = str(_IN_MEMORY)


def _has_room() -> bool:
    if not os.access(_IN_MEMORY, os.W_OK):
        return False
    told = re.search(r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    available = int(told[1]) * 1_024 if told else 0
    return min(available, shutil.disk_usage(_IN_MEMORY).free) >= _ROOM_BYTES
