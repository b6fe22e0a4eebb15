"""Zip archives as they are opened here: sizes are counted as bytes come out, and what an archive says of itself is not believed."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from app.documents.attached.words import Left, Unreadable

#: Bytes of one part, and of all parts of a file together with those of files in it.
MOST_PART_BYTES = 30_000_000
MOST_BYTES = 80_000_000
_CHUNK = 64 * 1024


@dataclass
class Room:
    """What may still come out of a file."""

    left: int = MOST_BYTES

    def take(self, size: int) -> None:
        """Count bytes; raise Unreadable where there is no more room."""
        self.left -= size
        if self.left < 0:
            raise Unreadable(Left.TOO_MUCH)


def opened(data: bytes) -> zipfile.ZipFile:
    """Return an archive to be read. Raises Unreadable."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise Unreadable(Left.BROKEN) from error


def parts_of(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return what is in an archive, besides folders. Raises Unreadable where that is nothing."""
    parts = [one for one in archive.infolist() if not one.is_dir()]
    if not parts:
        raise Unreadable(Left.BROKEN)
    return parts


def is_encrypted(part: zipfile.ZipInfo) -> bool:
    """Tell whether a part is behind a password."""
    return bool(part.flag_bits & 1)


def bytes_of(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: Room) -> Iterator[bytes]:
    """Yield a part piece by piece. Raises Unreadable."""
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(Left.BROKEN)
    size = 0
    try:
        with archive.open(part) as source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > MOST_PART_BYTES:
                    raise Unreadable(Left.TOO_MUCH)
                room.take(len(chunk))
                yield chunk
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise Unreadable(Left.BROKEN) from error
