from dataclasses import replace

import pytest

from app.documents.storage import render_storage
from tests.documents.given import MATERIAL, REL, storage

IMG = '<img src="media/att1" alt="plan.png" loading="lazy" decoding="async" class="doc-image">'
SMALL = IMG.replace(" loading", ' width="90" loading')


@pytest.mark.parametrize(
    ("href", "shown"),
    [
        ("https://example.com/a?b=1&amp;c=2#d", "https://example.com/a?b=1&amp;c=2#d"),
        ("HTTP://example.com", "HTTP://example.com"),
        ("https://bücher.example/ä", "https://bücher.example/ä"),
        ("mailto:ada@example.com", "mailto:ada@example.com"),
        ("#Some Heading", "#doc-some-heading"),
        ("https://acme.atlassian.net/wiki/x/abc", "children/tiny"),
    ],
)
def test_links_that_lead_somewhere_harmless_stay(href: str, shown: str) -> None:
    assert storage(f'<p><a href="{href}">t</a></p>') == f'<p><a href="{shown}" {REL}>t</a></p>'


@pytest.mark.parametrize(
    "href",
    [
        "",
        "/wiki/spaces/OPS/pages/1",
        "pages/viewpage.action?pageId=1",
        "//example.com",
        "https:/example.com",
        "https:\\\\example.com",
        "https://good.example@evil.example/",
        "https://wiki.acme.example/x",
        "https://WIKI.acme.example./x",
        "https://acme.atlassian.net/browse/OPS-1",
        "https://api.media.atlassian.com/file/1",
        "https://acme.atlassian.net:443/browse/OPS-1",
        "ftp://example.com",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java&#10;script:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "mailto:a@b.example&#10;Bcc: c",
        "https://example.com/" + "a" * 3_000,
        "https://[::1",
    ],
)
def test_every_other_link_becomes_its_text(href: str) -> None:
    assert storage(f'<p><a href="{href}">t</a></p>') == "<p>t</p>"


def test_the_address_of_an_internal_site_is_not_even_read() -> None:
    address = "https://acme.atlassian.net/wiki/spaces/SECRET"

    assert storage(f'<a href="{address}">{address}</a>') == '<span class="doc-internal">an internal page</span>'


def test_a_link_within_a_link_is_text() -> None:
    inner = '<a href="https://b.example">b</a>'

    assert storage(f'<a href="https://a.example">a{inner}</a>') == f'<a href="https://a.example" {REL}>ab</a>'


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            '<ac:link><ri:page ri:space-key="OPS" ri:content-title="Runbook"/></ac:link>',
            f'<a href="children/runbook" {REL}>Runbook</a>',
        ),
        ('<ac:link><ri:page ri:content-title="Elsewhere"/></ac:link>', "Elsewhere"),
        (
            (
                '<ac:link><ri:page ri:content-title="E"/><ac:plain-text-link-body><![CDATA[a <b>]]></ac:plain-text-link-body>'
                "</ac:link>"
            ),
            "a &lt;b&gt;",
        ),
        ('<ac:link><ri:page ri:content-title="E"/><ac:link-body><em>x</em></ac:link-body></ac:link>', "<em>x</em>"),
        ('<ac:link ac:anchor="Some Part"/>', f'<a href="#doc-some-part" {REL}>Some Part</a>'),
        ('<ac:link ac:anchor="Part"><ri:page ri:content-title="Other"/></ac:link>', "Other"),
        ('<ac:link><ri:user ri:account-id="acc-1"/></ac:link>', '<span class="doc-mention">@Ada Lovelace</span>'),
        ('<ac:link><ri:user ri:userkey="u"/></ac:link>', '<span class="doc-mention">@someone</span>'),
        ("<ac:link/>", "an internal page"),
        (
            '<ac:link><ri:attachment ri:filename="plan.png"><ri:page ri:content-title="Other"/></ri:attachment></ac:link>',
            '<div class="doc-omitted">Not shown here: attachment of another page</div>',
        ),
    ],
)
def test_links_of_confluence(written: str, shown: str) -> None:
    assert storage(written) == shown


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ("", f'<figure class="doc-figure">{IMG}</figure>'),
        (
            'ac:width="300" ac:original-width="600" ac:original-height="400" ac:alt="A &quot;plan&quot;"',
            (
                '<figure class="doc-figure"><img src="media/att1" alt="A &quot;plan&quot;" width="300" height="200" '
                'loading="lazy" decoding="async" class="doc-image"></figure>'
            ),
        ),
        ('ac:align="center"', f'<figure class="doc-figure doc-align-center">{IMG}</figure>'),
        (
            'ac:layout="wide"',
            f'<figure class="doc-figure doc-align-center">{IMG.replace("doc-image", "doc-image doc-full")}</figure>',
        ),
        (
            'ac:thumbnail="true"',
            f'<figure class="doc-figure">{IMG.replace("doc-image", "doc-image doc-thumbnail")}</figure>',
        ),
        (
            'ac:thumbnail="true" ac:width="90"',
            f'<figure class="doc-figure">{SMALL}</figure>',
        ),
        (
            'ac:queryparams="effects=border-simple,shadow-kn"',
            f'<figure class="doc-figure">{IMG.replace("doc-image", "doc-image doc-bordered")}</figure>',
        ),
        ('ac:href="javascript:x"', f'<figure class="doc-figure">{IMG}</figure>'),
        (
            'ac:href="https://a.example"',
            f'<figure class="doc-figure"><a href="https://a.example" {REL}>{IMG}</a></figure>',
        ),
        ('ac:layout="wrap-right"', f'<figure class="doc-figure doc-wrap-end">{IMG}</figure>'),
        ('ac:width="1e9" ac:height="nan"', f'<figure class="doc-figure">{IMG}</figure>'),
        (
            'ac:border="true"',
            f'<figure class="doc-figure">{IMG.replace("doc-image", "doc-image doc-bordered")}</figure>',
        ),
    ],
)
def test_pictures_come_from_the_media_route_with_size_and_place(attributes: str, shown: str) -> None:
    assert storage(f'<ac:image {attributes}><ri:attachment ri:filename="plan.png"/></ac:image>') == shown


def test_a_picture_in_a_line_of_text_stays_in_the_line() -> None:
    assert storage('<p>a<ac:image><ri:attachment ri:filename="plan.png"/></ac:image>b</p>') == f"<p>a{IMG}b</p>"


def test_a_caption_stands_below_its_picture() -> None:
    body = '<ac:image><ri:attachment ri:filename="plan.png"/><ac:caption><p>Plan</p></ac:caption></ac:image>'

    assert storage(body) == f'<figure class="doc-figure">{IMG}<figcaption><p>Plan</p></figcaption></figure>'


@pytest.mark.parametrize(
    ("source", "called"),
    [
        (
            '<ri:attachment ri:filename="plan.png"><ri:page ri:content-title="Other"/></ri:attachment>',
            "attachment of another page",
        ),
        ('<ri:attachment ri:filename="nowhere.png"/>', "attachment"),
        ('<ri:url ri:value="https://example.com/x.png"/>', "image from another site"),
        (
            '<ri:url ri:value="https://acme.atlassian.net/wiki/download/attachments/78/plan.png"/>',
            "image from another site",
        ),
        ('<ri:url ri:value="https://example.com/download/attachments/77/plan.png"/>', "image from another site"),
        ("", "attachment"),
    ],
)
def test_a_picture_that_is_not_the_pages_own_is_a_box(source: str, called: str) -> None:
    rendered = render_storage(f"<ac:image>{source}</ac:image>", MATERIAL)

    assert rendered.html == f'<div class="doc-omitted">Not shown here: {called}</div>'
    assert rendered.media_ids == frozenset()


def test_a_download_address_of_the_page_itself_is_its_attachment() -> None:
    address = "https://wiki.acme.example/download/thumbnails/77/plan.png?version=1"

    assert IMG in storage(f'<ac:image><ri:url ri:value="{address}"/></ac:image>')
    assert IMG in storage('<img src="/wiki/download/attachments/77/plan.png"/>')


def test_a_file_name_is_found_in_whatever_unicode_form_it_is_written() -> None:
    material = replace(MATERIAL, attachments={"Pl\u00e4ne.png": MATERIAL.attachments["plan.png"]})

    assert "media/att1" in storage('<ac:image><ri:attachment ri:filename="Pla\u0308ne.png"/></ac:image>', material)


def test_what_a_browser_should_not_draw_is_a_card() -> None:
    rendered = render_storage('<ac:image><ri:attachment ri:filename="logo.svg"/></ac:image>', MATERIAL)

    assert "<img" not in rendered.html
    assert (
        '<span class="doc-file-name">logo.svg</span> <span class="doc-file-about">SVG, 900 bytes</span>'
        in rendered.html
    )


def test_a_file_card_leads_to_the_file_only_where_files_may_be_had() -> None:
    body = (
        '<ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name">'
        '<ri:attachment ri:filename="Offer 2026.pdf"/></ac:parameter></ac:structured-macro>'
    )

    closed = render_storage(body, MATERIAL)
    open_ = render_storage(body, replace(MATERIAL, link_files=True))

    assert "<a " not in closed.html
    assert closed.media_ids == frozenset()
    assert f'<a href="media/att2" {REL}><span class="doc-file-name">Offer 2026.pdf</span></a>' in open_.html
    assert open_.media_ids == frozenset({"att2"})
    assert "PDF, 1.2 MB" in open_.html


@pytest.mark.parametrize("file_id", ["../x", "a/b", "", "a?b", "x" * 200, '"><script>'])
def test_a_file_whose_id_cannot_stand_in_an_address_has_none(file_id: str) -> None:
    file = replace(MATERIAL.attachments["plan.png"], id=file_id)
    material = replace(MATERIAL, attachments={"plan.png": file})

    rendered = render_storage('<ac:image><ri:attachment ri:filename="plan.png"/></ac:image>', material)

    assert "<img" not in rendered.html
    assert rendered.media_ids == frozenset()


def test_a_border_keeps_its_width_and_colour() -> None:
    mark = '<ac:adf-mark key="border" size="2" color="#ff0000"/>'

    assert 'class="doc-image doc-bordered doc-bordered-2 doc-edge-red"' in storage(
        f'<ac:image><ri:attachment ri:filename="plan.png"/>{mark}</ac:image>'
    )
