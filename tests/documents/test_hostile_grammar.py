"""All that the grammar of hostile markup makes, in the three formats: what comes out is safe, and the same when cleaned again."""

from collections.abc import Callable, Iterable

import pytest

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.storage import render_storage
from app.documents.types import Rendered
from app.documents.wiki import render_wiki
from tests.documents.given import MATERIAL
from tests.documents.hostile import adf_documents, markup, storage_bodies, wiki_texts
from tests.documents.test_hostile import assert_safe

PARTS = 8
_FORMATS: dict[str, tuple[Callable[..., Rendered], Callable[[], Iterable[object]]]] = {
    "storage": (render_storage, storage_bodies),
    "adf": (render_adf, adf_documents),
    "wiki": (render_wiki, wiki_texts),
}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", _FORMATS)
def test_whatever_the_grammar_makes_is_safe(name: str, part: int) -> None:
    render, bodies = _FORMATS[name]
    shown = 0
    for at, body in enumerate(bodies()):
        if at % PARTS != part:
            continue
        try:
            rendered = render(body, MATERIAL)
        except DocumentError:
            continue
        assert_safe(rendered)
        shown += 1
    assert shown > 100


def test_the_grammar_makes_thousands_of_different_pieces() -> None:
    pieces = list(markup())

    assert len(set(pieces)) > 7_000
    assert len(set(pieces)) > len(pieces) * 0.95
