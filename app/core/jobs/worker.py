"""The worker: takes wake-ups from the queue, sweeps for what they missed, and does the recurring work."""

import os
import socket
import threading
import time
import traceback
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import delete

from app.core import clock, context, db
from app.core.audit import sealer, trail
from app.core.audit.events import CoreEvent
from app.core.jobs import outbox, schedule
from app.core.jobs.models import Job, JobState
from app.core.jobs.outbox import LEASE, MAXIMUM_ATTEMPTS

logger = structlog.get_logger(__name__)

SWEEP_SECONDS = 10
#: Finished jobs are kept this long for the jobs page.
KEEP_DONE = timedelta(days=7)
#: Longest pause of the ticker between two looks at the schedule.
TICK_SECONDS = 0.25

_witness: Callable[[sealer.Head], None] | None = None


def witness_head(witness: Callable[[sealer.Head], None] | None) -> None:
    """Set where, besides the log, the head of the audit chain goes every hour."""
    global _witness
    _witness = witness


def worker_name() -> str:
    """Return a name for this thread of this process of this machine, for leases."""
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{threading.get_ident() % 100_000}"


def run_job(job_id: int) -> bool:
    """Claim and do one job; False where somebody else has it or it is not due."""
    worker = worker_name()
    with db.transaction() as session:
        job = outbox.claim(session, job_id, worker)
    if job is None:
        return False
    kind = outbox.kinds().get(job.name)
    with context.use(context.CallContext(source=context.Source.WORKER, request_id=f"job-{job_id}")):
        log = logger.bind(job=job.name, job_id=job_id, attempt=job.attempts)
        if kind is None:
            _give_back(job, worker, f"No job is named {job.name} in this version of Portico.")
            return True
        try:
            with _Renewal(job_id, worker):
                kind.function(**job.arguments)
        except Exception as error:  # noqa: BLE001 - whatever a job raises, its row says so and it is tried again
            log.warning("job failed", error=type(error).__name__)
            _give_back(job, worker, "".join(traceback.format_exception_only(error)).strip())
        else:
            with db.transaction() as session:
                outbox.finish(session, job_id, worker)
            log.info("job done")
    return True


def _give_back(job: Job, worker: str, error: str) -> None:
    with db.transaction() as session:
        if outbox.fail(session, job.id, worker, error, attempts=job.attempts):
            trail.record(
                session, CoreEvent.JOB_FAILED, subject=("job", job.id), job=job.name, attempts=MAXIMUM_ATTEMPTS
            )


class _Renewal:
    """Renews the lease of a running job three times per lease."""

    def __init__(self, job_id: int, worker: str) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(job_id, worker), daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _run(self, job_id: int, worker: str) -> None:
        while not self._stop.wait(LEASE.total_seconds() / 3):
            try:
                with db.transaction() as session:
                    if not outbox.renew(session, job_id, worker):
                        return
            except Exception:  # noqa: BLE001 - the next renewal tries again before the lease runs out
                logger.warning("a lease could not be renewed", job_id=job_id)


class Ticker(threading.Thread):
    """Runs recurring work when it is due and this worker gets its lease, and sweeps for lost wake-ups."""

    def __init__(self, hand_over: Callable[[int], object]) -> None:
        super().__init__(name="portico-ticker", daemon=True)
        self._stop_event = threading.Event()
        self._hand_over = hand_over
        self._swept_at = 0.0

    def stop(self) -> None:
        """End after the piece of work under way."""
        self._stop_event.set()

    def run(self) -> None:
        prepared = False
        while not self._stop_event.wait(TICK_SECONDS):
            try:
                if not prepared:
                    schedule.prepare()
                    prepared = True
                for entry in schedule.due():
                    self._do(entry)
                if time.monotonic() - self._swept_at >= SWEEP_SECONDS:
                    self._swept_at = time.monotonic()
                    sweep(self._hand_over)
            except Exception as error:  # noqa: BLE001 - the ticker must outlive any trouble
                # The database may be away or locked; the next tick tries again.
                logger.warning("the schedule could not be read", error=type(error).__name__)
                self._stop_event.wait(1)

    @staticmethod
    def _do(entry: schedule.Recurring) -> None:
        worker = worker_name()
        with db.transaction() as session:
            if not schedule.take(session, entry, worker):
                return
        with context.use(context.CallContext(source=context.Source.WORKER)):
            try:
                entry.function()
            except Exception:
                logger.exception("recurring work failed", work=entry.name)
            finally:
                with db.transaction() as session:
                    schedule.release(session, entry, worker)


def sweep(hand_over: Callable[[int], object] = run_job) -> int:
    """Hand over every job that is due but whose wake-up was lost; returns how many."""
    with db.reading() as session:
        ids = outbox.due(session, clock.now())
    for job_id in ids:
        hand_over(job_id)
    return len(ids)


@schedule.every(1, "audit.seal")
def seal_entries() -> None:
    """Seal what was recorded since the last pass."""
    while True:
        with db.transaction() as session:
            if sealer.seal(session) < sealer.BATCH:
                return


@schedule.every(3_600, "audit.publish_head")
def publish_head() -> None:
    """Seal what a late commit left behind, and tell the log where the chain ends."""
    with db.transaction() as session:
        sealer.seal(session, everywhere=True)
    with db.reading() as session:
        end = sealer.head(session)
    logger.info("audit head", seq=end.seq, mac=end.mac)
    if _witness is not None:
        _witness(end)


@schedule.every(3_600, "jobs.purge")
def purge_done() -> None:
    """Delete jobs that were done more than a week ago."""
    with db.transaction() as session:
        session.execute(delete(Job).where(Job.state == JobState.DONE, Job.finished_at < clock.now() - KEEP_DONE))
