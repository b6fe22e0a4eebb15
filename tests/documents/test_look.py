import re
from pathlib import Path

import pytest

from app.documents.classes import CLASSES, Colour
from app.documents.colours import nearest
from tests.documents.look.constructs import CONSTRUCTS, FOLDER

_CSS = Path(__file__).parents[2] / "static" / "css"
_SHEETS = (
    *(path.name for path in sorted(_CSS.glob("reader*.css")) if path.name != "reader-shell.css"),
    "code-tokens.css",
)


def test_the_stylesheets_know_exactly_the_classes_that_content_may_carry() -> None:
    styled = {name for sheet in _SHEETS for name in re.findall(r"\.(doc-[a-z0-9-]+)", (_CSS / sheet).read_text())}
    # The start of a line and the frame itself need no rule of their own.
    plain = "doc-align-start doc-decisions doc-figure doc-included doc-p doc-tasks doc-task-open doc-toc-1"
    unstyled = set(plain.split())

    assert styled - CLASSES == {"doc-body"}
    assert CLASSES - styled <= unstyled


def test_the_stylesheets_write_down_no_colour_of_their_own() -> None:
    for sheet in _SHEETS:
        assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(|hsl\(|url\(|@import", (_CSS / sheet).read_text())


def test_the_document_for_readers_shows_a_picture_of_each_construct_and_no_other_is_kept() -> None:
    kept = {path.stem for path in FOLDER.glob("*.png")}
    document = (FOLDER.parents[1] / "reading.md").read_text(encoding="utf-8")

    assert set(re.findall(r"images/reading/([a-z-]+)\.png", document)) == kept
    assert {one.name for one in CONSTRUCTS} <= kept


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("#ff5630", Colour.RED),
        ("#FFAB00", Colour.ORANGE),
        ("#fff0b3", Colour.YELLOW),
        ("#36b37e", Colour.GREEN),
        ("#00b8d9", Colour.TEAL),
        ("#0747a6", Colour.BLUE),
        ("#6554c0", Colour.PURPLE),
        ("#f797d2", Colour.MAGENTA),
        ("#97a0af", Colour.GREY),
        ("#f4f5f7", Colour.GREY),
        ("rgb(255, 0, 0)", Colour.RED),
        ("rgba(0,0,255,0.5)", Colour.BLUE),
        ("#f00", Colour.RED),
        ("var(--ds-text-accent-red, #ae2e24)", Colour.RED),
        ("Purple", Colour.PURPLE),
        ("#ffffff", None),
        ("#000000", None),
        ("#172b4d", None),
        ("rgb(999,0,0)", Colour.RED),
        ("url(//evil.example)", None),
        ("", None),
        ("#12345", None),
    ],
)
def test_colours_are_read_as_the_nearest_of_the_set(written: str, read: Colour | None) -> None:
    assert nearest(written) is read
