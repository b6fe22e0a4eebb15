"""Footnotes of apps: a number in the text, the text of all where the page asks for them or at its end."""

from app.documents.storage.macros.macro import Macro, RenderMacro
from app.documents.storage.walk import Walk

_MAX_NOTES = 1_000


def _note(macro: Macro) -> None:
    walk, canvas = macro.walk, macro.canvas
    number = walk.notes_written + len(walk.footnotes) + 1
    if number > _MAX_NOTES or macro.rich_body is None:
        macro.walk.block_children(macro.rich_body)
        return
    walk.footnotes.append((macro.rich_body, canvas.material))
    canvas.start("sup", canvas.mark(f"note-ref-{number}"))
    opened = canvas.begin_link(f"#doc-note-{number}")
    canvas.text(f"[{number}]")
    canvas.end_link(opened)
    canvas.end("sup")


def _notes(macro: Macro) -> None:
    write_footnotes(macro.walk)


def write_footnotes(walk: Walk) -> None:
    """Write the footnotes that were met since the last time, if any."""
    canvas, begins = walk.canvas, walk.notes_written + 1
    if not walk.footnotes:
        return
    canvas.start("ol", ' class="doc-footnotes"' + (f' start="{begins}"' if begins > 1 else ""))
    while walk.footnotes:
        body, material = walk.footnotes.pop(0)
        walk.notes_written += 1
        before, canvas.material = canvas.material, material
        canvas.start("li", canvas.mark(f"note-{walk.notes_written}"))
        walk.block_children(body)
        _back(walk)
        canvas.end("li")
        canvas.material = before
    canvas.end("ol")


def _back(walk: Walk) -> None:
    canvas = walk.canvas
    opened = canvas.begin_link(f"#doc-note-ref-{walk.notes_written}", canvas.words.back)
    if opened:
        canvas.text("↩")
    canvas.end_link(opened)


MACROS: dict[str, RenderMacro] = {
    "footnote": _note,
    "footnotes": _notes,
    "display-footnotes": _notes,
}
