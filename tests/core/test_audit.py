"""The audit trail: it cannot be changed, forged, cut or filled with what was not declared."""

from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core import db
from app.core.audit import sealer, trail
from app.core.audit.events import CoreEvent, registry
from app.core.audit.models import AuditEntry, AuditPersonal, AuditSeal
from app.core.audit.sealer import Head
from app.core.audit.verify import verify
from app.core.crypto import keyring, ring
from app.core.crypto.keyring import KeyRing
from app.core.errors import Unavailable
from tests.conftest import NOW
from tests.database import Kind


def record_some(count: int = 3) -> None:
    with db.transaction() as session:
        for number in range(count):
            trail.record(
                session, CoreEvent.GROUP_CREATED, subject=("group", f"g{number}"), name=f"n{number}", source="local"
            )


def seal_all() -> int:
    with db.transaction() as session:
        return sealer.seal(session)


def report(witness: Head | None = None) -> Any:
    with db.reading() as session:
        return verify(session, witness)


def without_triggers(engine: Engine, kind: Kind, *statements: Any) -> None:
    """Do what somebody with all rights on the database could do."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if kind is Kind.POSTGRESQL:
            connection.execute(text("SET session_replication_role = replica"))
        else:
            connection.execute(text("PRAGMA foreign_keys = OFF"))
            for table in ("audit_entries", "audit_seals"):
                for action in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table}_refuse_{action}"))
        for statement in statements:
            connection.execute(statement)
        # The setting stays with the connection, which goes back to the pool.
        connection.invalidate()


def test_an_entry_is_part_of_the_transaction_it_belongs_to(engine: Engine) -> None:
    def record_and_fail() -> None:
        with db.transaction() as session:
            trail.record(session, CoreEvent.GROUP_CREATED, subject=("group", "g"), name="n", source="local")
            raise KeyError

    with pytest.raises(KeyError):
        record_and_fail()
    with db.reading() as session:
        assert session.scalars(select(AuditEntry)).all() == []


def test_an_undeclared_detail_raises(engine: Engine) -> None:
    with pytest.raises(ValueError, match="password"), db.transaction() as session:
        trail.record(session, CoreEvent.GROUP_CREATED, subject=None, password="secret")


@pytest.mark.parametrize("table", [AuditEntry, AuditSeal])
@pytest.mark.parametrize("action", ["update", "delete"])
def test_rows_cannot_be_changed_or_deleted(engine: Engine, table: Any, action: str) -> None:
    record_some()
    seal_all()
    column = "event" if table is AuditEntry else "mac"
    statement: Any = update(table).values({column: "x"}) if action == "update" else delete(table)
    with pytest.raises(DBAPIError, match="cannot be changed"), db.transaction() as session:
        session.execute(statement)


def test_a_sealed_chain_is_whole(engine: Engine) -> None:
    record_some(5)
    assert seal_all() == 5
    record_some(1)
    found = report()
    assert found.whole
    assert (found.sealed, found.unsealed) == (5, 1)


def test_sealing_twice_changes_nothing(engine: Engine) -> None:
    record_some()
    assert seal_all() == 3
    assert seal_all() == 0


def test_a_changed_entry_is_found(engine: Engine, database_kind: Kind) -> None:
    record_some()
    seal_all()
    without_triggers(engine, database_kind, update(AuditEntry).where(AuditEntry.id == 2).values(event="nothing"))
    assert not report().whole


def test_a_removed_entry_is_found(engine: Engine, database_kind: Kind) -> None:
    record_some()
    seal_all()
    without_triggers(engine, database_kind, delete(AuditPersonal), delete(AuditEntry).where(AuditEntry.id == 2))
    assert any("missing" in problem for problem in report().problems)


def test_an_entry_removed_with_its_seal_is_found(engine: Engine, database_kind: Kind) -> None:
    record_some()
    seal_all()
    without_triggers(
        engine,
        database_kind,
        delete(AuditSeal).where(AuditSeal.entry_id == 2),
        delete(AuditPersonal),
        delete(AuditEntry).where(AuditEntry.id == 2),
    )
    assert not report().whole


def test_a_chain_rebuilt_without_the_key_is_found(engine: Engine, database_kind: Kind) -> None:
    record_some()
    seal_all()
    forger = KeyRing((keyring.new_key(NOW),))
    with db.reading() as session:
        rows = session.execute(select(*sealer.SEALED_COLUMNS).order_by(AuditEntry.id)).all()
    mac, seals = sealer.GENESIS, []
    for seq, row in enumerate(rows[1:], start=1):
        mac = sealer.mac_of(forger.derived(keyring.Purpose.AUDIT), mac, seq, sealer.entry_digest(dict(row._mapping)))
        seals.append({"seq": seq, "entry_id": row.id, "key_id": ring.current().newest.id, "mac": mac})
    without_triggers(engine, database_kind, delete(AuditSeal), insert(AuditSeal).values(seals))
    assert not report().whole


def test_a_cut_end_is_found_with_a_witness_only(engine: Engine, database_kind: Kind) -> None:
    record_some()
    seal_all()
    with db.reading() as session:
        witness = sealer.head(session)
    without_triggers(
        engine,
        database_kind,
        delete(AuditSeal).where(AuditSeal.seq == 3),
        delete(AuditPersonal),
        delete(AuditEntry).where(AuditEntry.id == 3),
    )
    assert report().whole
    assert any("cut" in problem for problem in report(witness).problems)


def test_personal_values_can_be_erased_and_the_chain_stays_whole(engine: Engine) -> None:
    with db.transaction() as session:
        trail.record(session, CoreEvent.SIGN_IN_FAILED, subject=None, reason="wrong", email="a@example.com")
    seal_all()
    with db.transaction() as session:
        session.execute(delete(AuditPersonal))
    found = report()
    assert found.whole
    assert found.erased == 1


def test_changed_personal_values_are_found(engine: Engine) -> None:
    with db.transaction() as session:
        trail.record(session, CoreEvent.SIGN_IN_FAILED, subject=None, reason="wrong", email="a@example.com")
    seal_all()
    with db.transaction() as session:
        session.execute(update(AuditPersonal).values(values={"email": "b@example.com"}))
    assert not report().whole


def test_seals_of_an_older_key_still_verify_after_a_rotation(engine: Engine, key_ring: KeyRing) -> None:
    record_some()
    seal_all()
    ring.install(KeyRing((*key_ring.keys, keyring.new_key(NOW))))
    record_some()
    seal_all()
    assert report().whole
    ring.install(KeyRing(ring.current().keys[1:]))
    assert any(key_ring.newest.id in problem for problem in report().problems)


def test_nothing_is_shown_while_the_trail_cannot_be_written_and_service_returns(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.forget_probe()
    trail.ensure_writable()

    def broken(*_arguments: Any, **_details: Any) -> int:
        raise Unavailable("database")

    trail.forget_probe()
    with monkeypatch.context() as patch:
        patch.setattr(trail, "record", broken)
        with pytest.raises(Unavailable):
            trail.ensure_writable()
    trail.ensure_writable()


def test_the_probe_leaves_nothing_behind(engine: Engine) -> None:
    trail.forget_probe()
    trail.ensure_writable()
    with db.reading() as session:
        assert session.scalars(select(AuditEntry)).all() == []


def test_every_event_reads_source_subject_action_and_has_a_sentence() -> None:
    for value, event in registry().items():
        assert len(value.split(":")) == 3
        assert event.sentence
        assert not event.details & event.personal


def test_late_commits_with_lower_ids_are_sealed(engine: Engine) -> None:
    record_some(2)
    with db.transaction() as session:
        _seal_only(session, 2)
    assert seal_all() == 1
    assert report().unsealed == 0


def _seal_only(session: Session, entry_id: int) -> None:
    row = session.execute(select(*sealer.SEALED_COLUMNS).where(AuditEntry.id == entry_id)).one()
    key = ring.current().derived(keyring.Purpose.AUDIT)
    mac = sealer.mac_of(key, sealer.GENESIS, 1, sealer.entry_digest(dict(row._mapping)))
    session.execute(insert(AuditSeal).values(seq=1, entry_id=entry_id, key_id=ring.current().newest.id, mac=mac))
