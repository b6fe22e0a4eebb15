"""Huey as a carrier of wake-ups: its messages hold a job's row id and nothing else, as JSON and never as pickle."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from app.core.config import REDIS, Config

_NAME = "portico"


class WakeUpSerializer(Serializer):  # type: ignore[misc]
    """Writes a message as its id, its task's name and one integer; whoever can write the queue cannot run code here."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps({"id": data.id, "name": data.name, "job": data.args[0]}).encode()

    def _deserialize(self, data: bytes) -> Message:
        message = json.loads(data)
        return Message(str(message["id"]), str(message["name"]), None, 0, 0, None, (int(message["job"]),), {})


def build(config: Config) -> Huey:
    """Return the queue that the settings name."""
    url = config.queue.queue_url.get_secret_value() if config.queue.queue_url else None
    options: dict[str, Any] = {"results": False, "utc": True, "serializer": WakeUpSerializer()}
    if url is None:
        config.web.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SqliteHuey(_NAME, filename=str(config.web.data_dir / "queue.db"), **options)
    if url.startswith(REDIS):
        return RedisHuey(_NAME, url=url, **options)
    return PostgresHuey(_NAME, dsn=url, **options)


@dataclass(frozen=True)
class WakeUps:
    """The queue, and the function that puts a wake-up for a job id into it."""

    queue: Huey
    wake: Callable[[int], None]


def open_with(config: Config, run: Callable[[int], Any]) -> WakeUps:
    """Open the queue that the settings name and register the one task there is, which calls `run`."""
    queue = build(config)
    return WakeUps(queue, register(queue, run))


def register(queue: Huey, run: Callable[[int], Any]) -> Callable[[int], None]:
    """Register the one task there is, and return the function that enqueues a wake-up for a job id."""

    def run_job(job_id: int) -> None:
        run(job_id)

    task = queue.task(name="run_job")(run_job)

    def wake(job_id: int) -> None:
        task(job_id)

    return wake
