"""What is no Atlassian document, or too deep, too large, or of unexpected types."""

from collections.abc import Mapping

import pytest

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.types import Limits
from tests.documents.given import MATERIAL, cell, document, node, p, words

_NODE_KINDS = (
    "text paragraph heading bulletList orderedList codeBlock panel expand layoutColumn taskItem taskList table "
    "tableRow tableCell mediaSingle mediaGroup media mediaInline inlineCard blockCard extension mention emoji "
    "date status"
)


@pytest.mark.parametrize("given", [{}, {"type": "paragraph"}, {"type": ["doc"]}, [], "doc", None])
def test_what_is_no_document_is_refused(given: object) -> None:
    with pytest.raises(DocumentError, match="not an Atlassian document"):
        render_adf(given, MATERIAL)  # type: ignore[arg-type]


def nested(levels: int, kind: str = "blockquote") -> dict[str, object]:
    inner: dict[str, object] = words("x")
    for _ in range(levels):
        inner = node(kind, inner)
    return inner


@pytest.mark.parametrize("kind", ["blockquote", "bulletList", "panel", "taskList", "novelty", "paragraph", "expand"])
@pytest.mark.parametrize("levels", [201, 5_000])
def test_content_nested_too_deep_is_refused(kind: str, levels: int) -> None:
    with pytest.raises(DocumentError, match="200 levels"):
        render_adf(document(nested(levels, kind)), MATERIAL)


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (p(words("12345")), Limits(max_characters=4), "too_large"),
        (node("codeBlock", words("12345")), Limits(max_characters=4), "too_large"),
        (p(words("1"), words("2")), Limits(max_nodes=2), "too_many_nodes"),
        (
            node("table", node("tableRow", cell("tableCell", "1"), cell("tableCell", "2"))),
            Limits(max_cells=1),
            "too_many_cells",
        ),
    ],
)
def test_large_documents_are_refused(content: Mapping[str, object], limits: Limits, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        render_adf(document(content), MATERIAL, limits)
    assert caught.value.code == code


@pytest.mark.parametrize("value", [None, 1, 1.5, True, "x", [], ["x"], {}, {"type": 5}, float("nan"), 10**400])
def test_no_field_of_an_unexpected_type_breaks_a_rendering(value: object) -> None:
    kinds = _NODE_KINDS.split()
    names = (
        "level order language panelType title width state colspan id url text timestamp color type extensionKey layout"
    )
    for kind in kinds:
        whole = {"type": kind, "attrs": value, "content": value, "marks": value, "text": value}
        fields = {"type": kind, "attrs": dict.fromkeys(names.split(), value), "content": [value, p(words("x"))]}
        render_adf(document(whole, fields, value), MATERIAL)
