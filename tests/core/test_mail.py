"""Mail: a job like any other, delivered by SMTP to a real server, or into a folder in development."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, LargeBinary, select, type_coerce

from app.core import db
from app.core.config import Config
from app.core.jobs.models import Job, JobState
from app.core.jobs.worker import run_job
from app.core.mail import delivery
from app.core.mail.models import OutgoingMail
from app.core.text import Text
from tests.processes import PATIENCE_SECONDS, free_port


class Sink:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.messages.append(envelope)
        return "250 OK"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    kept, port = Sink(), free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE_SECONDS)
    controller.start()
    yield kept, port
    controller.stop()


@pytest.fixture(autouse=True)
def as_before(config: Config) -> Iterator[None]:
    yield
    delivery.configure(config)


def send_one() -> int:
    with db.transaction() as session:
        delivery.send(
            session,
            to="ines@example.com",
            subject=Text("Paused:\r\nBcc: evil@example.com"),
            body=Text("%(name)s was paused.", name="Berth plan"),
        )
    with db.reading() as session:
        return session.scalars(select(Job.id).where(Job.name == "mail.deliver")).one()


def test_a_message_arrives_once_however_often_its_job_runs(
    engine: Engine, config: Config, sink: tuple[Sink, int]
) -> None:
    kept, port = sink
    by_smtp = config.mail.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"})
    delivery.configure(replace(config, mail=by_smtp))
    job_id = send_one()
    assert run_job(job_id) is True
    assert run_job(job_id) is False
    with db.reading() as session:
        delivery.deliver(session.scalars(select(OutgoingMail.id)).one())
    assert len(kept.messages) == 1
    assert kept.messages[0].rcpt_tos == ["ines@example.com"]


def test_a_subject_cannot_add_headers(engine: Engine, config: Config) -> None:
    delivery.configure(config)
    run_job(send_one())
    (written,) = (config.web.data_dir / "mail").iterdir()
    head = written.read_text(encoding="utf-8").split("\n\n")[0]
    assert not [line for line in head.splitlines() if line.lower().startswith("bcc")]
    written.unlink()


def test_without_a_mail_server_the_job_waits_and_says_why(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_deliver", None)
    job_id = send_one()
    run_job(job_id)
    with db.reading() as session:
        row = session.scalars(select(Job).where(Job.id == job_id)).one()
    assert row.state == JobState.QUEUED
    assert "PORTICO_SMTP_HOST" in (row.last_error or "")


def test_recipients_and_text_are_encrypted_at_rest(engine: Engine) -> None:
    send_one()
    with db.reading() as session:
        raw = session.execute(
            select(
                type_coerce(OutgoingMail.recipient, LargeBinary),
                type_coerce(OutgoingMail.subject, LargeBinary),
                type_coerce(OutgoingMail.body, LargeBinary),
            )
        ).one()
    assert not [value for value in raw if b"ines" in bytes(value) or b"Berth" in bytes(value)]
