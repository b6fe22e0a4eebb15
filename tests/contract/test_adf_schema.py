"""Every node and mark of the published schema has a rendering of its own."""

from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft4Validator

from app.documents.adf import NODES, render_adf
from app.documents.adf.marks import MARKS
from app.documents.sanitise import clean
from app.documents.types import Rendered
from tests.contract.adf_examples import Examples, kinds
from tests.contract.conftest import read
from tests.contract.documents import ADF
from tests.documents.allowed import faults
from tests.documents.given import MATERIAL

#: Examples that are made of each definition.
ROUNDS = 8


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Any]:
    return read(ADF)


def test_the_schema_names_no_node_or_mark_without_a_renderer(schema: Mapping[str, Any]) -> None:
    found = kinds(schema)
    marks = {kind for name, kind in found.items() if name.endswith("_mark")}

    assert len(schema["definitions"]) == 84
    assert set(found.values()) - marks <= set(NODES)
    assert marks <= MARKS


def test_whatever_the_schema_allows_is_rendered_and_nothing_is_boxed_as_unknown(schema: Mapping[str, Any]) -> None:
    validator = Draft4Validator(schema)
    found = kinds(schema)
    for seed in range(ROUNDS):
        examples = Examples(schema, seed)
        for name, kind in found.items():
            example = examples.of(name)
            definition = validator.evolve(schema={**schema, "$ref": f"#/definitions/{name}"})
            assert [error.message for error in definition.iter_errors(example)] == [], name
            for document in documents(name, kind, example):
                assert_known(render_adf(document, MATERIAL), name)


def documents(name: str, kind: str, example: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return documents that hold an example; a mark stands on whatever may carry marks."""
    if kind == "doc":
        return [example]
    if not name.endswith("_mark"):
        return [{"type": "doc", "content": [example]}]
    text = {"type": "text", "text": "words", "marks": [example]}
    media = {"type": "media", "attrs": {"id": "file-1", "type": "file", "collection": ""}, "marks": [example]}
    paragraph = {"type": "paragraph", "content": [text], "marks": [example]}
    return [{"type": "doc", "content": [one]} for one in (paragraph, {"type": "mediaSingle", "content": [media]})]


def assert_known(rendered: Rendered, name: str) -> None:
    assert {one.name for one in rendered.left_out}.isdisjoint({*NODES, *MARKS}), name
    assert list(faults(rendered.html)) == []
    assert clean(rendered.html) == rendered.html
