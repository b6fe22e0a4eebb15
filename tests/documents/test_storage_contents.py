"""Contents, links to headings and footnotes in storage format: what is made of a page as a whole."""

import re

import pytest

from tests.documents.given import REL, macro, storage


def test_the_table_of_contents_is_built_from_the_headings_once() -> None:
    body = f"<p>{macro('toc', maxLevel='2')}</p><h1>A &amp; B</h1><h3>C</h3>{macro('toc')}"

    shown = storage(body)

    assert shown.count("doc-toc-1") == 1
    assert (
        '<ul class="doc-toc"><li class="doc-toc-1"><a href="#doc-a-b" rel="noopener noreferrer nofollow">A &amp; B</a></li></ul>'
        in shown
    )


HEADINGS = "<h1>A</h1><h2>B</h2><h2>C</h2><h1>D</h1>"


Item = tuple[str, str, str]


def items(html: str) -> list[Item]:
    number = r'(?:<span class="doc-toc-number">([\d.]+)</span> )?'
    found: list[Item] = re.findall(rf'<li class="(doc-toc-\d)">{number}<a href="#doc-(\w+)', html)
    return found


@pytest.mark.parametrize(
    ("parameters", "listed"),
    [
        ({}, [("doc-toc-1", "", "a"), ("doc-toc-2", "", "b"), ("doc-toc-2", "", "c"), ("doc-toc-1", "", "d")]),
        ({"maxLevel": "1"}, [("doc-toc-1", "", "a"), ("doc-toc-1", "", "d")]),
        ({"minLevel": "2"}, [("doc-toc-1", "", "b"), ("doc-toc-1", "", "c")]),
        (
            {"minLevel": "9", "maxLevel": "x", "outline": "true"},
            [("doc-toc-1", "1", "a"), ("doc-toc-2", "1.1", "b"), ("doc-toc-2", "1.2", "c"), ("doc-toc-1", "2", "d")],
        ),
        ({"type": "flat", "maxLevel": "1"}, [("doc-toc-1", "", "a"), ("doc-toc-1", "", "d")]),
    ],
)
def test_the_contents_list_the_levels_that_are_asked_for(parameters: dict[str, str], listed: list[Item]) -> None:
    shown = storage(macro("toc", **parameters) + HEADINGS)

    assert items(shown) == listed
    assert ("doc-toc-flat" in shown) is (parameters.get("type") == "flat")


def test_contents_begin_at_the_edge_whatever_level_the_headings_begin_with() -> None:
    shown = storage(macro("toc", outline="true") + HEADINGS.replace("h2", "h4").replace("h1", "h3"))

    assert items(shown) == [
        ("doc-toc-1", "1", "a"),
        ("doc-toc-2", "1.1", "b"),
        ("doc-toc-2", "1.2", "c"),
        ("doc-toc-1", "2", "d"),
    ]


@pytest.mark.parametrize(("location", "lists"), [("", 1), ("top", 1), ("bottom", 1), ("both", 2)])
def test_a_zone_lists_its_own_headings(location: str, lists: int) -> None:
    shown = storage(f"<h1>X</h1>{macro('toc-zone', HEADINGS, location=location)}<h1>Y</h1>")

    assert [found[2] for found in items(shown)] == ["a", "b", "c", "d"] * lists
    assert (shown.index("doc-toc") < shown.index('id="doc-a"')) is (location != "bottom")


def test_the_number_of_zones_is_bounded() -> None:
    assert storage(macro("toc-zone", "<h1>a</h1>") * 30).count('class="doc-toc"') == 20


@pytest.mark.parametrize(
    ("anchor", "leads_to"),
    [
        ("Depth at low water", "doc-depth-at-low-water"),
        ("Depthatlowwater", "doc-depth-at-low-water"),
        ("Berth plan-Depthatlowwater", "doc-depth-at-low-water"),
        ("nowhere", "doc-nowhere"),
    ],
)
def test_a_link_to_a_heading_finds_it_however_confluence_spells_it(anchor: str, leads_to: str) -> None:
    assert f'<a href="#{leads_to}"' in storage(f'<ac:link ac:anchor="{anchor}"/><h2>Depth at low water</h2>')


def test_footnotes_stand_where_the_page_asks_for_them_or_at_its_end() -> None:
    def reference(number: int) -> str:
        return f'<sup id="doc-note-ref-{number}"><a href="#doc-note-{number}" {REL}>[{number}]</a></sup>'

    def text(number: int, body: str) -> str:
        back = f'<a href="#doc-note-ref-{number}" aria-label="Back to the text" {REL}>↩</a>'
        return f'<li id="doc-note-{number}"><p>{body}</p>{back}</li>'

    one, two = macro("footnote", "<p>one</p>"), macro("footnote", "<p>two</p>")

    assert storage(f"<p>a{one}</p>{macro('display-footnotes')}<p>b{two}</p>") == (
        f'<p>a{reference(1)}</p><ol class="doc-footnotes">{text(1, "one")}</ol>'
        f'<p>b{reference(2)}</p><ol class="doc-footnotes" start="2">{text(2, "two")}</ol>'
    )
    assert storage(macro("footnotes")) == ""
