"""Files, films, diagrams, formulas and pages of other sites in storage format."""

from dataclasses import replace

import pytest

from app.documents.sanitise import clean
from app.documents.storage import render_storage
from app.documents.types import LeftOut, Material, MediaFile, Reason
from tests.documents.given import FLOW, MATERIAL, REL, macro, storage

FRAMED = replace(MATERIAL, frame_hosts=frozenset({"www.youtube.com", "player.vimeo.com", "maps.example"}))
SANDBOXED = (
    'sandbox="allow-scripts allow-same-origin allow-presentation" loading="lazy" referrerpolicy="no-referrer"></iframe>'
)


def plain(name: str, text: str, **parameters: str) -> str:
    body = f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body></ac:structured-macro>"
    return macro(name, **parameters).replace("</ac:structured-macro>", body)


def file_macro(kind: str, filename: str) -> str:
    return (
        f'<ac:structured-macro ac:name="{kind}"><ac:parameter ac:name="name"><ri:attachment ri:filename="{filename}"/>'
        "</ac:parameter></ac:structured-macro>"
    )


def widget(address: str, name: str = "widget") -> str:
    return (
        f'<ac:structured-macro ac:name="{name}"><ac:parameter ac:name="url"><ri:url ri:value="{address}"/></ac:parameter>'
        "</ac:structured-macro>"
    )


# Sound and film


@pytest.mark.parametrize("kind", ["multimedia", "view-file"])
def test_film_and_sound_are_played_from_the_media_route(kind: str) -> None:
    film = '<video src="media/att4" aria-label="tour.mp4" controls="" preload="metadata" class="doc-video"></video>'
    sound = '<audio src="media/att5" aria-label="bell.mp3" controls="" preload="metadata" class="doc-audio"></audio>'

    assert film in storage(file_macro(kind, "tour.mp4"))
    assert sound in storage(file_macro(kind, "bell.mp3"))
    assert render_storage(file_macro(kind, "tour.mp4"), MATERIAL).media_ids == frozenset({"att4"})
    assert film in storage('<ac:image><ri:attachment ri:filename="tour.mp4"/></ac:image>')


@pytest.mark.parametrize("media_type", ["video/x-msvideo", "text/html", "image/svg+xml", ""])
def test_what_browsers_do_not_play_is_a_card(media_type: str) -> None:
    file = MediaFile("att8", "x.avi", media_type, 10)
    shown = storage(file_macro("multimedia", "x.avi"), replace(MATERIAL, attachments={"x.avi": file}))

    assert "<video" not in shown
    assert '<span class="doc-file-name">x.avi</span>' in shown


@pytest.mark.parametrize("kind", ["viewpdf", "viewdoc", "viewxls", "viewppt", "view-file"])
def test_office_files_and_pdfs_are_cards(kind: str) -> None:
    assert storage(file_macro(kind, "Offer 2026.pdf")) == (
        '<div class="doc-files"><span class="doc-file"><span class="doc-file-name">Offer 2026.pdf</span> '
        '<span class="doc-file-about">PDF, 1.2 MB</span></span></div>'
    )


@pytest.mark.parametrize(
    "written",
    [
        macro("viewpdf", Name="Offer 2026.pdf", page="Elsewhere"),
        macro("multimedia", Name="tour.mp4", space="HR"),
        (
            '<ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name"><ri:attachment ri:filename="tour.mp4">'
            '<ri:page ri:content-title="Elsewhere"/></ri:attachment></ac:parameter></ac:structured-macro>'
        ),
    ],
)
def test_a_file_of_a_page_that_is_not_covered_is_a_box(written: str) -> None:
    rendered = render_storage(written, MATERIAL)

    assert rendered.html == '<div class="doc-omitted">Not shown here: attachment of another page</div>'
    assert rendered.left_out == (LeftOut("attachment of another page", 1, Reason.NOT_COVERED),)
    assert rendered.media_ids == frozenset()


# Galleries


def test_a_gallery_shows_the_pictures_of_the_page() -> None:
    shown = storage(macro("gallery", title="Harbour"))

    assert shown.startswith('<div class="doc-title">Harbour</div><div class="doc-gallery"><figure class="doc-figure">')
    assert [shown.index(name) for name in ("flow.png</figcaption>", "plan.png</figcaption>")] == sorted(
        [shown.index("flow.png</figcaption>"), shown.index("plan.png</figcaption>")]
    )
    assert "logo.svg" not in shown
    assert shown.count("<img") == 2


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"include": "plan.png"}, ["plan.png"]),
        ({"exclude": "plan.png, none.png"}, ["flow.png"]),
        ({"reverse": "true"}, ["plan.png", "flow.png"]),
        ({"sort": "size", "reverse": "true"}, ["flow.png", "plan.png"]),
    ],
)
def test_a_gallery_shows_what_it_names_in_its_order(parameters: dict[str, str], names: list[str]) -> None:
    shown = storage(macro("gallery", **parameters))

    assert sorted((shown.index(f">{name}<"), name) for name in names) == [
        (shown.index(f">{name}<"), name) for name in names
    ]
    assert shown.count("<img") == len(names)


@pytest.mark.parametrize("parameters", [{"includeLabel": "map"}, {"page": "Elsewhere"}])
def test_a_gallery_by_labels_or_of_another_page_is_a_box(parameters: dict[str, str]) -> None:
    assert storage(macro("gallery", **parameters)) == '<div class="doc-omitted">Not shown here: gallery</div>'


# Diagrams and charts


@pytest.mark.parametrize(
    "written",
    [
        macro("drawio", diagramName="flow", pageId="77"),
        macro("drawio", diagramName="flow.drawio"),
        macro("drawio", diagramName="flow", pageId="1234"),
        macro("gliffy", Name="flow"),
        macro("gliffy", imageAttachmentId="6"),
        macro("mermaid-cloud", filename="flow"),
        macro("plantumlcloud", filename="flow.puml"),
        macro("lucidchart", Name="flow"),
        (
            '<ac:adf-extension><ac:adf-node type="extension"><ac:adf-attribute key="extension-key">ari/static/drawio'
            '</ac:adf-attribute><ac:adf-attribute key="parameters"><ac:adf-parameter key="guest-params"><ac:adf-parameter '
            'key="diagram-name">flow</ac:adf-parameter></ac:adf-parameter></ac:adf-attribute></ac:adf-node>'
            "<ac:adf-fallback><p>again</p></ac:adf-fallback></ac:adf-extension>"
        ),
    ],
)
def test_a_diagram_is_the_picture_that_its_app_attached(written: str) -> None:
    rendered = render_storage(written, MATERIAL)

    assert rendered.html.startswith('<figure class="doc-figure"><img src="media/att6" alt="')
    assert rendered.media_ids == frozenset({FLOW.id})
    assert rendered.left_out == ()


@pytest.mark.parametrize(
    ("written", "called", "reason"),
    [
        (macro("drawio", diagramName="gone", pageId="77"), "draw.io diagram", Reason.MISSING),
        (macro("drawio", diagramName="gone", pageId="1234"), "diagram of another page", Reason.NOT_COVERED),
        (macro("drawio", diagramName="logo.svg"), "draw.io diagram", Reason.MISSING),
        (macro("gliffy"), "Gliffy diagram", Reason.MISSING),
    ],
)
def test_a_diagram_without_a_picture_is_a_box(written: str, called: str, reason: Reason) -> None:
    rendered = render_storage(written, MATERIAL)

    assert rendered.html == f'<div class="doc-omitted">Not shown here: {called}</div>'
    assert rendered.left_out == (LeftOut(called, 1, reason),)


@pytest.mark.parametrize("name", ["plantuml", "mermaid", "mermaid-macro", "graphviz"])
def test_a_diagram_kept_as_text_is_shown_as_text(name: str) -> None:
    shown = storage(plain(name, "a -> b", title="Flow"))

    assert '<div class="doc-code-title">Flow</div>' in shown
    assert "a" in shown
    assert "&gt;" in shown


def test_a_chart_is_the_table_it_is_drawn_from() -> None:
    table = "<table><tbody><tr><td>1</td></tr></tbody></table>"
    shown = storage(macro("chart", table, title="Ships", type="pie"))

    assert shown.startswith('<figure class="doc-figure"><div class="doc-table-scroll"')
    assert shown.endswith("</table></div><figcaption>Ships</figcaption></figure>")
    assert storage(macro("chart")) == '<div class="doc-omitted">Not shown here: chart</div>'


# Formulas


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (macro("mathinline", Body="a &lt; b"), '<code class="doc-formula" aria-label="Formula">a &lt; b</code>'),
        (
            plain("mathblock", "\\[ x^2\n + 1 \\]"),
            '<div class="doc-align-center"><code class="doc-formula" aria-label="Formula">x^2 + 1</code></div>',
        ),
        (
            plain("latex", "$$y$$"),
            '<div class="doc-align-center"><code class="doc-formula" aria-label="Formula">y</code></div>',
        ),
        (
            "<p><math><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow></math></p>",
            '<p><code class="doc-formula" aria-label="Formula">x+1</code></p>',
        ),
        (
            (
                '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">\\hat{x}</annotation></semantics>'
                "</math>"
            ),
            '<code class="doc-formula" aria-label="Formula">\\hat{x}</code>',
        ),
        (macro("mathinline"), ""),
        (
            f"<math><mi>{macro('show-if', '<p>canary</p>')}</mi></math>",
            '<div class="doc-omitted">Not shown here: formula</div>',
        ),
    ],
)
def test_formulas_are_shown_in_their_notation(written: str, shown: str) -> None:
    assert storage(written) == shown


@pytest.mark.parametrize(
    ("written", "around"),
    [
        (macro("mathinline", Body="m = n / t", filename="FLOW"), ("", "")),
        (macro("latex", Body="$$m = n / t$$", attachmentId="att6"), ('<div class="doc-align-center">', "</div>")),
    ],
    ids=["in a line", "block"],
)
def test_a_formula_with_an_attached_picture_is_that_picture_with_its_notation_as_words(
    written: str, around: tuple[str, str]
) -> None:
    rendered = render_storage(written.replace("FLOW", FLOW.filename), MATERIAL)
    picture = rendered.html.removeprefix(around[0]).removesuffix(around[1])

    assert picture.startswith('<img src="media/att6" alt="m = n / t"')
    assert rendered.media_ids == frozenset({FLOW.id})


def test_a_formula_whose_picture_is_not_there_is_shown_in_its_notation() -> None:
    shown = storage(macro("mathinline", Body="m = n / t", filename="gone.png"))

    assert shown == '<code class="doc-formula" aria-label="Formula">m = n / t</code>'


# Pages of other sites


@pytest.mark.parametrize("name", ["widget", "iframe"])
@pytest.mark.parametrize(
    ("address", "framed"),
    [
        ("https://www.youtube.com/watch?v=Titn-yAh74A&amp;t=3", "https://www.youtube.com/embed/Titn-yAh74A"),
        ("https://youtu.be/Titn-yAh74A", "https://www.youtube.com/embed/Titn-yAh74A"),
        ("http://vimeo.com/30980990", "https://player.vimeo.com/video/30980990"),
        ("https://maps.example/harbour?z=3", "https://maps.example/harbour?z=3"),
    ],
)
def test_a_page_of_a_listed_host_is_framed_in_a_sandbox(name: str, address: str, framed: str) -> None:
    html = render_storage(widget(address, name), FRAMED).html

    assert f'<iframe src="{framed}" aria-label="' in html
    assert SANDBOXED in html
    assert f'<a href="{address}" {REL}>' in html
    assert clean(html, FRAMED.frame_hosts) == html
    assert "<iframe" not in clean(html)


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=Titn-yAh74A",
        "http://maps.example/harbour",
        "https://maps.example.evil.example/",
        "https://maps.example:8443/",
        "https://other.example/x",
    ],
)
def test_any_other_page_is_a_card_that_loads_nothing(address: str) -> None:
    material = MATERIAL if "youtube" in address else FRAMED
    html = render_storage(widget(address), material).html

    assert html == (
        f'<div class="doc-files"><span class="doc-card"><a href="{address}" {REL}>{address}</a></span></div>'
    )


@pytest.mark.parametrize(
    "address",
    ["", "javascript:alert(1)", "https://wiki.acme.example/secret", "https://acme.atlassian.net/x", "//evil.example"],
)
def test_what_may_not_even_be_linked_is_a_box(address: str) -> None:
    rendered = render_storage(widget(address), FRAMED)

    assert rendered.html == '<div class="doc-omitted">Not shown here: embedded page</div>'
    assert rendered.left_out == (LeftOut("embedded page", 1, Reason.ACTIVE),)


def smart(appearance: str, address: str, text: str = "") -> str:
    return f'<p><a href="{address}" data-card-appearance="{appearance}">{text or address}</a></p>'


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (smart("inline", "https://a.example/x"), f'<a href="https://a.example/x" {REL}>https://a.example/x</a>'),
        (
            smart("block", "https://a.example/x", "A title"),
            (
                f'<span class="doc-card"><a href="https://a.example/x" {REL}>A title</a> '
                '<span class="doc-card-about">a.example</span></span>'
            ),
        ),
        (
            smart("embed", "https://a.example/x"),
            f'<span class="doc-card"><a href="https://a.example/x" {REL}>https://a.example/x</a></span>',
        ),
        (smart("block", "https://acme.atlassian.net/browse/A-1"), '<span class="doc-internal">an internal page</span>'),
        (smart("embed", "https://acme.atlassian.net/browse/A-1", "Named"), "Named"),
    ],
)
def test_smart_links_are_links_or_cards(written: str, shown: str) -> None:
    assert storage(written) == f"<p>{shown}</p>"


def test_a_smart_link_to_a_listed_host_is_framed() -> None:
    html = render_storage(smart("embed", "https://maps.example/x"), FRAMED).html

    assert html.startswith('<p><span class="doc-frame"><iframe src="https://maps.example/x"')
    assert clean(html, FRAMED.frame_hosts) == html


@pytest.mark.parametrize("hosts", [frozenset[str](), frozenset({"maps.example"})])
def test_no_frame_of_the_contents_own_gets_through(hosts: frozenset[str]) -> None:
    material: Material = replace(MATERIAL, frame_hosts=hosts)
    html = render_storage('<iframe src="https://maps.example/x" srcdoc="x" onload="x">a</iframe>', material).html

    assert html == '<div class="doc-omitted">Not shown here: embedded page</div>'
    assert "evil" not in clean('<iframe src="https://evil.example/"></iframe>', hosts)
    assert "srcdoc" not in clean('<iframe srcdoc="x" src="https://maps.example/"></iframe>', hosts)
