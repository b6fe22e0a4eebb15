"""Encrypted copies of bodies and files, in chunks of 256 KiB so that a Range reads only what it needs.

A copy belongs to one version of one object and holds no token: every address in it is relative, so it serves every link
with the same options. Only a complete copy is ever found.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, delete, exists, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core import clock, db
from app.core.accounts.models import Person
from app.core.connections.models import Connection
from app.core.crypto import ring
from app.documents.sizes import Size
from app.features.share_links.models import Copy, CopyChunk, CoveredPage, SharedObject, ShareLink

CHUNK_BYTES = 256 * 1024
#: However often it is read, a copy that no check has confirmed for this long is deleted: ten minutes before a day is
#: over, so that it is gone by then although the job runs every five.
KEEP = timedelta(hours=24) - timedelta(minutes=10)
#: Copies of versions that are over may still be on their way to somebody.
KEEP_OLD_VERSIONS = timedelta(minutes=10)
#: A copy that grows no more has lost its writer.
WRITER_SILENCE = timedelta(seconds=60)
_PURGE_BATCH = 100


class CopyKind(StrEnum):
    """What a copy is of."""

    BODY = "body"
    MEDIA = "media"
    #: Jira's small picture of a file, by the id and version of the file.
    SMALL = "small"
    #: The neutral PDF; one without chunks says in `extra` why there is none.
    PDF = "pdf"
    #: Comments; they age by themselves, because a comment changes no version.
    COMMENTS = "comments"


@dataclass(frozen=True)
class CopyKey:
    """What a copy is found by."""

    shared_object_id: int
    kind: CopyKind
    #: Digest of the rendering options for a body, of the content for a PDF, attachment id for a file.
    name: str
    #: Version of the object for a body or a PDF, of the attachment for a file.
    version: str


@dataclass(frozen=True)
class FoundCopy:
    """A complete copy."""

    id: int
    media_type: str
    #: Bytes.
    size: int
    extra: bytes | None


def find(session: Session, key: CopyKey) -> FoundCopy | None:
    """Return the complete copy of that key, or None."""
    query = select(Copy.id, Copy.media_type, Copy.size, Copy.extra).where(_named(key), Copy.complete)
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    extra = ring.current().decrypt(bytes(row.extra), bound_to=_extra_binding(key)) if row.extra is not None else None
    return FoundCopy(row.id, row.media_type, row.size, extra)


def begin(session: Session, key: CopyKey, media_type: str, extra: bytes | None = None) -> int | None:
    """Begin a copy and return its id; None where it exists or somebody is writing it."""
    now = clock.now()
    lost = and_(_named(key), ~Copy.complete, Copy.good_at < now - WRITER_SILENCE)
    session.execute(delete(Copy).where(lost))
    dialect: Any = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    query = (
        dialect(Copy)
        .values(
            shared_object_id=key.shared_object_id,
            kind=key.kind.value,
            name=key.name,
            version=key.version,
            media_type=media_type,
            size=0,
            created_at=now,
            good_at=now,
            complete=False,
            extra=ring.current().encrypt(extra, bound_to=_extra_binding(key)) if extra is not None else None,
        )
        .on_conflict_do_nothing(index_elements=["shared_object_id", "kind", "name", "version"])
        .returning(Copy.id)
    )
    made = session.execute(query).scalar_one_or_none()
    return int(made) if made is not None else None


def add_chunk(session: Session, copy_id: int, position: int, data: bytes) -> None:
    """Write one chunk; all but the last have CHUNK_BYTES."""
    sealed = ring.current().encrypt(data, bound_to=_chunk_binding(copy_id, position))
    session.execute(insert(CopyChunk).values(copy_id=copy_id, position=position, data=sealed))
    session.execute(update(Copy).where(Copy.id == copy_id).values(good_at=clock.now()))


def complete(
    session: Session, copy_id: int, size: int, media_type: str | None = None, pixels: Size | None = None
) -> None:
    """Make a copy one that is found; `media_type` and `pixels` where its content says more than its name did."""
    values: dict[str, Any] = {"complete": True, "size": size, "good_at": clock.now()}
    if media_type is not None:
        values["media_type"] = media_type
    if pixels is not None:
        values["width"], values["height"] = pixels
    session.execute(update(Copy).where(Copy.id == copy_id).values(**values))


def complete_without(session: Session, copy_id: int, reason: bytes) -> None:
    """Finish a copy that cannot be made; what is found then has no bytes, and the reason as its extra."""
    row = session.get(Copy, copy_id, with_for_update=True)
    if row is not None:
        key = CopyKey(row.shared_object_id, CopyKind(row.kind), row.name, row.version)
        row.extra = ring.current().encrypt(reason, bound_to=_extra_binding(key))
        row.complete, row.size, row.good_at = True, 0, clock.now()


def is_unfinished(session: Session, copy_id: int) -> bool:
    """Tell whether a copy that was begun is still waited for."""
    return session.scalar(select(Copy.complete).where(Copy.id == copy_id)) is False


def touch(session: Session, copy_id: int) -> None:
    """Say that the writer of a copy is still at it."""
    session.execute(update(Copy).where(Copy.id == copy_id).values(good_at=clock.now()))


def discard(session: Session, copy_id: int) -> None:
    """Delete one copy with its chunks."""
    session.execute(delete(Copy).where(Copy.id == copy_id))


def delete_named(session: Session, key: CopyKey) -> None:
    """Delete the copy of that key, whatever its state."""
    session.execute(delete(Copy).where(_named(key)))


def write(session: Session, key: CopyKey, media_type: str, data: bytes, extra: bytes) -> None:
    """Write a whole copy at once; nothing happens where somebody else has written it."""
    copy_id = begin(session, key, media_type, extra)
    if copy_id is None:
        return
    for position in range(max(1, -(-len(data) // CHUNK_BYTES))):
        add_chunk(session, copy_id, position, data[position * CHUNK_BYTES : (position + 1) * CHUNK_BYTES])
    complete(session, copy_id, len(data))


def read(copy_id: int, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes from `start` up to `stop`; each chunk is read by itself. Raises KeyRingError, LookupError."""
    for position in range(start // CHUNK_BYTES, -(-stop // CHUNK_BYTES)):
        with db.reading() as session:
            query = select(CopyChunk.data).where(CopyChunk.copy_id == copy_id, CopyChunk.position == position)
            sealed = session.scalar(query)
        if sealed is None:
            raise LookupError("a chunk of a copy is gone")
        plain = ring.current().decrypt(bytes(sealed), bound_to=_chunk_binding(copy_id, position))
        first = position * CHUNK_BYTES
        yield plain[max(0, start - first) : stop - first]


def confirm(session: Session, shared_object_id: int, version: str, files: Collection[tuple[str, str]]) -> None:
    """Note that a check has just found body and PDF of this version, and these files (id, version), to be the present ones."""
    present = and_(Copy.kind.in_([CopyKind.BODY.value, CopyKind.PDF.value]), Copy.version == version)
    if files:
        kinds = [CopyKind.MEDIA.value, CopyKind.SMALL.value]
        present = or_(present, and_(Copy.kind.in_(kinds), tuple_(Copy.name, Copy.version).in_(list(files))))
    session.execute(
        update(Copy)
        .where(Copy.shared_object_id == shared_object_id, Copy.complete, present)
        .values(good_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def delete_all(session: Session, shared_object_id: int) -> None:
    """Delete every copy of an object."""
    session.execute(delete(Copy).where(Copy.shared_object_id == shared_object_id))


def delete_bodies(session: Session, shared_object_ids: Collection[int]) -> None:
    """Delete the bodies of some objects, and the PDFs made of them."""
    kinds = [CopyKind.BODY.value, CopyKind.PDF.value]
    session.execute(delete(Copy).where(Copy.shared_object_id.in_(shared_object_ids), Copy.kind.in_(kinds)))


def delete_superfluous(session: Session, limit: int = _PURGE_BATCH) -> int:
    """Delete copies that no live link covers, that no check confirmed for a day, or whose version is over."""
    now = clock.now()
    below = exists().where(
        CoveredPage.root_id == ShareLink.shared_object_id, CoveredPage.object_id == Copy.shared_object_id
    )
    covered = exists().where(
        or_(ShareLink.shared_object_id == Copy.shared_object_id, below),
        ShareLink.revoked_at.is_(None),
        ShareLink.closed_at.is_(None),
        ShareLink.paused_at.is_(None),
        ShareLink.expires_at > now,
        Person.id == ShareLink.created_by_id,
        Person.deactivated_at.is_(None),
        SharedObject.id == ShareLink.shared_object_id,
        Connection.id == SharedObject.connection_id,
        Connection.disabled_at.is_(None),
    )
    confirmed = exists().where(SharedObject.id == Copy.shared_object_id, SharedObject.checked_at <= Copy.good_at)
    over = and_(Copy.complete, ~confirmed, Copy.good_at < now - KEEP_OLD_VERSIONS)
    abandoned = and_(~Copy.complete, Copy.good_at < now - KEEP_OLD_VERSIONS)
    # What is dated far ahead would be kept for longer than a day.
    too_old = or_(Copy.good_at < now - KEEP, Copy.good_at > now + clock.TOLERANCE)
    query = select(Copy.id).where(or_(~covered, too_old, over, abandoned)).limit(limit)
    found = list(session.scalars(query))
    if found:
        session.execute(delete(Copy).where(Copy.id.in_(found)))
    return len(found)


def _named(key: CopyKey) -> Any:
    return and_(
        Copy.shared_object_id == key.shared_object_id,
        Copy.kind == key.kind.value,
        Copy.name == key.name,
        Copy.version == key.version,
    )


def _extra_binding(key: CopyKey) -> bytes:
    return f"copies.extra:{key.shared_object_id}:{key.kind}:{key.name}:{key.version}".encode()


def _chunk_binding(copy_id: int, position: int) -> bytes:
    # Chunks cannot change places, nor move to another copy.
    return f"copy_chunks.data:{copy_id}:{position}".encode()
