"""Pages and issues of the corpus on paper: by every rule that a machine checks, and nothing over the edge."""

from pathlib import Path

import pytest

from app.documents.paper import PaperFile, files_of
from tests.documents.corpus import Piece, content_of, corpus
from tests.documents.paper.sheets import made, over_the_edge
from tests.documents.paper.test_making import findings

#: What is large, wide, drawn or written from the right; all of the corpus is set by `make samples`.
_CHOSEN = ["110002", "110003", "110013", "110014", "110016", "110026", "110036", "110038", "110053"]
CHOSEN = frozenset({f"page-{number}" for number in _CHOSEN} | {"DESK-9", "HARB-19"})


def on_paper(piece: Piece) -> bytes:
    """Return the PDF of a piece with the pictures it shows."""
    contents = ((name, *content_of(name)) for name in files_of(piece.rendered.html))
    pictures = [PaperFile(name, kind, data) for name, kind, data in contents if kind in ("image/png", "image/jpeg")]
    return made(piece.rendered.html, pictures, piece.title)


@pytest.mark.parametrize("piece", [one for one in corpus() if one.name in CHOSEN], ids=lambda piece: piece.name)
def test_it_stands_on_paper(piece: Piece, tmp_path: Path) -> None:
    pdf = on_paper(piece)

    assert findings(pdf, tmp_path) == []
    assert over_the_edge(pdf) == []
