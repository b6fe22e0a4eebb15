import time
from contextlib import suppress

import pytest

from app.documents.errors import DocumentError
from app.documents.storage import render_storage
from app.documents.types import Limits
from tests.documents.given import MATERIAL, storage


def refusal(body: str, limits: Limits | None = None) -> str:
    with pytest.raises(DocumentError) as caught:
        render_storage(body, MATERIAL, limits)
    assert str(caught.value).endswith(".")
    return caught.value.code


def test_content_beyond_the_size_is_refused() -> None:
    assert refusal("x" * 2_000_001) == "too_large"
    assert refusal("<p>12345</p>", Limits(max_characters=11)) == "too_large"
    assert render_storage("<p>12345</p>", MATERIAL, Limits(max_characters=12)).html == "<p>12345</p>"


@pytest.mark.parametrize("tag", ["div", "strong", "ul", "ac:layout", "blockquote", "unknown"])
def test_content_nested_too_deep_is_refused(tag: str) -> None:
    assert refusal(f"<{tag}>" * 201 + f"</{tag}>" * 201) == "too_deep"
    assert refusal(f"<{tag}>" * 50_000 + f"</{tag}>" * 50_000) == "too_deep"


def test_the_deepest_macros_allowed_are_read() -> None:
    opening = '<ac:structured-macro ac:name="info"><ac:rich-text-body>'
    closing = "</ac:rich-text-body></ac:structured-macro>"

    assert storage(opening * 120 + "x" + closing * 120).count("doc-panel-body") == 120
    assert refusal(opening * 130 + closing * 130) == "too_deep"


def test_tables_with_too_many_cells_are_refused() -> None:
    row = "<tr>" + "<td/>" * 100 + "</tr>"

    assert refusal(f"<table>{row * 201}</table>") == "too_many_cells"
    columns = '<table><colgroup><col span="99" style="width: 1px"/></colgroup></table>'
    assert refusal(columns * 203) == "too_many_cells"
    assert storage(columns * 202).count("<col ") == 202 * 99


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ('<!DOCTYPE a [<!ENTITY b "canary">]><p>&b;</p>', "<p>&amp;b;</p>"),
        ('<!DOCTYPE a SYSTEM "file:///etc/hostname"><p>text</p>', "<p>text</p>"),
        ('<p>text</p><!ENTITY c SYSTEM "file:///etc/hostname"><p>&c;</p>', "<p>&amp;c;</p>"),
        ('<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><p>&c;</p>', "<p>&amp;c;</p>"),
    ],
)
def test_no_entity_is_ever_declared_by_content(body: str, end: str) -> None:
    assert storage(body).endswith(end)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("<p>a &bogus; b</p>", "<p>a &amp;bogus; b</p>"),
        ("<p>a &LT;b&GT; &AMP; &quot;</p>", '<p>a &lt;b&gt; &amp; "</p>'),
        ("<p>a<br>b &lt; c</p>", "<p>a<br>b &lt; c</p>"),
        ("<p>open", "<p>open</p>"),
        ("<p>5 &#60; 6 &#x26; 7</p>", "<p>5 &lt; 6 &amp; 7</p>"),
        ("<p>a\x00b\x0bc\ud800d</p>", "<p>abcd</p>"),
        ('<?xml version="1.0"?>\n<p>declared</p>', "\n<p>declared</p>"),
        ('<xml xmlns:ac="else" xmlns="http://www.w3.org/1999/xhtml"><ac:layout>x</ac:layout></xml>', "x"),
        ("<!-- secret --><p>text<?php echo 1 ?></p>", "<p>text</p>"),
        ("", ""),
    ],
)
def test_damage_that_costs_no_text_is_mended(body: str, shown: str) -> None:
    assert storage(body) == shown


def test_markup_damaged_beyond_repair_is_refused() -> None:
    assert refusal("<p>a</p></storage>" + "<p>lost</p>" * 20) == "broken"


@pytest.mark.parametrize(
    "unit",
    [
        "<![CDATA[",
        " ",
        " xmlns=",
        " xmlns:ac='",
        "&a",
        "&amp;",
        "<a",
        "<!--",
        "]]>",
        "<p>",
        "<td/>",
        '"',
        "\n",
        "<br/>",
    ],
)
def test_no_repetition_makes_reading_slow(unit: str) -> None:
    began = time.thread_time()
    with suppress(DocumentError):
        render_storage(unit * (300_000 // len(unit)), MATERIAL)
    # Of a processor: on a busy machine it gets them later.
    assert time.thread_time() - began < 20
