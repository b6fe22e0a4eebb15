"""What a file is, by what it holds."""

from enum import Enum, auto

from app.documents.attached import texts, zipped
from app.documents.attached.words import Unreadable

#: How a file begins that is an office document behind a password, or one of the time before XML (MS-CFB section 2.2).
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_PDF, _PDF_BEGINS_WITHIN = b"%PDF-", 1_024
#: What every package of OOXML and every one of OpenDocument holds (ECMA-376 part 2, ISO/IEC 26300 part 3).
_OFFICE = frozenset({"[Content_Types].xml", "mimetype"})


class Kind(Enum):
    """What is read in a way of its own."""

    PDF = auto()
    OFFICE = auto()
    ARCHIVE = auto()
    COMPOUND = auto()
    TEXT = auto()
    OTHER = auto()


def is_document(beginning: bytes) -> bool:
    """Tell whether a file begins like one that is taken apart, whatever its name says."""
    return _PDF in beginning[:_PDF_BEGINS_WITHIN] or beginning.startswith((_ZIP, COMPOUND))


def kind_of(data: bytes) -> Kind:
    """Return what a file is."""
    if _PDF in data[:_PDF_BEGINS_WITHIN]:
        return Kind.PDF
    if data.startswith(_ZIP):
        return Kind.OFFICE if _is_office(data) else Kind.ARCHIVE
    if data.startswith(COMPOUND):
        return Kind.COMPOUND
    return Kind.TEXT if texts.decoded(data) is not None else Kind.OTHER


def _is_office(data: bytes) -> bool:
    try:
        with zipped.opened(data) as archive:
            return not _OFFICE.isdisjoint(archive.namelist())
    except Unreadable:
        return False
