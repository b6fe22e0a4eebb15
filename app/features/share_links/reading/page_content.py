"""A page of Confluence to safe HTML: everything it needs is asked for first, and nothing the link does not cover."""

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.core import clock
from app.core.connections import clients
from app.core.connections.clients import Site
from app.documents.bodies import Body, Format, render_body
from app.documents.issue import named_people
from app.documents.types import CoveredPage
from app.features.share_links import objects
from app.features.share_links.objects import Moved
from app.features.share_links.powers import Powers
from app.features.share_links.reading import material
from app.features.share_links.reading.coverage import Coverage, address_of
from app.features.share_links.reading.material import Made
from app.integrations.atlassian.errors import Forbidden, Gone, NotFound
from app.integrations.atlassian.interfaces import ConfluenceReader
from app.integrations.atlassian.types import Page

#: Covered pages whose bodies one rendering reads, because the content includes them or shows a file of theirs.
MOST_INCLUDED = 10
#: Where the page that the link names stands, seen from every reader page.
ROOT_ADDRESS = "./"

_PERSON = re.compile(r'ri:(?:account-id|userkey)="([^"<>]{1,128})"')
#: What shows something of another page: the macros that include one, and files that hang on one.
_REACHES_OUT = re.compile(r'ac:name="(?:include|excerpt-include)"|<ri:attachment\b[^>]*[^/]>\s*<ri:')
#: The same in ADF, where files of other pages have no place.
_INCLUDES = re.compile(r'"extensionKey": "[^"]{0,100}\b(?:include|excerpt-include)"')


def render(site: Site, page_id: str, powers: Powers, coverage: Coverage, *, version: str | None = None) -> Made:
    """Return a page. Raises Moved where it is none of now, or not of `version`; AtlassianError, DocumentError."""
    client = clients.confluence(site)
    page = client.page(page_id)
    files = client.attachments(page_id)
    facts = objects.facts_of_page(page, (), files, clock.now())
    if version not in (None, facts.version) or facts.status != objects.CURRENT:
        raise Moved
    body = Body(Format.STORAGE, page.storage or "") if page.adf is None else Body(Format.ADF, page.adf)
    covered = _with_bodies(client, body, _covered(coverage), page_id)
    basis = material.basis(site, page.id, files, powers, below=is_below(page.id, coverage))
    bodies = [body.content, *(read for one in covered.values() if (read := one.storage or one.adf))]
    handed_in = replace(
        basis,
        pages=_by_target(covered.values(), page),
        tree=tuple(covered[one.page_id] for one in coverage.pages),
        people=material.people(client, people_in(bodies), powers.names),
    )
    return Made(facts.version, render_body(body, handed_in), facts.attachments)


def is_below(page_id: str, coverage: Coverage) -> bool:
    """Tell whether a page is not the one that the link names: then its files have its id in their addresses."""
    return bool(coverage.root_id) and coverage.root_id != page_id


def people_in(bodies: Iterable[str | Mapping[str, object]]) -> list[str]:
    """Return the ids of everybody whom bodies in storage format or ADF name, each once."""
    named: list[str] = []
    for body in bodies:
        named += map(html.unescape, _PERSON.findall(body)) if isinstance(body, str) else named_people(body)
    return list(dict.fromkeys(named))


def places(coverage: Coverage) -> dict[str, CoveredPage]:
    """Return the pages of a link by the targets that lead to them from anywhere, without their bodies."""
    return {f"id:{one.id}": one for one in _covered(coverage).values()}


def _covered(coverage: Coverage) -> dict[str, CoveredPage]:
    """Return the pages of a link by id, the one it names first, as far as our tables know them."""
    if not coverage.root_id:
        return {}
    found = {coverage.root_id: CoveredPage(coverage.root_id, coverage.root_title, ROOT_ADDRESS)}
    for one in coverage.pages:
        found[one.page_id] = CoveredPage(
            one.page_id, one.title, address_of(one.page_id), one.parent_id, one.position, updated=one.updated_at
        )
    return found


def _with_bodies(
    client: ConfluenceReader, body: Body, covered: dict[str, CoveredPage], own_id: str
) -> dict[str, CoveredPage]:
    """Read the covered pages that the content, or what it includes, shows something of."""
    waiting, read = [body.content], {own_id}
    while waiting:
        for page_id in _named_in(waiting.pop(), covered):
            if page_id in read or len(read) > MOST_INCLUDED:
                continue
            read.add(page_id)
            found = _body(client, covered[page_id])
            if found is not None:
                covered[page_id] = found
                waiting.append(found.storage or found.adf or "")
    return covered


def _named_in(content: str | Mapping[str, object], covered: Mapping[str, CoveredPage]) -> list[str]:
    if isinstance(content, str):
        text = html.unescape(content) if _REACHES_OUT.search(content) else ""
    else:
        text = json.dumps(content, ensure_ascii=False)
        text = text.replace('\\"', '"') if _INCLUDES.search(text) else ""
    return [page_id for page_id, one in covered.items() if one.title in text or f'"{page_id}"' in text] if text else []


def _body(client: ConfluenceReader, covered: CoveredPage) -> CoveredPage | None:
    try:
        page = client.page(covered.id)
        files = client.attachments(covered.id)
    except (NotFound, Forbidden, Gone):
        # It went away since the last check, and is not included any more.
        return None
    if page.status != objects.CURRENT:
        return None
    known = {one: material.media_file(one, page.id) for one in files}
    return replace(
        covered,
        storage=page.storage or None,
        adf=page.adf,
        attachments=material.by_name(known.values()),
        by_file_id={one.file_id: file for one, file in known.items() if one.file_id},
    )


def _by_target(pages: Iterable[CoveredPage], rendered: Page) -> dict[str, CoveredPage]:
    # A tree does not leave its space, so that titles name one page each.
    found: dict[str, CoveredPage] = {}
    for one in pages:
        found[f"id:{one.id}"] = one
        found[f"page::{one.title}"] = one
        if rendered.space_key:
            found[f"page:{rendered.space_key}:{one.title}"] = one
    return found
