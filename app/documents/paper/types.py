"""What a PDF is made from."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PaperFile:
    """A picture or style sheet, found by the name under which the HTML asks for it."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Manuscript:
    """The words round the content of a PDF, all translated; `html` is the output of a rendering of ours."""

    title: str
    #: A line above the title, such as an issue's key; empty = none.
    kicker: str
    #: Lines under the title, such as "Shared by Ines Duarte".
    cover: tuple[str, ...]
    organisation: str
    #: What stands where a picture could not be had, with the place `{name}`.
    missing_picture: str
    #: What a picture is called that nobody described.
    picture: str
    #: What stands where something plays, with the place `{name}`.
    playable: str
    #: BCP 47.
    language: str
    html: str = field(repr=False)
    #: Lists after the content, such as comments or files, as safe HTML like `html`; empty = none.
    after: str = field(default="", repr=False)
