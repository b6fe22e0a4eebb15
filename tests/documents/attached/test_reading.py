"""What stands in PDFs and office documents, by its place, and what is said of files that cannot be read."""

import io
import struct
import zipfile
from collections.abc import Callable

import pikepdf
import pytest

from app.documents import attached
from app.documents.attached import Left, Words, office, pdf, words, zipped
from tests.documents.attached import made


def placed(data: bytes, word: str) -> list[str]:
    return [place for place, line in attached.read(data).lines if word in line]


def ods(cell: str = "Harbour") -> str:
    return (
        f'<table:table table:name="Costs"><table:table-row><table:table-cell><text:p>{cell}</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    )


@pytest.mark.parametrize(
    ("data", "places"),
    [
        (made.docx("Har", "bour"), [""]),
        (made.docx("none", word__header1_dot_xml=f'<w:hdr xmlns:w="{made.WORD}"><w:p>Harbour</w:p></w:hdr>'), [""]),
        (made.docx("none", docProps__core_dot_xml="<c><title>Harbour</title></c>"), [""]),
        (made.docx("none", word__comments_dot_xml="<c><!-- Harbour --></c>"), [""]),
        (made.docx("none", word___rels__x_dot_rels='<R><Relationship Target="https://Harbour.example/"/></R>'), [""]),
        (made.xlsx('<c t="s"><v>0</v></c>', shared=("Harbour",)), ["sheet Budget"]),
        (made.xlsx('<c t="inlineStr"><is><t>Harbour</t></is></c>', name="Plan B"), ["sheet Plan B"]),
        (made.xlsx("<c><v>1</v></c>", shared=("Harbour",)), [""]),
        (made.pptx("none", "Harbour", "none"), ["slide 2"]),
        (made.odf("<text:p>Har<text:span>bour</text:span></text:p>"), [""]),
        (made.odf(ods()), ["sheet Costs"]),
        (made.odf('<draw:page draw:name="Second"><text:p>Harbour</text:p></draw:page>'), ["page Second"]),
        (made.docx("none", word__embeddings__a_dot_xlsx=made.xlsx("<c><is><t>Harbour</t></is></c>")), ["sheet Budget"]),
        (made.pdf("none", "Harbour"), ["page 2"]),
        (made.pdf("none", '<a href="https://Harbour.example/">there</a>'), ["page 2"]),
    ],
)
def test_words_are_found_where_they_stand(data: bytes, places: list[str]) -> None:
    assert placed(data, "Harbour") == places
    assert attached.read(data).left == set()


def test_cells_stand_apart_and_long_numbers_are_written_out() -> None:
    cells = '<c><v>4111111111111111</v></c><c><v>4.111111111111111E15</v></c><c t="s"><v>0</v></c><c t="s"><v>9</v></c>'
    (line,) = [line for place, line in attached.read(made.xlsx(cells, shared=("A",))).lines if place]
    assert line == "4111111111111111\t4111111111111111\tA"


def locked_pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(made.pdf("Harbour"))) as document:
        document.save(out, encryption=pikepdf.Encryption(user="tide", owner="moon"))
    return out.getvalue()


def changed_pdf(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(made.pdf("Harbour"))) as document:
        change(document)
        document.save(out)
    return out.getvalue()


def attach(document: pikepdf.Pdf) -> None:
    document.attachments["keys.txt"] = b"Harbour"


def draw(document: pikepdf.Pdf) -> None:
    picture = document.make_stream(b"\0\0\0", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=1, Height=1)
    picture.ColorSpace, picture.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
    page = document.pages[0]
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Picture=picture))
    page.obj.Contents = document.make_stream(b"q 100 0 0 100 0 0 cm /Picture Do Q")


def stamped_encrypted() -> bytes:
    data = bytearray(made.docx("Harbour"))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(signature)
        while position >= 0:
            data[position + offset] |= 1
            position = data.find(signature, position + 4)
    return bytes(data)


def bomb() -> bytes:
    """A part that says it is small and is not: both headers lie about its size."""
    inflated = b"<w>" + b" " * (zipped.MOST_PART_BYTES + 1) + b"</w>"
    data = bytearray(made.package({"word/document.xml": inflated}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data[data.rfind(signature) + offset : data.rfind(signature) + offset + 4] = struct.pack("<I", 100)
    return bytes(data)


LAUGHS = (
    '<!DOCTYPE w [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    "<w><p>&c;</p></w>"
)
OUTSIDE = '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]><w><p>&a;</p></w>'


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"", Left.BROKEN),
        (b"no document at all", Left.BROKEN),
        (attached.COMPOUND + b"\0" * 600, Left.ENCRYPTED),
        (locked_pdf(), Left.ENCRYPTED),
        (stamped_encrypted(), Left.ENCRYPTED),
        (made.odf("<text:p>x</text:p>", manifest="<m><encryption-data/></m>"), Left.ENCRYPTED),
        (b"%PDF-1.7 and nothing more", Left.BROKEN),
        (made.docx("Harbour")[:-40], Left.BROKEN),
        (made.archive({}), Left.BROKEN),
        (made.package({"word/document.xml": "<w><p>no end"}), Left.BROKEN),
        (made.package({"word/document.xml": LAUGHS}), Left.BROKEN),
        (made.package({"word/document.xml": OUTSIDE}), Left.BROKEN),
        (made.package({"word/document.xml": "<w>&unknown;</w>"}), Left.BROKEN),
        (bomb(), Left.BROKEN),
        (made.package({"word/document.xml": b"<w>" + b" " * zipped.MOST_PART_BYTES + b"</w>"}), Left.TOO_MUCH),
        (made.package({f"{number}.xml": "<w/>" for number in range(office.MOST_PARTS + 1)}), Left.TOO_MUCH),
        (made.package({f"{n}.xml": b"<w>" + b"\n" * 29_000_000 + b"</w>" for n in range(3)}), Left.TOO_MUCH),
        (made.docx("x" * (words.MOST_CHARACTERS + 1)), Left.TOO_MUCH),
        (made.xlsx('<c t="s"><v>0</v></c>' * 3_000, shared=("x" * 1_000,)), Left.TOO_MUCH),
        (made.docx("Harbour", word__vbaProject_dot_bin=b"\1"), Left.HOLDS_FILES),
        (made.docx("Harbour", word__embeddings__a_dot_zip=b"PK"), Left.HOLDS_FILES),
        (changed_pdf(attach), Left.HOLDS_FILES),
        (changed_pdf(draw), Left.PICTURES),
    ],
)
def test_what_cannot_be_read_is_said_and_takes_nothing_else_with_it(data: bytes, left: Left) -> None:
    assert attached.read(data).left == {left}


def test_nothing_is_fetched_or_put_in_for_an_entity() -> None:
    for hostile in (LAUGHS, OUTSIDE):
        assert attached.read(made.package({"word/document.xml": hostile})).lines == []


def test_documents_in_documents_are_read_to_a_depth() -> None:
    data = made.docx("Harbour")
    for _ in range(office.MOST_NESTED):
        data = made.docx("outside", word__embeddings__a_dot_docx=data)
    assert placed(data, "Harbour") == [""]
    assert attached.read(data).left == set()
    deeper = attached.read(made.docx("outside", word__embeddings__a_dot_docx=data))
    assert deeper.left == {Left.HOLDS_FILES}
    assert not [line for _, line in deeper.lines if "Harbour" in line]


def test_other_ways_of_packing_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as target:
        target.writestr("[Content_Types].xml", "<Types/>")
        target.writestr("word/document.xml", "<w><p>Harbour</p></w>")
    assert attached.read(packed.getvalue()).left == {Left.BROKEN}


def test_more_pages_than_are_read_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made.pdf("Harbour", "Tide", "Moon")
    monkeypatch.setattr(pdf, "MOST_PAGES", 2)
    found = attached.read(data)
    assert found.left == {Left.TOO_MUCH}
    assert [place for place, _ in found.lines if place] == ["page 1", "page 2"]


def test_a_file_is_known_by_how_it_begins() -> None:
    assert all(attached.is_document(one) for one in (made.pdf("x"), made.docx("x"), attached.COMPOUND))
    assert not attached.is_document(b"name,value\n1,2\n")
    assert isinstance(attached.read(b"x"), Words)
