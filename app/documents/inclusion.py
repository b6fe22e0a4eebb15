"""Pages that are read into another one: what a rendering has come through of them, and how much of that there may be."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.documents.types import CoveredPage, Limits

if TYPE_CHECKING:
    from app.documents.canvas import Canvas

#: Pages within pages within pages.
_MAX_NESTED = 8


@dataclass
class Inclusion:
    """Counts of one rendering, whichever formats its pages are in."""

    #: Ids of the pages that what is written now belongs to, outermost first.
    path: tuple[str, ...]
    pages: int = 0
    characters: int = 0
    #: Pages and pictures in lists.
    listed: int = 0

    def refuses(self, page: CoveredPage, characters: int, limits: Limits) -> str | None:
        """Count a page that is to be read into this one, or return the key of the box in its place."""
        if page.id in self.path:
            return "include-loop"
        characters += self.characters
        too_many = self.pages >= limits.max_includes or characters > limits.max_included_characters
        if too_many or len(self.path) > _MAX_NESTED:
            return "include-more"
        self.pages, self.characters = self.pages + 1, characters
        return None


@contextmanager
def within(canvas: "Canvas", page: CoveredPage) -> Iterator[None]:
    """Write what belongs to another page of the share: names of files mean that page's."""
    material, path = canvas.material, canvas.inclusion.path
    canvas.material = replace(material, attachments=page.attachments, by_file_id=page.by_file_id, object_id=page.id)
    canvas.inclusion.path = (*path, page.id)
    try:
        yield
    finally:
        canvas.material, canvas.inclusion.path = material, path
