"""Other pages within a page: shown as far as the link covers them, and never without end."""

import time
from dataclasses import replace

import pytest

from app.documents.storage import render_storage
from app.documents.types import CoveredPage, LeftOut, Limits, Material, MediaFile, Reason
from tests.documents.given import MATERIAL, REL, document, macro, node, storage, words

OTHERS_PICTURE = MediaFile("att9", "crane.png", "image/png", 10, object_id="80")
EXCERPT = macro("excerpt", "<p>In <em>short</em></p>", hidden="true")
CRANES = CoveredPage(
    "80",
    "Cranes & hooks",
    "page-80",
    parent_id="77",
    position=0,
    storage=f'<p>All cranes</p>{EXCERPT}<ac:image><ri:attachment ri:filename="crane.png"/></ac:image>',
    attachments={"crane.png": OTHERS_PICTURE},
)
HOOKS = CoveredPage("81", "Hooks", "page-81", parent_id="80", storage="<p>Of steel</p>")
BERTHS = CoveredPage("82", "Berths", "page-82", parent_id="77", position=1, storage=macro("include", **{"": "Hooks"}))
LOOP = CoveredPage(
    "83", "Loop", "page-83", parent_id="77", position=2, storage=f"<p>round</p>{macro('include', **{'': 'Loop'})}"
)
UNREAD = CoveredPage("84", "Unread", "page-84", parent_id="82")
TREE = (CRANES, HOOKS, BERTHS, UNREAD, LOOP)
COVERED = replace(
    MATERIAL,
    pages={key: page for page in TREE for key in (f"id:{page.id}", f"page::{page.title}", f"page:OPS:{page.title}")},
    tree=TREE,
)


def shown(body: str, material: Material = COVERED) -> str:
    return render_storage(body, material).html


def page(title: str, space: str = "") -> str:
    key = f'ri:space-key="{space}" ' if space else ""
    return f'<ri:page {key}ri:content-title="{title}"/>'


def pointing(called: str, resource: str, **parameters: str) -> str:
    given = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return (
        f'<ac:structured-macro ac:name="{called}"><ac:parameter ac:name="">{resource}</ac:parameter>{given}'
        "</ac:structured-macro>"
    )


@pytest.mark.parametrize(
    "source",
    [
        macro("include", **{"": "Hooks"}),
        macro("include", **{"": "OPS:Hooks"}),
        pointing("include", page("Hooks")),
        pointing("include", f"<ac:link>{page('Hooks', 'OPS')}</ac:link>"),
        pointing("include", '<ri:content-entity ri:content-id="81"/>'),
        '<ac:macro ac:name="include"><ac:default-parameter>Hooks</ac:default-parameter></ac:macro>',
    ],
)
def test_an_included_page_is_shown_where_the_link_covers_it(source: str) -> None:
    assert shown(source) == '<div class="doc-included"><p>Of steel</p></div>'
    assert storage(source) == '<div class="doc-omitted">Not shown here: included page</div>'


@pytest.mark.parametrize(
    "source", [macro("include"), macro("include", **{"": "Unread"}), macro("include", **{"": "HR:Pay"})]
)
def test_an_included_page_that_is_not_covered_or_was_not_read_is_a_box(source: str) -> None:
    rendered = render_storage(source, COVERED)

    assert rendered.html == '<div class="doc-omitted">Not shown here: included page</div>'
    assert rendered.left_out == (LeftOut("included page", 1, Reason.NOT_COVERED),)


def test_files_in_an_included_page_are_that_pages() -> None:
    rendered = render_storage(
        f'{macro("include", **{"": "Cranes &amp; hooks"})}<ac:image><ri:attachment ri:filename="plan.png"/></ac:image>',
        COVERED,
    )

    assert '<img src="media/80/att9" alt="crane.png"' in rendered.html
    assert '<img src="media/att1" alt="plan.png"' in rendered.html
    assert rendered.media_ids == frozenset({"80/att9", "att1"})
    assert "In <em>short" not in rendered.html


def test_a_file_of_the_same_name_is_never_taken_from_the_other_page() -> None:
    body = macro("include", **{"": "Cranes &amp; hooks"})
    without = replace(
        COVERED,
        pages={"page::Cranes & hooks": replace(CRANES, attachments={})},
        attachments={"crane.png": MATERIAL.attachments["plan.png"]},
    )

    assert "media/" not in shown(body, without)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            {},
            (
                '<div class="doc-panel doc-panel-panel" role="note"><div class="doc-panel-body">'
                '<div class="doc-panel-title">Cranes &amp; hooks</div><p>In <em>short</em></p></div></div>'
            ),
        ),
        ({"nopanel": "true"}, "<p>In <em>short</em></p>"),
        ({"name": "other"}, '<div class="doc-omitted">Not shown here: excerpt of another page</div>'),
    ],
)
def test_the_excerpt_of_a_covered_page_is_shown_even_if_hidden_there(parameters: dict[str, str], expected: str) -> None:
    assert shown(pointing("excerpt-include", page("Cranes &amp; hooks"), **parameters)) == expected


def test_an_excerpt_is_found_by_its_name() -> None:
    named = f"{EXCERPT}{macro('excerpt', '<p>depth</p>', Name='depth')}"
    material = replace(COVERED, pages={"page::Berths": replace(BERTHS, storage=named)})

    assert (
        shown(macro("excerpt-include", **{"": "Berths", "Name": "depth", "nopanel": "true"}), material)
        == "<p>depth</p>"
    )


def test_a_page_within_itself_ends() -> None:
    rendered = render_storage(macro("include", **{"": "Loop"}), COVERED)

    assert rendered.html == (
        '<div class="doc-included"><p>round</p>'
        '<div class="doc-omitted">Not shown here: page that includes itself</div></div>'
    )
    assert rendered.left_out == (LeftOut("page that includes itself", 1, Reason.BOUNDED),)
    own = replace(COVERED, pages={"page::Me": CoveredPage("77", "Me", "./", storage="x")})
    assert "page that includes itself" in shown(macro("include", **{"": "Me"}), own)


def test_the_number_the_depth_and_the_size_of_included_pages_are_bounded() -> None:
    body = macro("include", **{"": "Hooks"}) * 3
    chain = {
        f"page::p{n}": CoveredPage(str(n), f"p{n}", f"page-{n}", storage=macro("include", **{"": f"p{n + 1}"}))
        for n in range(20)
    }

    assert render_storage(body, COVERED, Limits(max_includes=2)).html.count("Of steel") == 2
    assert render_storage(body, COVERED, Limits(max_included_characters=20)).html.count("Of steel") == 1
    assert render_storage(body, COVERED).html.count("Of steel") == 3
    assert shown(macro("include", **{"": "p0"}), replace(COVERED, pages=chain)).count("doc-included") == 8


def test_an_included_page_that_cannot_be_read_leaves_the_rest() -> None:
    broken = {"page::Hooks": replace(HOOKS, storage="x" * 300)}

    rendered = render_storage(
        f"<p>before</p>{macro('include', **{'': 'Hooks'})}", replace(COVERED, pages=broken), Limits(max_characters=250)
    )

    assert rendered.html == '<p>before</p><div class="doc-omitted">Not shown here: included page</div>'


def test_levels_within_an_included_page_count_with_those_around_it() -> None:
    deep = {"page::Hooks": replace(HOOKS, storage="<div>" * 150 + "</div>" * 150)}

    with pytest.raises(Exception, match="nested"):
        render_storage(
            f"{'<div>' * 100}{macro('include', **{'': 'Hooks'})}{'</div>' * 100}", replace(COVERED, pages=deep)
        )


def listed(*items: str) -> str:
    return f'<ul class="doc-pages">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def link(of: CoveredPage) -> str:
    return f'<a href="{of.address}" {REL}>{of.title.replace("&", "&amp;")}</a>'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (macro("children"), listed(link(CRANES), link(BERTHS), link(LOOP))),
        (macro("children", first="1"), listed(link(CRANES))),
        (macro("children", sort="title"), listed(link(BERTHS), link(CRANES), link(LOOP))),
        (macro("children", reverse="true"), listed(link(LOOP), link(BERTHS), link(CRANES))),
        (macro("children", page="Cranes &amp; hooks"), listed(link(HOOKS))),
        (macro("children", page="Hooks"), ""),
        (
            macro("children", all="true"),
            listed(link(CRANES) + listed(link(HOOKS)), link(BERTHS) + listed(link(UNREAD)), link(LOOP)),
        ),
        (macro("children", depth="1"), listed(link(CRANES), link(BERTHS), link(LOOP))),
        (macro("pagetree", root="Berths"), listed(link(UNREAD))),
        (
            macro("pagetree"),
            listed(link(CRANES) + listed(link(HOOKS)), link(BERTHS) + listed(link(UNREAD)), link(LOOP)),
        ),
    ],
)
def test_the_pages_below_are_listed_as_far_as_they_are_covered(source: str, expected: str) -> None:
    assert shown(source) == expected


@pytest.mark.parametrize(
    ("source", "called"),
    [
        (macro("children", page="Elsewhere"), "child pages"),
        (macro("children"), "child pages"),
        (macro("pagetree"), "page tree"),
    ],
)
def test_without_covered_pages_no_list_of_them_is_shown(source: str, called: str) -> None:
    material = COVERED if "Elsewhere" in source else MATERIAL

    assert shown(source, material) == f'<div class="doc-omitted">Not shown here: {called}</div>'


def test_lists_of_pages_are_bounded_together() -> None:
    assert shown(macro("children") * 10).count("doc-pages") == 10
    assert render_storage(macro("children") * 10, COVERED, Limits(max_listed=8)).html.count("doc-pages") == 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"<ac:link>{page('Hooks')}</ac:link>", link(HOOKS)),
        (
            f'<ac:link ac:card-appearance="inline">{page("Hooks")}<ac:link-body>steel</ac:link-body></ac:link>',
            f'<a href="page-81" {REL}>steel</a>',
        ),
        (f'<ac:link ac:anchor="Size">{page("Hooks")}</ac:link>', f'<a href="page-81#doc-size" {REL}>Hooks</a>'),
        ('<ac:link><ri:content-entity ri:content-id="81"/></ac:link>', link(HOOKS)),
        ('<ac:link><ri:content-entity ri:content-id="999"/></ac:link>', "an internal page"),
        (f"<ac:link>{page('Hooks', 'HR')}</ac:link>", "Hooks"),
        ('<a href="https://wiki.acme.example/spaces/OPS/pages/81/Hooks">h</a>', f'<a href="page-81" {REL}>h</a>'),
        ('<a href="/wiki/spaces/OPS/pages/81/Hooks#Some-Part">h</a>', f'<a href="page-81#doc-some-part" {REL}>h</a>'),
        ('<a href="/pages/viewpage.action?spaceKey=OPS&amp;pageId=81">h</a>', f'<a href="page-81" {REL}>h</a>'),
        ('<a href="/display/OPS/Cranes+%26+hooks">h</a>', f'<a href="page-80" {REL}>h</a>'),
        ('<a href="/pages/77#Here">h</a>', f'<a href="#doc-here" {REL}>h</a>'),
        (
            '<a href="https://wiki.acme.example/pages/81" data-card-appearance="inline">https://wiki.acme.example/pages/81</a>',
            link(HOOKS),
        ),
        ('<a href="/wiki/spaces/OPS/pages/999/Secret">h</a>', "h"),
        ('<a href="https://other.atlassian.net/wiki/spaces/OPS/pages/81/x">h</a>', "h"),
        ('<a href="https://example.com/pages/81">h</a>', f'<a href="https://example.com/pages/81" {REL}>h</a>'),
    ],
)
def test_links_to_covered_pages_lead_to_their_place_in_the_share(written: str, expected: str) -> None:
    assert shown(written) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f'<ri:attachment ri:filename="crane.png">{page("Cranes &amp; hooks")}</ri:attachment>', 'src="media/80/att9"'),
        (
            '<ri:url ri:value="https://wiki.acme.example/download/attachments/80/crane.png?v=1"/>',
            'src="media/80/att9"',
        ),
        (
            f'<ri:attachment ri:filename="plan.png">{page("Cranes &amp; hooks")}</ri:attachment>',
            "Not shown here: attachment<",
        ),
        (f'<ri:attachment ri:filename="crane.png">{page("Elsewhere")}</ri:attachment>', "attachment of another page"),
    ],
)
def test_an_attachment_of_another_page_is_shown_if_that_page_is_covered(source: str, expected: str) -> None:
    assert expected in shown(f"<ac:image>{source}</ac:image>")


def test_many_lists_and_galleries_of_a_large_tree_take_no_long_time() -> None:
    tree = tuple(CoveredPage(str(n), f"p{n}", f"page-{n}", parent_id="9") for n in range(1_000))
    files = {f"{n}.png": MediaFile(f"a{n}", f"{n}.png", "image/png", n) for n in range(300)}
    body = (macro("children") + macro("gallery", exclude="x") + macro("pagetree", root="p1")) * 5_000
    begun = time.process_time()

    rendered = render_storage(body, replace(MATERIAL, tree=tree, attachments=files))

    assert time.process_time() - begun < 20
    assert rendered.html.count("<img") <= 5_000


def test_a_page_whose_address_could_lead_away_is_no_link() -> None:
    hostile = replace(HOOKS, address="//evil.example")

    assert shown(macro("children"), replace(COVERED, tree=(replace(hostile, parent_id="77"),))) == listed("Hooks")


def written_in_adf(*paragraphs: str) -> Material:
    """Return material in which the page “Notes” has no storage format, but these paragraphs as ADF."""
    notes = CoveredPage("90", "Notes", "page-90", adf=document(*(node("paragraph", words(one)) for one in paragraphs)))
    return replace(COVERED, pages={**COVERED.pages, "page::Notes": notes})


@pytest.mark.parametrize(
    ("limits", "called", "reason"),
    [
        # More than is read of all included pages together, more than is read of any document, and deeper than any.
        (Limits(max_included_characters=500), "further included pages", Reason.BOUNDED),
        (Limits(max_nodes=20), "included page", Reason.NOT_COVERED),
        (Limits(max_characters=200), "included page", Reason.NOT_COVERED),
        (Limits(max_depth=1), "included page", Reason.NOT_COVERED),
    ],
)
def test_an_included_page_of_adf_that_is_too_large_is_a_box_and_the_rest_is_shown(
    limits: Limits, called: str, reason: Reason
) -> None:
    given, include = written_in_adf(*["Of the harbour"] * 30), macro("include", **{"": "Notes"})

    whole = render_storage(f"<p>Before</p>{include}<p>After</p>", given)
    rendered = render_storage(f"<p>Before</p>{include}<p>After</p>", given, limits)

    assert whole.html.count("Of the harbour") == 30
    assert rendered.html.startswith("<p>Before</p>")
    assert rendered.html.endswith("<p>After</p>")
    assert "Of the harbour" not in rendered.html
    assert rendered.left_out == (LeftOut(called, 1, reason),)
