"""All of the project's own corpus on paper, which takes minutes; a choice of it is in the suite."""

from pathlib import Path

import pytest

from tests.documents.corpus import Piece, corpus
from tests.documents.paper.sheets import over_the_edge
from tests.documents.paper.test_corpus_on_paper import CHOSEN, on_paper
from tests.documents.paper.test_making import findings


@pytest.mark.parametrize("piece", [one for one in corpus() if one.name not in CHOSEN], ids=lambda piece: piece.name)
def test_it_stands_on_paper(piece: Piece, tmp_path: Path) -> None:
    pdf = on_paper(piece)

    assert findings(pdf, tmp_path) == []
    assert over_the_edge(pdf) == []
