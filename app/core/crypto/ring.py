"""The key ring of this process, loaded at start and used by whoever encrypts, signs or seals."""

from pathlib import Path

from app.core.config import Config
from app.core.crypto import keyring
from app.core.crypto.keyring import KeyRing, KeyRingError

_ring: KeyRing | None = None


def load(config: Config) -> KeyRing:
    """Read the key ring that the settings name; raise KeyRingError where there is none."""
    given = config.keys.keys
    return keyring.parse(given.get_secret_value()) if given is not None else keyring.read(path(config))


def path(config: Config) -> Path:
    """Return where the key file is when no variable names it."""
    return config.web.data_dir / "keys.json"


def install(ring: KeyRing) -> None:
    """Make `ring` the one of this process."""
    global _ring
    _ring = ring


def current() -> KeyRing:
    """Return the key ring of this process; raise KeyRingError where none was installed."""
    if _ring is None:
        raise KeyRingError("no key ring is loaded")
    return _ring
