"""Starting any process of Portico: key ring, database, mail and clients, in the order they need one another."""

from pathlib import Path

from sqlalchemy import Engine, create_engine

from app.core import db
from app.core.audit.sealer import Head
from app.core.config import Config
from app.core.connections import clients
from app.core.crypto import ring
from app.core.jobs import worker
from app.core.mail import delivery


def engine_options(config: Config) -> dict[str, object]:
    """Return how the engine pools connections."""
    # The message of a failed statement goes to the log, and values may be tokens on their way to be encrypted.
    # The connection used last has pages and statements at hand; the others are for the threads that are busy with one.
    options: dict[str, object] = {"hide_parameters": True, "pool_use_lifo": True}
    if config.database_url.startswith("sqlite"):
        return options | {"connect_args": {"timeout": db.BUSY_TIMEOUT_MS / 1_000}, "pool_size": config.web.threads + 4}
    pool = {"pool_size": config.database.database_pool_size, "max_overflow": config.web.threads, "pool_recycle": 1_800}
    return options | pool


def make_engine(config: Config) -> Engine:
    """Return a prepared engine of its own, for commands."""
    if config.database.database_url is None:
        config.web.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(config.database_url, **engine_options(config))
    db.prepare(engine)
    return engine


def start(config: Config) -> None:
    """Load the key ring and configure what core keeps per process. Raises KeyRingError without keys."""
    ring.install(ring.load(config), None if config.keys.keys is not None else ring.path(config))
    delivery.configure(config)
    clients.configure(config)
    outside = config.operations.audit_head_file
    worker.witness_head((lambda head: _append(outside, head)) if outside is not None else None)


def _append(path: Path, head: Head) -> None:
    with path.open("a", encoding="ascii") as file:
        file.write(f"{head.seq} {head.mac}\n")
