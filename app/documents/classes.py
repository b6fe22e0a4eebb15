"""The closed set of classes that content may carry; `static/css/reader*.css` style exactly these.

Colours, alignments and widths of the source become classes of this set and never styles, so that no content can
place itself over the page or ask another host for anything.
"""

from enum import StrEnum


class Colour(StrEnum):
    """The colours text, cells and panels may have."""

    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    PURPLE = "purple"
    MAGENTA = "magenta"


class PanelKind(StrEnum):
    """The kinds of panel, each with a colour and a sign of its own."""

    INFO = "info"
    NOTE = "note"
    TIP = "tip"
    WARNING = "warning"
    SUCCESS = "success"
    ERROR = "error"
    PLAIN = "panel"


class Align(StrEnum):
    """Where a paragraph, cell or picture stands in its line."""

    START = "start"
    CENTER = "center"
    END = "end"
    JUSTIFY = "justify"


class CodeToken(StrEnum):
    """The kinds of code token that have a colour of their own."""

    ATTRIBUTE = "attribute"
    BUILTIN = "builtin"
    COMMENT = "comment"
    DELETED = "deleted"
    FUNCTION = "function"
    INSERTED = "inserted"
    KEYWORD = "keyword"
    LITERAL = "literal"
    NUMBER = "number"
    OPERATOR = "operator"
    STRING = "string"
    TAG = "tag"
    TYPE = "type"


class TableWidth(StrEnum):
    """How wide a table is laid out at least, or at most where it is narrower than its page."""

    QUARTER = "quarter"
    HALF = "half"
    THREE_QUARTERS = "three-quarters"
    WIDE = "wide"
    WIDER = "wider"
    WIDEST = "widest"


MAX_INDENT = 6
COLUMN_PARTS = 12
#: Colours of the discs beside names; 0 is for somebody without a name.
AVATAR_TINTS = 6
#: Jira's levels of priority, from the highest.
PRIORITY_LEVELS = 5
#: Widths of table columns, in steps of five percent.
TABLE_COLUMN_PARTS = 20

_FIXED = (
    "doc-audio doc-bordered doc-bordered-2 doc-bordered-3 doc-card doc-card-about doc-code doc-code-title doc-column"
    " doc-columns doc-dashed doc-decision doc-decision-mark doc-decisions doc-details doc-expand doc-expand-body"
    " doc-fields doc-figure doc-file doc-file-about doc-file-name doc-files doc-footnotes doc-formula doc-frame"
    " doc-full doc-gallery doc-image doc-included doc-internal doc-key doc-line doc-line-number doc-mention doc-number"
    " doc-omitted doc-omitted-name doc-p doc-pages doc-panel doc-panel-body doc-panel-mark doc-panel-title doc-pre"
    " doc-small doc-status doc-status-subtle doc-summary doc-table doc-table-scroll doc-task doc-task-body"
    " doc-task-done doc-task-mark doc-task-open doc-tasks doc-thumbnail doc-title doc-toc doc-toc-flat doc-toc-number"
    " doc-unbordered doc-variable doc-video doc-wrap-end doc-wrap-start"
)
#: Around issues and comments; styled in `static/css/reader-issue.css`.
_ISSUE = (
    "doc-attachment doc-attachments doc-avatar doc-comment doc-comment-anchor doc-comment-at doc-comment-body"
    " doc-comment-head doc-comment-note doc-comment-resolved doc-comments doc-empty doc-field doc-issue doc-issues"
    " doc-person doc-pre-wrapped doc-priority doc-rating doc-refused doc-relation doc-section doc-tag doc-thumb"
    " doc-thumb-kind"
)
CLASSES = frozenset(
    _FIXED.split()
    + _ISSUE.split()
    + [f"doc-avatar-{tint}" for tint in range(AVATAR_TINTS + 1)]
    + [f"doc-priority-{level}" for level in range(1, PRIORITY_LEVELS + 1)]
    + [f"doc-{use}-{colour}" for use in ("text", "bg", "status", "edge") for colour in Colour]
    + [f"doc-panel-{kind}" for kind in PanelKind]
    + [f"doc-panel-colour-{colour}" for colour in Colour]
    + [f"doc-align-{align}" for align in Align]
    + [f"doc-valign-{place}" for place in ("middle", "bottom")]
    + [f"doc-code-{token}" for token in CodeToken]
    + [f"doc-indent-{steps}" for steps in range(1, MAX_INDENT + 1)]
    + [f"doc-w-{parts}" for parts in range(1, COLUMN_PARTS + 1)]
    + [f"doc-col-{parts}" for parts in range(1, TABLE_COLUMN_PARTS + 1)]
    + [f"doc-table-{width}" for width in TableWidth]
    + [f"doc-h{level}" for level in range(1, 7)]
    + [f"doc-toc-{level}" for level in range(1, 7)]
)


def classes(*names: str | None) -> str:
    """Return a class attribute with a leading space, or nothing where no name is left."""
    if not names:
        return ""
    kept = " ".join(name for name in names if name)
    return f' class="{kept}"' if kept else ""


def coloured(use: str, colour: Colour | None) -> str | None:
    """Return the class for a colour used as `text`, `bg` or `status`."""
    return None if colour is None else f"doc-{use}-{colour}"


def aligned(align: Align | None) -> str | None:
    """Return the class for an alignment; the start of the line needs none."""
    return None if align is None or align is Align.START else f"doc-align-{align}"


def indented(steps: int) -> str | None:
    """Return the class for an indentation in steps."""
    return f"doc-indent-{min(steps, MAX_INDENT)}" if steps > 0 else None
