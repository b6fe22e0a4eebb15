"""Ten megabytes, in each format and shape: refused with a sentence, and no dearer than what is just small enough to be shown."""

from collections.abc import Callable
from time import process_time

import pytest

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.storage import render_storage
from app.documents.types import Rendered
from app.documents.wiki import render_wiki
from tests.documents.given import MATERIAL, document, node, words

#: Characters of the whole, and the most that are shown.
HUGE, MOST = 10_000_000, 2_000_000


def adf_of(piece: str, times: int) -> dict[str, object]:
    return document(*[node("paragraph", words(piece))] * times)


SHAPES: list[tuple[Callable[..., Rendered], Callable[[int], object], str]] = [
    (render_storage, lambda size: "<p>word</p>" * (size // 11), "paragraphs"),
    (render_storage, lambda size: f"<table><tbody>{'<tr><td>1</td></tr>' * (size // 19)}</tbody></table>", "rows"),
    (render_storage, lambda size: "&amp;" * (size // 5), "entities"),
    (render_storage, lambda size: f"<p>{'<b>' * (size // 3)}", "open elements"),
    (render_storage, lambda size: f"<p title='{'x' * size}'>x</p>", "one attribute"),
    (
        render_storage,
        lambda size: "<!DOCTYPE a [" + "<!ENTITY a '&a;'>" * (size // 17) + "]><p>&a;</p>",
        "declarations",
    ),
    (render_wiki, lambda size: "h1. a *b*\n" * (size // 10), "lines"),
    (render_wiki, lambda size: "|a" * (size // 2), "cells"),
    (render_wiki, lambda size: "{quote}" * (size // 7), "open macros"),
    (render_adf, lambda size: adf_of("x" * 1_000, size // 1_000), "paragraphs"),
    (render_adf, lambda size: adf_of("x", size // 10), "nodes"),
    (render_adf, lambda size: adf_of("x" * size, 1), "one text"),
]


def cost(render: Callable[..., Rendered], body: object) -> tuple[float, str]:
    """Return the seconds of processor time that a body takes, and why it was refused, if it was."""
    begun = process_time()
    try:
        render(body, MATERIAL)
    except DocumentError as refused:
        return process_time() - begun, str(refused)
    return process_time() - begun, ""


@pytest.mark.parametrize(("render", "shape", "name"), SHAPES, ids=[f"{one[0].__name__}-{one[2]}" for one in SHAPES])
def test_ten_megabytes_are_refused_at_little_cost(
    render: Callable[..., Rendered], shape: Callable[[int], object], name: str
) -> None:
    plain: dict[Callable[..., Rendered], object] = {
        render_storage: "<p>word</p>" * (MOST // 11),
        render_wiki: "word word\n\n" * (MOST // 40),
        render_adf: adf_of("x" * 20, 90_000),
    }
    control, said = cost(render, plain[render])
    assert said == "", "the control is small enough"

    spent, refusal = cost(render, shape(HUGE))

    assert refusal.startswith(("This content ", "The tables "))
    assert refusal.endswith("shown.")
    assert spent < 3 * max(control, 0.2), name
