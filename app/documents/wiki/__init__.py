"""Wiki markup (the text of Jira and of old Confluence, Data Center) to safe HTML."""

from app.documents.canvas import Canvas
from app.documents.types import Limits, Material, Rendered


def render_wiki(text: str, material: Material, limits: Limits | None = None) -> Rendered:
    """Return safe HTML of wiki markup; raise DocumentError if it is too large or too deep."""
    canvas = Canvas(material, limits or Limits())
    draw(text, canvas)
    return canvas.finish()


def draw(text: str, canvas: Canvas) -> None:
    """Write wiki markup on a canvas that may hold other things as well; raise DocumentError as `render_wiki` does."""
    opened = canvas.begin_paragraph()
    canvas.text(canvas.count_text(text))
    canvas.end_paragraph(opened)
