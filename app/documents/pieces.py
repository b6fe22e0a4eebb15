"""The constructs that every source format has, written once: panels, lozenges, dates, pictures, files, tasks, code.

A piece that holds other content has a `begin_…` and an `end_…`, so that a document may be as deep as its limit says
without three stack frames for each level.
"""

import html
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.documents.canvas import Canvas
from app.documents.classes import (
    AVATAR_TINTS,
    COLUMN_PARTS,
    TABLE_COLUMN_PARTS,
    Align,
    Colour,
    PanelKind,
    TableWidth,
    classes,
    coloured,
)
from app.documents.highlight import highlighted, numbered
from app.documents.types import MediaFile

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"})
#: A picture is never drawn larger, whatever its page says.
MAX_PIXELS = 5_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_SPAN = 1_000
_MAX_TITLE = 500
#: Up to these shares of the page a table is narrower than it, and from these pixels on it is laid out wider.
_NARROW = ((30.0, TableWidth.QUARTER), (60.0, TableWidth.HALF), (85.0, TableWidth.THREE_QUARTERS))
_WIDE = ((1_500.0, TableWidth.WIDEST), (1_150.0, TableWidth.WIDER), (850.0, TableWidth.WIDE))


@dataclass(frozen=True, slots=True)
class Picture:
    """How a picture is to be shown; sizes in CSS pixels, `beside` lets text flow around it."""

    alt: str = ""
    width: int | None = None
    height: int | None = None
    align: Align | None = None
    beside: bool = False
    #: Width of the border in pixels, and its colour.
    border: int = 0
    edge: Colour | None = None
    #: No larger than a preview.
    thumbnail: bool = False
    #: As wide as the page.
    full: bool = False


@dataclass(frozen=True, slots=True)
class PanelLook:
    """What the writer of a panel chose beside its kind."""

    colour: Colour | None = None
    edge: Colour | None = None
    title_ground: Colour | None = None
    title_colour: Colour | None = None
    without_border: bool = False
    dashed: bool = False
    without_sign: bool = False


def pixels(value: object) -> int | None:
    """Read a size in pixels, such as 120, "120" or "120.0px"; None if it is none or out of range."""
    try:
        number = float(str(value).strip().lower().removesuffix("px"))
    except ValueError:
        return None
    return int(number) if 1 <= number <= MAX_PIXELS else None


def span(value: object) -> int:
    """Read a colspan or rowspan; 1 if it is none."""
    if value is None:
        return 1
    text = str(value).strip().removesuffix(".0")
    return min(max(int(text), 1), _MAX_SPAN) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def spans(columns: object, rows: object) -> str:
    """Return the attributes for a merged cell."""
    wide, high = span(columns), span(rows)
    return (f' colspan="{wide}"' if wide > 1 else "") + (f' rowspan="{high}"' if high > 1 else "")


def table_width(width: float | None, usual: float) -> TableWidth | None:
    """Return the step of a table's width in pixels on a page of the `usual` width; None where it just fits."""
    if width is None or width <= 0:
        return None
    share = width * 100 / usual
    narrow = next((name for limit, name in _NARROW if share <= limit), None)
    return narrow or next((name for limit, name in _WIDE if width >= limit), None)


def begin_table(canvas: Canvas, width: TableWidth | None = None, columns: tuple[float, ...] = ()) -> None:
    """Open a table that scrolls by itself where it is wider than the page; `columns` are their shares of its width."""
    label = html.escape(canvas.words.table)
    canvas.start("div", f' class="doc-table-scroll" role="group" aria-label="{label}" tabindex="0"')
    canvas.start("table", classes("doc-table", f"doc-table-{width}" if width is not None else None))
    total = sum(columns)
    if total > 0:
        # One element can stand for many columns: they count as cells do.
        canvas.count_cell(len(columns))
        steps = (min(max(round(one * TABLE_COLUMN_PARTS / total), 1), TABLE_COLUMN_PARTS) for one in columns)
        cols = "".join(f'<col class="doc-col-{step}">' for step in steps)
        canvas.parts.append(f"<colgroup>{cols}</colgroup>")


def end_table(canvas: Canvas) -> None:
    """Close a table."""
    canvas.end("table")
    canvas.end("div")


def begin_panel(
    canvas: Canvas,
    kind: PanelKind,
    title: str = "",
    sign: str = "",
    colour: Colour | None = None,
    look: PanelLook | None = None,
) -> None:
    """Open a panel; `sign` is a character of the writer's instead of the kind's own."""
    look = look or PanelLook(colour=colour)
    tint = f"doc-panel-colour-{look.colour}" if look.colour is not None else None
    frame = "doc-unbordered" if look.without_border else "doc-dashed" if look.dashed else None
    names = classes("doc-panel", f"doc-panel-{kind}", tint, coloured("edge", look.edge), frame)
    canvas.start("div", names + ' role="note"')
    label = html.escape(str(getattr(canvas.words, kind)))
    if (kind is not PanelKind.PLAIN or sign) and not look.without_sign:
        canvas.element("span", f' class="doc-panel-mark" role="img" aria-label="{label}"', sign[:8])
    canvas.start("div", ' class="doc-panel-body"')
    if title:
        colours = coloured("bg", look.title_ground), coloured("text", look.title_colour)
        canvas.element("div", classes("doc-panel-title", *colours), title[:_MAX_TITLE])


def end_panel(canvas: Canvas) -> None:
    """Close a panel."""
    canvas.end("div")
    canvas.end("div")


def begin_expand(canvas: Canvas, title: str) -> None:
    """Open content that unfolds without script."""
    canvas.start("details", ' class="doc-expand"')
    canvas.element("summary", "", title.strip()[:_MAX_TITLE] or canvas.words.expand)
    canvas.start("div", ' class="doc-expand-body"')


def end_expand(canvas: Canvas) -> None:
    """Close content that unfolds."""
    canvas.end("div")
    canvas.end("details")


def begin_column(canvas: Canvas, percent: float | None, place: str = "") -> None:
    """Open a column with its share of the width in percent, rounded to twelfths; `place` is middle or bottom."""
    parts = None if percent is None else min(max(round(percent * COLUMN_PARTS / 100), 1), COLUMN_PARTS)
    lower = f"doc-valign-{place}" if place in ("middle", "bottom") else None
    canvas.start("div", classes("doc-column", f"doc-w-{parts}" if parts else None, lower))


def begin_task(canvas: Canvas, done: bool) -> None:
    """Open a task with its state, which is a picture to readers and never an input."""
    canvas.start("li", classes("doc-task", "doc-task-done" if done else "doc-task-open"))
    canvas.tasks += 1
    label = html.escape(canvas.words.task_done if done else canvas.words.task_open)
    canvas.element("span", f' class="doc-task-mark" role="img" aria-label="{label}"', "")
    canvas.start("div", ' class="doc-task-body"')


def end_task(canvas: Canvas) -> None:
    """Close a task."""
    canvas.tasks -= 1
    end_item(canvas)


def begin_decision(canvas: Canvas) -> None:
    """Open a decision."""
    canvas.start("li", ' class="doc-decision"')
    label = html.escape(canvas.words.decision)
    canvas.element("span", f' class="doc-decision-mark" role="img" aria-label="{label}"', "")
    canvas.start("div", ' class="doc-task-body"')


def end_item(canvas: Canvas) -> None:
    """Close a decision."""
    canvas.end("div")
    canvas.end("li")


def status(canvas: Canvas, text: str, colour: Colour | None, *, subtle: bool = False) -> None:
    """Write a status lozenge."""
    if text.strip():
        names = "doc-status", coloured("status", colour or Colour.GREY), "doc-status-subtle" if subtle else None
        canvas.element("span", classes(*names), text[:_MAX_TITLE])


def day(canvas: Canvas, iso: str) -> None:
    """Write a day given as an ISO 8601 date; anything else stays as it was written."""
    try:
        read = date.fromisoformat(iso.strip()[:10])
    except ValueError:
        canvas.text(iso[:40])
        return
    canvas.element("time", f' datetime="{read.isoformat()}"', canvas.words.date(read))


def day_of_timestamp(milliseconds: str) -> str:
    """Return the ISO 8601 date (UTC) of milliseconds since 1970, or nothing if out of range."""
    try:
        return (_EPOCH + timedelta(milliseconds=int(milliseconds[:20]))).date().isoformat()
    except (ValueError, OverflowError):
        return ""


def instant(canvas: Canvas, at: datetime) -> None:
    """Write an aware instant in the zone of the words."""
    canvas.element("time", f' datetime="{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"', canvas.words.instant(at))


def mention(canvas: Canvas, account: str) -> None:
    """Write somebody's name as the material has it; in a task, only if tasks say whose they are.

    Not as it stands in the text: there it is the full name, whatever the privacy setting says.
    """
    if canvas.tasks and not canvas.material.show_assignees:
        return
    name = canvas.material.people.get(account) or canvas.words.someone
    canvas.element("span", ' class="doc-mention"', "@" + name[:_MAX_TITLE])


def person(canvas: Canvas, account: str) -> None:
    """Write somebody's name behind a disc with its initials, as far as the material has a name."""
    name = canvas.material.people.get(account, "").strip()[:_MAX_TITLE]
    # Letters count by their place as well, lest names of like letters have like colours.
    tint = sum(at * ord(letter) for at, letter in enumerate(name, 1)) % AVATAR_TINTS + 1 if name else 0
    canvas.start("span", ' class="doc-person"')
    canvas.element("span", f' class="doc-avatar doc-avatar-{tint}" aria-hidden="true"', _initials(name))
    canvas.parts.append(" ")
    canvas.element("span", "", name or canvas.words.someone)
    canvas.end("span")


def _initials(name: str) -> str:
    letters = [word[0] for word in name.split() if word[0].isalnum()]
    return "".join(letters[:1] + letters[1:][-1:]).upper()


def internal(canvas: Canvas) -> None:
    """Write, in place of an address of the organisation's own sites, that there was one."""
    canvas.element("span", ' class="doc-internal"', canvas.words.internal_page)


def picture(canvas: Canvas, file: MediaFile, look: Picture) -> None:
    """Write an image without a frame; what a browser should not draw becomes a file card."""
    address = canvas.media(file) if file.media_type.lower() in PICTURES else None
    if address is None:
        file_card(canvas, file)
        return
    size = (f' width="{look.width}"' if look.width else "") + (f' height="{look.height}"' if look.height else "")
    alt = html.escape(look.alt or file.filename)
    names = classes("doc-image", *_frame(look))
    canvas.parts.append(f'<img src="{address}" alt="{alt}"{size} loading="lazy" decoding="async"{names}>')


def _frame(look: Picture) -> tuple[str | None, ...]:
    if not (look.border or look.thumbnail or look.full):
        return ()
    return (
        "doc-bordered" if look.border else None,
        f"doc-bordered-{min(look.border, 3)}" if look.border > 1 else None,
        coloured("edge", look.edge) if look.border else None,
        "doc-thumbnail" if look.thumbnail else None,
        "doc-full" if look.full else None,
    )


def begin_figure(canvas: Canvas, look: Picture) -> None:
    """Open the frame of a picture that stands by itself."""
    beside = f"doc-wrap-{look.align}" if look.beside and look.align in (Align.START, Align.END) else None
    align = f"doc-align-{look.align}" if look.align and not beside else None
    canvas.start("figure", classes("doc-figure", beside or align))


def file_card(canvas: Canvas, file: MediaFile) -> None:
    """Write a file's name, kind and size, with a link where files may be had."""
    canvas.start("span", ' class="doc-file"')
    opened = canvas.begin_link(canvas.media(file)) if canvas.material.link_files else False
    canvas.element("span", ' class="doc-file-name"', file.filename)
    canvas.end_link(opened)
    canvas.parts.append(" ")
    canvas.element("span", ' class="doc-file-about"', file_about(canvas, file))
    canvas.end("span")


def file_about(canvas: Canvas, file: MediaFile) -> str:
    """Return a file's kind and size, such as PDF, 1.2 MB."""
    kind = file.filename.rpartition(".")[2].upper() if "." in file.filename else ""
    return ", ".join(part for part in (kind[:8], canvas.words.size(file.size)) if part)


def code_block(
    canvas: Canvas,
    code: str,
    language: str = "",
    title: str = "",
    *,
    first_line: int | None = None,
    folded: bool = False,
    wrapped: bool = False,
) -> None:
    """Write a block of code, coloured and its lines numbered within the limits, with its title above."""
    if folded:
        begin_expand(canvas, title or canvas.words.code)
        title = ""
    label = html.escape(title[:_MAX_TITLE] or canvas.words.code)
    canvas.start("div", ' class="doc-code"')
    if title:
        canvas.element("div", ' class="doc-code-title"', title[:_MAX_TITLE])
    names = classes("doc-pre", "doc-pre-wrapped" if wrapped else None)
    canvas.start("pre", f'{names} role="group" aria-label="{label}" tabindex="0"')
    canvas.parts.append(f"<code>{_code(canvas, code, language, first_line)}</code>")
    canvas.end("pre")
    canvas.end("div")
    if folded:
        end_expand(canvas)


def _code(canvas: Canvas, code: str, language: str, first_line: int | None) -> str:
    limits = canvas.limits
    fits = len(code) <= limits.max_coloured_block and canvas.coloured_characters + len(code) <= limits.max_coloured
    if language and fits:
        canvas.coloured_characters += len(code)
    else:
        language = ""
    if first_line is not None:
        canvas.numbered_lines += code.count("\n") + 1
        if canvas.numbered_lines <= limits.max_numbered_lines:
            return numbered(code, language, first_line)
    return highlighted(code, language) if language else html.escape(code, quote=False)
