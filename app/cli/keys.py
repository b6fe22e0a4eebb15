"""`portico init` and `portico rotate-keys`."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Column, ColumnElement, LargeBinary, delete, func, literal, select, tuple_, type_coerce, update

from app.cli.base import database
from app.core import clock, db
from app.core import models as core_models
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.audit.models import AuditSeal
from app.core.config import Config, load
from app.core.crypto import keyring, ring
from app.core.crypto.columns import EncryptedText
from app.core.crypto.keyring import KeyRing
from app.features.share_links import life_models, lookup_models
from app.features.share_links import models as link_models
from app.features.share_links.guests import models as guest_models
from app.features.sso import models as sso_models

BATCH = 500
#: Running processes look for a changed key file every second.
NOTICE_SECONDS = 2.5

_TABLES = (core_models, link_models, lookup_models, guest_models, sso_models, life_models)


@click.command()
def init() -> None:
    """Write a new key file, once."""
    config = load()
    path = _path(config)
    if path.exists():
        raise click.ClickException(f"There is a key file at {path} already; it was left as it is.")
    made = config.web.data_dir / "portico.db"
    if config.database.database_url is None and made.exists():
        # New keys would open nothing of it, and hide that the old ones are missing.
        raise click.ClickException(
            f"There is a database at {made}, which needs the keys it was made with. "
            f"Put that key file back at {path} from your backup; to begin anew, move the database away first."
        )
    keyring.write(path, KeyRing((keyring.new_key(clock.now()),)))
    click.echo(f"Wrote {path}, readable by this user only.")
    click.echo("Back it up now, apart from the database: a password manager or a safe, not the same backup tape.")
    click.echo("Without it, stored Atlassian tokens and sign-in passwords are lost and every share link dies.")
    click.echo("Next: `portico migrate`, then `portico create-admin`.")


@click.command("rotate-keys")
@click.option("--only-add", is_flag=True, help="Add a key; copy the file to every machine before going on.")
@click.option("--only-reencrypt", is_flag=True, help="Encrypt everything anew with the newest key.")
@click.option("--remove", "remove_id", metavar="KEY", help="Remove an old key; says first what that kills.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
def rotate_keys(only_add: bool, only_reencrypt: bool, remove_id: str | None, yes: bool) -> None:
    """Add a key, encrypt everything anew with it, or remove an old key.

    Older keys keep verifying share links, passwords and the audit trail until they are removed.
    """
    if sum((only_add, only_reencrypt, remove_id is not None)) > 1:
        raise click.UsageError("Choose one of --only-add, --only-reencrypt and --remove.")
    with database() as (config, _engine):
        path = _path(config)
        _require_all_keys()
        if remove_id is not None:
            _remove(path, remove_id, yes)
            return
        if not only_reencrypt:
            current = ring.current()
            key = keyring.new_key(clock.now(), [known.id for known in current.keys])
            keyring.write(path, KeyRing((*current.keys, key)))
            ring.install(KeyRing((*current.keys, key)))
            click.echo(f"Added the key {key.id} to {path}. Back the file up again.")
            if only_add:
                _record(key.id, "added", 0)
                click.echo("Copy the file to every machine, then run `portico rotate-keys --only-reencrypt`.")
                return
            # Other processes have to know the key before anything is encrypted with it.
            time.sleep(NOTICE_SECONDS)
        count = reencrypt()
        _record(ring.current().newest.id, "reencrypted" if only_reencrypt else "rotated", count)
        click.echo(f"Encrypted {count} values with the key {ring.current().newest.id}; cached copies are fetched anew.")


def reencrypt() -> int:
    """Encrypt every encrypted column anew with the newest key and drop cached copies; returns the count of values."""
    with db.transaction() as session:
        session.execute(delete(link_models.CopyChunk))
        session.execute(delete(link_models.Copy))
    return sum(_reencrypt_column(table, column, bound_to) for table, column, bound_to in _encrypted_columns())


def values_by_key() -> Counter[str]:
    """Return how many stored values can be read with each key only."""
    found: Counter[str] = Counter()
    for table_name, column_name, _bound_to in _encrypted_columns():
        sealed = type_coerce(db.Base.metadata.tables[table_name].c[column_name], LargeBinary)
        with db.reading() as session:
            rows = session.scalars(select(sealed).where(sealed.is_not(None)))
            found.update(ring.current().key_id_of(bytes(value)) for value in rows)
    return found


def missing_keys() -> list[str]:
    """Return the ids of keys that the database needs and the ring lacks; after a key was removed rightly there are none."""
    with db.reading() as session:
        last_seal = session.scalars(select(AuditSeal.key_id).order_by(AuditSeal.seq.desc()).limit(1)).all()
    return sorted({*values_by_key(), *last_seal} - {key.id for key in ring.current().keys})


def _require_all_keys() -> None:
    if missing := missing_keys():
        raise click.ClickException(
            f"The key file lacks {', '.join(missing)}, which the database needs. Put it back from your backup first."
        )


def _encrypted_columns() -> list[tuple[str, str, bytes]]:
    return [
        (table.name, column.name, column.type.bound_to.encode())
        for table in db.Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, EncryptedText)
    ]


def _reencrypt_column(table_name: str, column_name: str, bound_to: bytes) -> int:
    table = db.Base.metadata.tables[table_name]
    sealed = type_coerce(table.c[column_name], LargeBinary).label("sealed")
    keys = list(table.primary_key.columns)
    newest, count, after = ring.current().newest.id, 0, None
    while True:
        query = select(*keys, sealed).where(table.c[column_name].is_not(None)).order_by(*keys).limit(BATCH)
        if after is not None:
            query = query.where(_beyond(keys, after))
        with db.transaction() as session:
            rows = session.execute(query).all()
            for row in rows:
                value = bytes(row.sealed)
                if ring.current().key_id_of(value) == newest:
                    continue
                plain = ring.current().decrypt(value, bound_to=bound_to).decode()
                same = [column == row[index] for index, column in enumerate(keys)]
                session.execute(update(table).where(*same).values({column_name: plain}))
                count += 1
        if len(rows) < BATCH:
            return count
        after = tuple(rows[-1][: len(keys)])


def _beyond(keys: list[Column[Any]], after: tuple[Any, ...]) -> ColumnElement[bool]:
    return tuple_(*keys) > tuple_(*(literal(value) for value in after))


def what_removing_kills(key_id: str) -> list[str]:
    """Return, in sentences, what stops working when a key is removed."""
    people, links = core_models.accounts.Person, link_models.ShareLink
    with db.reading() as session:
        hashes = session.scalar(
            select(func.count()).select_from(people).where(people.password_hash.like(f"{key_id}$%"))
        )
        gates = session.scalar(select(func.count()).select_from(links).where(links.password_hash.like(f"{key_id}$%")))
        live = session.scalar(
            select(func.count())
            .select_from(links)
            .where(links.revoked_at.is_(None), links.closed_at.is_(None), links.expires_at > clock.now())
        )
        seals = session.scalar(select(func.count()).select_from(AuditSeal).where(AuditSeal.key_id == key_id))
    return [
        f"Addresses of share links that were handed out while {key_id} was the newest key ({live} links are live).",
        f"Sign-in passwords of {hashes} people who have not signed in since; they need a one-time link.",
        f"Passwords of {gates} share links.",
        f"The proof of {seals} entries of the audit trail, which `portico audit verify` will report.",
    ]


def _remove(path: Path, key_id: str, yes: bool) -> None:
    current = ring.current()
    if key_id not in {key.id for key in current.keys}:
        known = ", ".join(key.id for key in current.keys)
        raise click.ClickException(f"The key ring holds no key {key_id}. From oldest to newest it holds {known}.")
    if key_id == current.newest.id:
        raise click.ClickException("This is the newest key. Add another first: `portico rotate-keys`.")
    held = values_by_key()[key_id]
    if held:
        raise click.ClickException(
            f"{held} stored values can be read with {key_id} only. Run `portico rotate-keys --only-reencrypt` first."
        )
    click.echo(f"Removing the key {key_id} ends for good:")
    for sentence in what_removing_kills(key_id):
        click.echo(f"  - {sentence}")
    if not yes:
        click.confirm("Remove it?", abort=True)
    _record(key_id, "removed", 0)
    keyring.write(path, KeyRing(tuple(key for key in current.keys if key.id != key_id)))
    click.echo(f"Removed. {path} holds {len(current.keys) - 1} keys.")


def _record(key_id: str, action: str, count: int) -> None:
    with db.transaction() as session:
        trail.record(session, CoreEvent.KEYS_ROTATED, subject=None, key=key_id, action=action, reencrypted=count)


def _path(config: Config) -> Path:
    if config.keys.keys is not None:
        raise click.ClickException(
            "The key ring comes from PORTICO_KEYS. Put it into a file and name that in PORTICO_KEYS_PATH."
        )
    return ring.path(config)
