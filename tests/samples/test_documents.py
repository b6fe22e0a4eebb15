"""What people and programs have written is shown, or refused with a sentence; nothing unsafe comes of it, and little is boxed."""

import pytest

from app.documents.bodies import Body, draw_body
from app.documents.canvas import Canvas
from app.documents.errors import DocumentError
from app.documents.issue import issue_view, render_issue
from app.documents.sanitise import clean
from app.documents.types import Limits, Material, Rendered
from tests.documents.allowed import faults
from tests.samples.bodies import Sample, material_of, samples
from tests.samples.census import Census
from tests.samples.test_identity import told

SAMPLES = samples()
#: Share of elements that have to be shown by a renderer of their own, what is denied aside.
LEAST = 0.95


def shown(sample: Sample) -> Rendered:
    """Return what a reader would see of a body or an issue."""
    content = sample.content
    if isinstance(content, Body):
        canvas = Canvas(material_of(content), Limits())
        draw_body(content, canvas)
        return canvas.finish()
    fields, key = content["fields"], content["key"]
    assert isinstance(fields, dict)
    names, schema = content.get("names") or {}, content.get("schema") or {}
    assert isinstance(names, dict)
    assert isinstance(schema, dict)
    return render_issue(issue_view(str(key), fields, names, schema, frozenset(fields) | {"comment"}), Material())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.where)
def test_a_body_is_shown_safely_or_refused_with_a_sentence(sample: Sample) -> None:
    try:
        rendered = shown(sample)
    except DocumentError as refused:
        told(str(refused))
        return
    assert list(faults(rendered.html)) == []
    assert clean(rendered.html) == rendered.html


def test_nearly_all_that_is_written_has_a_renderer_of_its_own() -> None:
    census = Census()
    for sample in SAMPLES:
        if not isinstance(sample.content, Body):
            continue
        try:
            census.count(sample.content, shown(sample))
        except DocumentError as refused:
            census.refused[refused.code] += 1
    print("\n".join(census.lines()))
    assert census.share >= LEAST
