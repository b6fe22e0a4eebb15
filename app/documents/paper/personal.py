"""A reader's own line, and a watermark where it is asked for, in every sheet of a neutral PDF.

The marks are merged into each sheet's own content stream, as artifacts (ISO 14289-1 7.1: read out to nobody), with their
fonts among the sheet's. So they are no layer, annotation or object that a viewer can switch off; who can edit content
streams can still remove them (docs/reading.md says so). Runs in a child process.
"""

import html
import io
from dataclasses import dataclass
from typing import Any

from app.documents.paper.making import fetcher

#: Larger texts are cut: the marks are set by ourselves and have to fit on a sheet.
MAXIMUM_LINE = 300
MAXIMUM_WATERMARK = 80
_ROWS = 9


@dataclass(frozen=True, slots=True)
class Marks:
    """What is put into each sheet."""

    #: One line at the foot: who, when, by which link.
    line: str
    #: A few words across the sheet, or None.
    watermark: str | None = None


def stamp(pdf: bytes, marks: Marks) -> bytes:
    """Return the PDF with the marks in every sheet, whatever its size."""
    import pikepdf

    made: dict[tuple[float, float], _Mark] = {}
    with pikepdf.open(io.BytesIO(pdf)) as document:
        opened = []
        for page in document.pages:
            left, bottom, right, top = (float(side) for side in page.mediabox)
            size = (right - left, top - bottom)
            if size not in made:
                opened.append(pikepdf.open(io.BytesIO(_overlay(size, marks))))
                made[size] = _Mark(document, opened[-1].pages[0], f"/Mark{len(made)}")
            made[size].put_on(document, page)
        out = io.BytesIO()
        document.save(out, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        for source in opened:
            source.close()
    return out.getvalue()


class _Mark:
    """One set overlay, with its resources copied and renamed so that they collide with nothing on a sheet."""

    def __init__(self, document: Any, overlay: Any, prefix: str) -> None:
        import pikepdf

        self._resources: dict[str, dict[str, Any]] = {}
        renamed: dict[str, str] = {}
        for kind in ("/Font", "/ExtGState"):
            for name, value in overlay.obj.Resources.get(kind, {}).items():
                renamed[name] = prefix + name[1:]
                copied = document.copy_foreign(value) if value.is_indirect else pikepdf.Object.parse(value.unparse())
                self._resources.setdefault(kind, {})[renamed[name]] = copied
        drawn: list[tuple[list[Any], Any]] = []
        for instruction in pikepdf.parse_content_stream(overlay):
            operands = [
                pikepdf.Name(renamed.get(str(one), str(one))) if isinstance(one, pikepdf.Name) else one
                for one in instruction.operands
            ]
            drawn.append((operands, instruction.operator))
        self._drawing = pikepdf.unparse_content_stream(drawn)

    def put_on(self, document: Any, page: Any) -> None:
        """Write the mark into a sheet's content stream."""
        import pikepdf

        if "/Resources" not in page.obj:
            page.obj.Resources = pikepdf.Dictionary()
        resources = page.obj.Resources
        for kind, values in self._resources.items():
            if kind not in resources:
                resources[kind] = pikepdf.Dictionary()
            for name, value in values.items():
                resources[kind][name] = value
        before = b"\n".join(stream.read_bytes() for stream in _streams(page))
        mark = b"/Artifact <</Type /Pagination /Subtype /Watermark>> BDC\nq\n" + self._drawing + b"\nQ\nEMC\n"
        # What a sheet leaves behind in the graphics state does not move the mark.
        page.obj.Contents = document.make_stream(b"q\n" + before + b"\nQ\n" + mark)


def _streams(page: Any) -> list[Any]:
    import pikepdf

    contents = page.obj.get("/Contents")
    if contents is None:
        return []
    return list(contents) if isinstance(contents, pikepdf.Array) else [contents]


def _overlay(size: tuple[float, float], marks: Marks) -> bytes:
    import weasyprint

    width, height = size
    rows = ""
    if marks.watermark:
        words = html.escape(marks.watermark[:MAXIMUM_WATERMARK])
        row = f"<p>{' &#160; · &#160; '.join([words] * 8)}</p>"
        rows = f'<div class="across">{row * _ROWS}</div>'
    line = html.escape(marks.line[:MAXIMUM_LINE])
    style = f"""
      @page {{ size: {width}pt {height}pt; margin: 0 }}
      body {{ margin: 0; font-family: "Liberation Sans", "DejaVu Sans", sans-serif; color: #505258 }}
      .line {{ position: absolute; left: 0; right: 0; bottom: 8mm; text-align: center; font-size: 7pt }}
      .across {{ position: absolute; left: -{width / 2}pt; top: 0; width: {width * 2}pt; height: {height}pt;
                 transform: rotate(-30deg); color: rgb(41 42 46 / 9%); font-size: 15pt; white-space: nowrap }}
      .across p {{ margin: 0; height: {height / _ROWS}pt; text-align: center }}
    """
    document = f"<!doctype html><style>{style}</style>{rows}<p class='line'>{line}</p>"
    return bytes(weasyprint.HTML(string=document, url_fetcher=fetcher(())).write_pdf())
