"""Panels, status and code in storage format."""

import re

import pytest

from app.documents.storage import render_storage
from app.documents.types import Limits
from tests.documents.given import MATERIAL, code, macro, storage


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [
        ("info", "info", "Info"),
        ("note", "warning", "Warning"),
        ("tip", "tip", "Tip"),
        ("warning", "error", "Error"),
        ("success", "success", "Success"),
    ],
)
def test_panels_have_a_sign_beside_their_colour(name: str, kind: str, label: str) -> None:
    assert storage(macro(name, "<p>x</p>", title="T")) == (
        f'<div class="doc-panel doc-panel-{kind}" role="note">'
        f'<span class="doc-panel-mark" role="img" aria-label="{label}"></span>'
        '<div class="doc-panel-body"><div class="doc-panel-title">T</div><p>x</p></div></div>'
    )


def test_a_custom_panel_keeps_its_colour_and_sign() -> None:
    shown = storage(macro("panel", "<p>x</p>", bgColor="#E3FCEF", panelIconText="🚀"))

    assert 'class="doc-panel doc-panel-panel doc-panel-colour-teal"' in shown or "doc-panel-colour-green" in shown
    assert ">🚀</span>" in shown


def test_code_is_coloured_by_class_and_stays_as_it_was_typed() -> None:
    shown = storage(code("def f():\n    return '<b>&nbsp;'", language="py", title="a.py"))

    assert '<div class="doc-code-title">a.py</div>' in shown
    assert '<span class="doc-code-keyword">def</span>' in shown
    assert "&lt;b&gt;&amp;nbsp;" in shown
    assert 'aria-label="a.py" tabindex="0"' in shown


@pytest.mark.parametrize("language", ["", "none", "no-such-language", "text", "x" * 500])
def test_code_in_no_known_language_is_plain(language: str) -> None:
    assert "<code>a &lt; b\n</code>" in storage(code("a < b\n", language=language))


def test_code_beyond_the_limit_is_plain() -> None:
    body = code("x = 1", language="python")

    assert "doc-code-operator" in render_storage(body, MATERIAL, Limits(max_coloured=5)).html
    assert "doc-code-operator" not in render_storage(body, MATERIAL, Limits(max_coloured=4)).html
    assert "doc-code-operator" not in render_storage(body, MATERIAL, Limits(max_coloured_block=4)).html


@pytest.mark.parametrize(
    ("parameters", "opening"),
    [
        ({"borderColor": "#ff0000"}, '<div class="doc-panel doc-panel-panel doc-edge-red" role="note">'),
        ({"borderStyle": "dashed"}, '<div class="doc-panel doc-panel-panel doc-dashed" role="note">'),
        ({"borderStyle": "none"}, '<div class="doc-panel doc-panel-panel doc-unbordered" role="note">'),
        ({"borderWidth": "0"}, '<div class="doc-panel doc-panel-panel doc-unbordered" role="note">'),
        ({"bgColor": "#ffffff", "borderColor": "url(//x)"}, '<div class="doc-panel doc-panel-panel" role="note">'),
        (
            {"title": "T", "titleBGColor": "#deebff", "titleColor": "#ff0000"},
            (
                '<div class="doc-panel doc-panel-panel" role="note"><div class="doc-panel-body">'
                '<div class="doc-panel-title doc-bg-blue doc-text-red">T</div>'
            ),
        ),
    ],
)
def test_a_panel_keeps_its_border_and_its_titles_colours(parameters: dict[str, str], opening: str) -> None:
    assert storage(macro("panel", "<p>x</p>", **parameters)).startswith(opening)


@pytest.mark.parametrize(
    ("parameters", "sign"),
    [
        ({"panelIcon": ":rocket:", "panelIconId": "1f680", "panelIconText": "🚀"}, ">🚀</span>"),
        ({"panelIconId": "1f680"}, ">🚀</span>"),
        ({"panelIconId": "atlassian-check_mark"}, None),
        ({"panelIconId": "202e"}, None),
        ({"panelIconId": "3c"}, None),
    ],
)
def test_the_sign_of_a_panel_is_read_from_its_text_or_its_id(parameters: dict[str, str], sign: str | None) -> None:
    shown = storage(macro("panel", "<p>x</p>", **parameters))

    assert "doc-panel-mark" not in shown if sign is None else sign in shown


def test_a_panel_without_its_sign_has_none() -> None:
    assert "doc-panel-mark" not in storage(macro("info", "<p>x</p>", icon="false"))
    assert "doc-panel-mark" in storage(macro("info", "<p>x</p>", icon="true"))


@pytest.mark.parametrize(
    ("kind", "shown"), [("Success", "success"), ("warning", "warning"), ("hint", "tip"), ("generic", "panel")]
)
def test_messages_of_apps_are_panels_of_their_kind(kind: str, shown: str) -> None:
    for name in ("alert", "auimessage"):
        assert f"doc-panel-{shown}" in storage(macro(name, "<p>x</p>", type=kind, title="T"))


def test_a_subtle_status_says_so() -> None:
    assert storage(macro("status", title="Open", colour="Blue", subtle="true")) == (
        '<span class="doc-status doc-status-blue doc-status-subtle">Open</span>'
    )


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({"linenumbers": "true"}, ["1", "2"]),
        ({"linenumbers": "true", "firstline": "9"}, ["9", "10"]),
        ({"linenumbers": "true", "firstline": "-3"}, ["1", "2"]),
        ({"linenumbers": "false"}, []),
        ({"firstline": "5"}, []),
    ],
)
def test_lines_of_code_are_numbered_where_the_writer_wants_it(parameters: dict[str, str], numbers: list[str]) -> None:
    written = 'a = """x\ny"""'
    shown = storage(code(f"{written}\n", language="python", **parameters))

    assert re.findall(r'<span class="doc-line-number" aria-hidden="true">(\d+)</span>', shown) == numbers
    assert re.sub(r'<span class="doc-line-number"[^>]*>\d+</span>|<[^>]*>', "", shown).strip() == written


def test_lines_beyond_the_limit_have_no_numbers() -> None:
    body = code("a\nb", linenumbers="true")

    assert "doc-line" in render_storage(body, MATERIAL, Limits(max_numbered_lines=2)).html
    assert "doc-line" not in render_storage(body, MATERIAL, Limits(max_numbered_lines=1)).html


def test_code_that_is_folded_unfolds_under_its_title() -> None:
    assert storage(code("x", collapse="true", title="a.py")).startswith(
        '<details class="doc-expand"><summary>a.py</summary><div class="doc-expand-body"><div class="doc-code"><pre'
    )


@pytest.mark.parametrize("name", ["noformat", "markdown", "paste-code-macro"])
def test_text_as_it_was_typed_is_a_block_of_code(name: str) -> None:
    body = "<ac:plain-text-body><![CDATA[# a\n  b]]></ac:plain-text-body></ac:structured-macro>"
    shown = storage(macro(name, title="T").replace("</ac:structured-macro>", body))

    assert '<div class="doc-code-title">T</div><pre class="doc-pre"' in shown
    assert "\n  b" in shown
