"""Wiki markup (the text of Jira and of old Confluence, Data Center) to safe HTML.

`parse` finds the macros and pairs their ends; `blocks` goes through the lines between them, `inline` through a line,
`links` knows what stands in brackets and between exclamation marks, `macros` the macros by name. What means nothing stays
as it was written. Source: Text Formatting Notation Help, which every Jira shows at
`/secure/WikiRendererHelpAction.jspa?section=all`.
"""

from app.documents import errors
from app.documents.canvas import Canvas
from app.documents.reasons import reason_of
from app.documents.types import Limits, Material, Reason, Rendered
from app.documents.wiki.blocks import Flow
from app.documents.wiki.macros import MACROS, WITH_BODY, draw_element
from app.documents.wiki.parse import Macros, parse

_MACROS = Macros(
    with_body=WITH_BODY,
    blocks=(WITH_BODY | {"toc"}) - {"color"},
    is_known=lambda name: name in MACROS or reason_of(name) is not Reason.UNKNOWN,
)


def render_wiki(text: str, material: Material, limits: Limits | None = None) -> Rendered:
    """Return safe HTML of wiki markup; raise DocumentError if it is too large or too deep."""
    canvas = Canvas(material, limits or Limits())
    draw(text, canvas)
    return canvas.finish()


def draw(text: str, canvas: Canvas) -> None:
    """Write wiki markup on a canvas that may hold other things as well; raise DocumentError as `render_wiki` does."""
    try:
        Flow(canvas, draw_element).draw(parse(canvas.count_text(text), _MACROS))
    except RecursionError as error:
        raise errors.too_deep(canvas.limits.max_depth) from error
