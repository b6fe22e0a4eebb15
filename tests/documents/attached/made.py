"""Office documents and PDFs, made by hand, as small as their formats let them be."""

import io
import zipfile
from collections.abc import Mapping

from weasyprint import HTML

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
OPEN = "urn:oasis:names:tc:opendocument:xmlns:"


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return made.getvalue()


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """An archive that says it is an office document."""
    return archive({"[Content_Types].xml": "<Types/>", **parts})


def docx(*runs: str, **more: str | bytes) -> bytes:
    """A document of one paragraph, each run an element of its own; `more` are further parts, "__" for "/"."""
    words = "".join(f"<w:r>\n  <w:t>{one}</w:t>\n</w:r>" for one in runs)
    body = f'<w:document xmlns:w="{WORD}"><w:body><w:p>{words}</w:p></w:body></w:document>'
    others = {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": body, **others})


def _related(*targets: str) -> str:
    rows = "".join(f'<Relationship Id="r{number}" Target="{one}"/>' for number, one in enumerate(targets))
    return f'<Relationships xmlns="{PACKAGE}">{rows}</Relationships>'


def xlsx(cells: str, *, name: str = "Budget", shared: tuple[str, ...] = ()) -> bytes:
    strings = "".join(f"<si><t>{one}</t></si>" for one in shared)
    return archive(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{RELATED}"><sheets>'
            f'<sheet name="{name}" sheetId="1" r:id="r0"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _related("worksheets/sheet7.xml"),
            "xl/worksheets/sheet7.xml": f'<worksheet xmlns="{SHEET}"><sheetData><row>{cells}</row></sheetData></worksheet>',
            "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">{strings}</sst>',
            "xl/printerSettings/printerSettings1.bin": b"\0\1\2",
        }
    )


def pptx(*slides: str) -> bytes:
    """A presentation whose parts are numbered against the order of its slides."""
    names = [f"slides/slide{len(slides) - number}.xml" for number in range(len(slides))]
    listed = "".join(f'<p:sldId id="{256 + number}" r:id="r{number}"/>' for number in range(len(slides)))
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{SLIDE}" xmlns:r="{RELATED}"><p:sldIdLst>{listed}</p:sldIdLst>'
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": _related(*names),
    }
    for name, words in zip(names, slides, strict=True):
        parts[f"ppt/{name}"] = f'<p:sld xmlns:p="{SLIDE}" xmlns:a="{DRAWING}"><a:p><a:t>{words}</a:t></a:p></p:sld>'
    return archive(parts)


def odf(content: str, *, manifest: str = "<manifest/>") -> bytes:
    spaces = " ".join(f'xmlns:{one}="{OPEN}{one}:1.0"' for one in ("office", "text", "table", "draw"))
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument",
            "content.xml": f"<office:document-content {spaces}>{content}</office:document-content>",
            "META-INF/manifest.xml": manifest,
        }
    )


def pdf(*pages: str) -> bytes:
    parts = "".join(f"<p style='break-after: page'>{one}</p>" for one in pages)
    return bytes(HTML(string=f"<!doctype html><html lang='en'><title>A paper</title>{parts}").write_pdf())
