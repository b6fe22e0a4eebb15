"""Loaded by Python itself where PYTHONPATH names this folder: `app.core.clock` is off by the seconds that a file says.

libfaketime would do it below Python; but its `clock_nanosleep` of Debian 12 refuses what `time.sleep` asks of it.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.core import clock

_FILE = Path(os.environ["SHIFTED_CLOCK"])


def _shifted() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(_FILE.read_text(encoding="ascii")))


clock._source = _shifted
