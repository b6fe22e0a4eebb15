"""Every page and issue of the corpus is what it was when somebody last looked at it, safe, and nearly all of it shown."""

import pytest

from app.documents.sanitise import clean
from tests.documents.allowed import faults
from tests.documents.corpus import EXPECTED, SITE, Piece, corpus, lines

PIECES = corpus()


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_it_looks_as_it_did(piece: Piece) -> None:
    assert lines(piece.rendered.html) == (EXPECTED / f"{piece.name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_it_is_safe(piece: Piece) -> None:
    assert list(faults(piece.rendered.html)) == []
    assert clean(piece.rendered.html) == piece.rendered.html


def test_there_is_expected_html_for_the_corpus_and_nothing_else() -> None:
    assert {path.stem for path in EXPECTED.glob("*.html")} == {piece.name for piece in PIECES}


def test_the_corpus_is_as_large_as_it_is_said_to_be() -> None:
    assert len(SITE.pages) >= 60
    assert len(SITE.issues) >= 40


def test_nothing_that_only_some_may_read_is_shown() -> None:
    everything = "".join(piece.rendered.html for piece in PIECES)

    for secret in (
        "desk-internal-note",
        "only-for-managers-text",
        "hidden-price-of-crane-3",
        "app-parameter-of-nobody",
    ):
        assert secret not in everything
    # What stands beside them is.
    for shown in ("40 cm", "Crane 3: facts", "Boxes for what only an app can show."):
        assert shown in everything
