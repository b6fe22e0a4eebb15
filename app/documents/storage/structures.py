"""The `ac:` elements that are neither links, pictures nor macros: layouts, tasks, emoji, templates' variables."""

from lxml import etree

from app.documents.emoji import emoji_text
from app.documents.pieces import begin_column, begin_task, end_task
from app.documents.storage.parse import AC, AT
from app.documents.storage.walk import Renderer, Walk, body_text, child, nothing, through

#: Layout of a section → the share of each column in percent; equal where none is named.
_SHARES = {
    "two_left_sidebar": (30, 70),
    "two_right_sidebar": (70, 30),
    "three_with_sidebars": (20, 60, 20),
    "three_left_sidebars": (25, 25, 50),
    "three_right_sidebars": (50, 25, 25),
}


def _section(element: etree._Element, walk: Walk) -> None:
    cells = list(element.iterchildren(f"{AC}layout-cell"))
    shares = _SHARES.get(element.get(f"{AC}type") or "", ())
    walk.canvas.start("div", ' class="doc-columns"' if len(cells) > 1 else "")
    for at, cell in enumerate(cells):
        begin_column(walk.canvas, shares[at] if at < len(shares) else None)
        walk.block_children(cell)
        walk.canvas.end("div")
    walk.canvas.end("div")


def _task_list(element: etree._Element, walk: Walk) -> None:
    walk.canvas.start("ul", ' class="doc-tasks"')
    for task in element.iterchildren(f"{AC}task"):
        begin_task(walk.canvas, body_text(child(task, "task-status")).strip() == "complete")
        walk.block_children(child(task, "task-body"))
        end_task(walk.canvas)
    walk.canvas.end("ul")


def _emoticon(element: etree._Element, walk: Walk) -> None:
    walk.canvas.text(
        emoji_text(
            element.get(f"{AC}emoji-fallback") or "",
            element.get(f"{AC}emoji-shortname") or "",
            element.get(f"{AC}name") or "",
            element.get(f"{AC}emoji-id") or "",
        )
    )


def _commented(element: etree._Element, walk: Walk) -> None:
    # Inline comments point at the text they are about; without them the mark means nothing.
    mark = walk.canvas.mark(f"comment-{ref}") if (ref := element.get(f"{AC}ref")) else ""
    if mark:
        walk.canvas.start("span", mark)
    walk.children(element)
    if mark:
        walk.canvas.end("span")


def _variable(element: etree._Element, walk: Walk) -> None:
    # A template that was never filled in: the place says what belongs there.
    if name := element.get(f"{AT}name"):
        walk.canvas.element("span", ' class="doc-variable"', name[:200])


RENDERERS: dict[str, Renderer] = {
    f"{AC}layout": through,
    f"{AC}layout-section": _section,
    f"{AC}layout-cell": through,
    f"{AC}task-list": _task_list,
    f"{AC}emoticon": _emoticon,
    f"{AC}hipchat-emoticon": _emoticon,
    f"{AC}inline-comment-marker": _commented,
    f"{AC}link-body": through,
    f"{AC}plain-text-link-body": through,
    f"{AC}placeholder": nothing,
    f"{AC}parameter": nothing,
    f"{AC}default-parameter": nothing,
    f"{AC}task-id": nothing,
    f"{AC}task-uuid": nothing,
    f"{AT}declarations": nothing,
    f"{AT}var": _variable,
}
