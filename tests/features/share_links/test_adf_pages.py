"""Pages that have no storage format: read as ADF, shown like any other, with no more than the link covers."""

from typing import Any

import pytest

from app.core.connections import clients
from app.core.db import reading
from app.features.share_links import objects
from app.features.share_links.objects import ObjectKind
from app.features.share_links.powers import Children, Powers
from app.features.share_links.reading import outlook
from app.features.share_links.reading.names import Names
from app.features.share_links.rules import ruling
from tests import html
from tests.factories.links import PASSWORD
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import aged, calls, forget_calls, opened, share
from tests.features.share_links.test_children import GATE_HOURS, HANDBOOK, WALK
from tests.pages import PageClient

ICE, PICTURE = "100129", "att10012900"


def extension(name: str, **parameters: str) -> dict[str, Any]:
    """Return a macro as the editor writes it in ADF."""
    written = {key: {"value": text} for key, text in parameters.items()}
    attributes = {
        "extensionType": "com.atlassian.confluence.macro.core",
        "extensionKey": name,
        "parameters": {"macroParams": written},
    }
    return {"type": "extension", "attrs": attributes}


def write(world: World, page_id: str, *content: dict[str, Any]) -> None:
    """Let a page have this as ADF and no storage format, in its present version."""
    latest = world.running.site.pages[page_id].latest
    latest.body, latest.adf = "", {"version": 1, "type": "doc", "content": list(content)}


def test_a_page_without_storage_format_is_shown(world: World, pages: PageClient) -> None:
    shared = share(world, ICE)
    forget_calls(world)
    page = opened(pages, shared)
    assert page.heading == "Ice notes for the outer basin"
    body = page.xpath("//div[@class='doc-body']")[0]
    text = html.text_of(body)
    for shown in ("@Jonas Berg", "From 30 cm on", "The tug goes through", "ICE BREAKER", "Heat the pump house"):
        assert shown in text
    assert [html.text_of(one) for one in body.xpath(".//h2|.//h3")] == ["What the numbers mean", "Before the ice comes"]
    assert [one.get("src") for one in body.xpath(".//img")] == [f"media/{PICTURE}"]
    assert "This winter and the last one." in text
    # A page that is not covered is text, and what an app shows of its body is not known.
    assert "storm procedure" in text
    assert "100105" not in page.source
    assert "CANARY-BODY-OF-AN-APP" not in page.source
    found = pages.http.get(f"{shared.path}media/{PICTURE}", base_url=pages.base_url)
    assert (found.status_code, found.content_type) == (200, "image/png")
    assert len(calls(world, f"/pages/{ICE}")) > 0


def test_people_in_it_are_named_as_the_link_says(world: World, pages: PageClient) -> None:
    page = opened(pages, share(world, ICE, powers=Powers(names=Names.INITIALS)))
    assert "@J. B." in page.text
    assert "Jonas" not in page.source


def test_a_new_version_of_it_shows_within_a_minute(world: World, pages: PageClient) -> None:
    shared = share(world, ICE)
    opened(pages, shared)
    page = world.running.site.pages[ICE]
    page.versions.append(
        type(page.latest)(3, page.latest.created_at, page.latest.author_id, "Ice, at last", "<p>Now</p>")
    )
    aged(shared)
    found = pages.get(shared.path)
    assert (found.heading, "Heat the pump house" in found.text) == ("Ice, at last", False)


def test_it_includes_what_the_link_covers_and_nothing_else(world: World, pages: PageClient) -> None:
    write(
        world,
        HANDBOOK,
        extension("include", **{"": "Gate hours"}),
        extension("include", **{"": "Winter rules being written"}),
    )
    page = opened(pages, share(world, HANDBOOK, powers=Powers(children=Children(1))))
    assert "The gates are open from Monday to Friday" in page.text
    assert "CANARY-NO-SHARE-LABEL" not in page.source
    alone = opened(pages, share(world, HANDBOOK))
    assert "The gates are open" not in alone.text


def paragraph(*words: dict[str, Any] | str) -> dict[str, Any]:
    """Return a paragraph of text and other nodes."""
    return {
        "type": "paragraph",
        "content": [{"type": "text", "text": one} if isinstance(one, str) else one for one in words],
    }


def night(world: World) -> None:
    """Let the page about gate hours be written as ADF, with an excerpt, a mention, a picture and what an app shows."""
    (file,) = (one for one in world.running.site.attachments_of(GATE_HOURS))
    picture = {"type": "media", "attrs": {"type": "file", "id": file.file_id, "collection": ""}}
    excerpt = {"extensionType": "com.atlassian.confluence.macro.core", "extensionKey": "excerpt"}
    hidden = excerpt | {"extensionKey": "private-notes"}
    write(
        world,
        GATE_HOURS,
        {"type": "bodiedExtension", "attrs": excerpt, "content": [paragraph("Open at night.")]},
        paragraph("Ask ", {"type": "mention", "attrs": {"id": world.account("jonas").account_id, "text": "@?"}}),
        {"type": "mediaSingle", "content": [picture]},
        {"type": "bodiedExtension", "attrs": hidden, "content": [paragraph("CANARY-BODY-OF-AN-APP")]},
    )


@pytest.mark.parametrize("written", ["storage", "adf"])
def test_a_covered_page_without_storage_format_is_included_with_its_own_files(
    world: World, pages: PageClient, written: str
) -> None:
    night(world)
    if written == "adf":
        write(world, HANDBOOK, extension("include", **{"": "Gate hours"}))
    else:
        macro = '<ac:structured-macro ac:name="include"><ac:parameter ac:name="">Gate hours</ac:parameter></ac:structured-macro>'
        world.running.site.pages[HANDBOOK].latest.body = macro
    shared = share(world, HANDBOOK, powers=Powers(children=Children(1)))
    page = opened(pages, shared)
    (included,) = page.xpath("//div[@class='doc-included']")
    assert [html.text_of(one) for one in included.iter("p")] == ["Open at night.", "Ask @Jonas Berg"]
    assert "CANARY-BODY-OF-AN-APP" not in page.source
    (source,) = page.xpath("//div[@class='doc-included']//img/@src")
    assert source.startswith(f"media/{GATE_HOURS}/")
    assert pages.http.get(shared.path + source, base_url=pages.base_url).status_code == 200
    assert "Open at night." in pages.get(f"{shared.path}page-{GATE_HOURS}").text
    alone = opened(pages.another(), share(world, HANDBOOK))
    assert "Open at night." not in alone.source


def test_its_excerpt_alone_is_included_where_that_is_asked_for(world: World, pages: PageClient) -> None:
    night(world)
    write(world, HANDBOOK, extension("excerpt-include", **{"": "Gate hours"}))
    page = opened(pages, share(world, HANDBOOK, powers=Powers(children=Children(1))))
    assert "Open at night." in page.text
    assert "Jonas Berg" not in page.text


def test_pages_that_include_one_another_end(world: World, pages: PageClient) -> None:
    write(world, GATE_HOURS, paragraph("Round"), extension("include", **{"": "A walk along the quay"}))
    write(world, WALK, paragraph("and round"), extension("include", **{"": "Gate hours"}))
    write(world, HANDBOOK, extension("include", **{"": "Gate hours"}))
    page = opened(pages, share(world, HANDBOOK, powers=Powers(children=Children(1))))
    (outer,) = page.xpath("//div[@class='doc-body']/div[@class='doc-included']")
    assert [html.text_of(one) for one in outer.iter("p")] == ["Round", "and round"]
    assert "Not shown here: page that includes itself" in html.text_of(outer)


def test_its_creator_is_told_what_is_left_out(world: World) -> None:
    site = clients.site_of(world.confluence)
    with reading() as db:
        rules = ruling.rules_at(db, site.id, None)
    found = outlook.left_out(site, objects.look(site, ObjectKind.PAGE, ICE), Powers(), rules)
    assert [one.name for one in found.left_out or ()] == ["private-notes"]


def test_a_body_that_is_no_document_is_not_shown(world: World, pages: PageClient) -> None:
    world.running.site.pages[ICE].latest.adf = {"type": "none"}
    shared = share(world, ICE)
    pages.get(shared.path)
    pages.submit("Open", {"password": PASSWORD})
    assert "Ice notes" not in pages.get(shared.path, status=503).source
