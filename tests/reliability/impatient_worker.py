"""A worker whose leases and sweeps take seconds instead of a minute, so that a test can wait for a take-over."""

from datetime import timedelta

from app.cli.processes import worker
from app.core.jobs import outbox, schedule
from app.core.jobs import worker as running

LEASE = timedelta(seconds=2)
outbox.LEASE = LEASE
schedule.LEASE_SECONDS = 2
setattr(running, "LEASE", LEASE)  # noqa: B010 - imported there by name
running.SWEEP_SECONDS = 1


def run() -> None:
    """Work until told to end."""
    worker(standalone_mode=False)


if __name__ == "__main__":
    run()
