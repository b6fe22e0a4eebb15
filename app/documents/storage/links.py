"""Links of storage format: to other sites, to places in the page, to files, people and other pages."""

from urllib.parse import unquote

from lxml import etree

from app.documents.addresses import anchor_id, covered_page, external_link, is_external, shared_link
from app.documents.embeds import card, embed
from app.documents.pieces import file_card, internal, mention
from app.documents.storage.parse import AC, RI
from app.documents.storage.sources import attached, page_of, target_of
from app.documents.storage.walk import Renderer, Walk, body_text, child, nothing, resources


def _anchor(element: etree._Element, walk: Walk) -> None:
    canvas = walk.canvas
    href = element.get("href") or ""
    if href.startswith("#"):
        opened = canvas.begin_link_to_anchor(unquote(href[1:]))
        walk.children(element)
        canvas.end_link(opened)
        return
    appearance = element.get("data-card-appearance")
    if appearance in ("block", "embed") and not len(element):
        (card if appearance == "block" else embed)(canvas, href, body_text(element).strip())
        return
    address = external_link(href, canvas.material)
    written = href.strip()
    bare = body_text(element).strip() == written and (is_external(href) or written.startswith("/"))
    if address is None and bare:
        # The address of an internal site is not even read as text.
        internal(canvas)
        return
    opened = canvas.begin_link(address)
    if bare and (page := covered_page(href, canvas.material)) is not None:
        canvas.text(page.title)
    else:
        walk.children(element)
    canvas.end_link(opened)


def _link(element: etree._Element, walk: Walk) -> None:
    resource = next(resources(element), None)
    kind = "" if resource is None else str(resource.tag).removeprefix(RI)
    if kind == "user" and resource is not None:
        _user(resource, walk)
    elif kind == "attachment" and resource is not None:
        _file_link(element, resource, walk)
    elif kind == "shortcut" and resource is not None:
        # Where a shortcut leads is an administrator's setting; its text is what was written.
        _body(element, walk, resource.get(f"{RI}parameter") or resource.get(f"{RI}key") or "")
    else:
        _place_link(element, resource, walk)


def _file_link(element: etree._Element, resource: etree._Element, walk: Walk) -> None:
    canvas = walk.canvas
    file, reason = attached(resource, walk)
    if file is None:
        canvas.omitted(reason)
    elif _has_body(element):
        opened = canvas.begin_link(canvas.media(file)) if canvas.material.link_files else False
        _body(element, walk, file.filename)
        canvas.end_link(opened)
    else:
        file_card(canvas, file)


def _place_link(element: etree._Element, resource: etree._Element | None, walk: Walk) -> None:
    canvas = walk.canvas
    anchor = element.get(f"{AC}anchor") or ""
    if resource is None:
        opened = canvas.begin_link_to_anchor(anchor) if anchor else False
        _body(element, walk, anchor or canvas.words.internal_page)
    else:
        address = _address(resource, anchor, walk)
        page = page_of(resource, canvas.material)
        title = resource.get(f"{RI}content-title") or (page.title if page is not None else "")
        opened = canvas.begin_link(address)
        _body(element, walk, title or resource.get(f"{RI}space-key") or anchor or canvas.words.internal_page)
    canvas.end_link(opened)


def _address(resource: etree._Element, anchor: str, walk: Walk) -> str | None:
    material = walk.canvas.material
    if (value := resource.get(f"{RI}value")) is not None:
        return external_link(value, material)
    found = shared_link(target_of(resource), material)
    return f"{found}#{anchor_id(anchor)}" if found is not None and anchor and "#" not in found else found


def _has_body(element: etree._Element) -> bool:
    return any(child(element, tag) is not None for tag in ("link-body", "plain-text-link-body"))


def _body(element: etree._Element, walk: Walk, otherwise: str) -> None:
    plain = body_text(child(element, "plain-text-link-body")).strip()
    rich = child(element, "link-body")
    if rich is not None:
        walk.children(rich)
    else:
        walk.canvas.text(plain or otherwise)


def _user(element: etree._Element, walk: Walk) -> None:
    keys = (element.get(f"{RI}{name}") for name in ("account-id", "userkey", "username"))
    mention(walk.canvas, next((key for key in keys if key), ""))


RENDERERS: dict[str, Renderer] = {
    "a": _anchor,
    f"{AC}link": _link,
    f"{RI}user": _user,
    **{
        f"{RI}{kind}": nothing
        for kind in ["attachment", "page", "blog-post", "space", "url", "shortcut", "content-entity", "username"]
    },
}
