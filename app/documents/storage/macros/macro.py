"""What a renderer of a macro is given."""

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from app.documents.canvas import Canvas
from app.documents.storage.parse import AC
from app.documents.storage.walk import Walk, body_text, child, resource


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro: its name and parameters in lower case, its bodies, and the walk it is part of."""

    name: str
    parameters: dict[str, str]
    element: etree._Element
    walk: Walk

    @property
    def canvas(self) -> Canvas:
        """What the macro is written on."""
        return self.walk.canvas

    @property
    def rich_body(self) -> etree._Element | None:
        """The body that holds further content, if there is one."""
        return child(self.element, "rich-text-body")

    @property
    def plain_body(self) -> str:
        """The body that holds text such as code."""
        return body_text(child(self.element, "plain-text-body"))

    def parameter(self, *names: str) -> str:
        """Return the first of these parameters that says anything, else nothing."""
        return next((found for name in names if (found := self.parameters.get(name))), "")

    def says(self, name: str) -> bool:
        """Tell whether a parameter is `true`."""
        return self.parameters.get(name, "").lower() == "true"

    def resource(self, *names: str) -> etree._Element | None:
        """Return what the first of these parameters that points at anything points at."""
        for found in self.element.iterchildren(f"{AC}parameter"):
            if (found.get(f"{AC}name") or "").lower() in names and (pointed := resource(found)) is not None:
                return pointed
        return None


RenderMacro = Callable[[Macro], None]
