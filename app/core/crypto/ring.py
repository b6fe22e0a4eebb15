"""The key ring of this process: loaded at start, and again within a second when the key file changes.

A rotation writes the file first; by the time something is encrypted with the new key, every process knows it.
"""

import time
from pathlib import Path

import structlog

from app.core.config import Config
from app.core.crypto import keyring
from app.core.crypto.keyring import KeyRing, KeyRingError

#: Seconds between two looks at the key file.
LOOK_SECONDS = 1.0

logger = structlog.get_logger(__name__)

_ring: KeyRing | None = None
_file: Path | None = None
_seen: tuple[float, int] = (0.0, 0)
_looked_at = 0.0


def load(config: Config) -> KeyRing:
    """Read the key ring that the settings name; raise KeyRingError where there is none."""
    if config.keys.keys is not None:
        return keyring.parse(config.keys.keys.get_secret_value())
    return keyring.read(path(config))


def path(config: Config) -> Path:
    """Return where the key file is."""
    return config.keys.keys_path or config.web.data_dir / "keys.json"


def install(ring: KeyRing, file: Path | None = None) -> None:
    """Make `ring` the one of this process; with `file`, follow that file's changes."""
    global _ring, _file, _seen, _looked_at
    _ring, _file, _looked_at = ring, file, time.monotonic()
    _seen = _stamp(file) if file else (0.0, 0)


def current() -> KeyRing:
    """Return the key ring of this process; raise KeyRingError where none was installed."""
    if _file is not None and time.monotonic() - _looked_at >= LOOK_SECONDS:
        _follow(_file)
    if _ring is None:
        raise KeyRingError("no key ring is loaded")
    return _ring


def _follow(file: Path) -> None:
    global _ring, _seen, _looked_at
    _looked_at = time.monotonic()
    stamp = _stamp(file)
    if stamp in (_seen, (0.0, 0)):
        return
    try:
        _ring, _seen = keyring.read(file), stamp
    except KeyRingError as error:
        # Half of a file that is being copied here, say: the keys that are known are still the right ones.
        logger.error("the key file cannot be read; the keys read before stay in use", cause=str(error))


def _stamp(file: Path) -> tuple[float, int]:
    try:
        status = file.stat()
    except OSError:
        return (0.0, 0)
    return (status.st_mtime, status.st_ino)
