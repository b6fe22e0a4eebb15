"""Sentences for people, written in core and translated at the edge.

Core knows no language: it names a message and its arguments; `app.web` and `app.core.mail` translate.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Text:
    """A translatable sentence: an English message with `%(name)s` places and their values."""

    message_id: str
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)

    def __init__(self, message_id: str, **arguments: Any) -> None:
        object.__setattr__(self, "message_id", message_id)
        object.__setattr__(self, "arguments", arguments)

    def render(self, translate: Callable[[str], str] | None = None) -> str:
        """Return the sentence, translated by `translate` where one is given."""
        template = translate(self.message_id) if translate else self.message_id
        values = {
            name: value.render(translate) if isinstance(value, Text) else value
            for name, value in self.arguments.items()
        }
        return template % values if values else template

    def __str__(self) -> str:
        return self.render()
