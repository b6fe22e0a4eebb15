"""Links of storage format: to other sites, to places in the page, to files, people and other pages."""

from urllib.parse import unquote

from lxml import etree

from app.documents.addresses import external_link, is_external, named_file, shared_link
from app.documents.canvas import anchor_id
from app.documents.pieces import file_card, internal, mention
from app.documents.storage.parse import AC, RI
from app.documents.storage.walk import Renderer, Walk, body_text, child, nothing, resources


def _anchor(element: etree._Element, walk: Walk) -> None:
    canvas = walk.canvas
    href = element.get("href") or ""
    if href.startswith("#"):
        address: str | None = f"#{anchor_id(unquote(href[1:]))}"
    else:
        address = external_link(href, canvas.material)
    if address is None and is_external(href) and body_text(element).strip() == href.strip():
        # The address of an internal site is not even read as text.
        internal(canvas)
        return
    opened = canvas.begin_link(address)
    walk.children(element)
    canvas.end_link(opened)


def _link(element: etree._Element, walk: Walk) -> None:
    resource = next(resources(element), None)
    kind = "" if resource is None else str(resource.tag).removeprefix(RI)
    if kind == "user" and resource is not None:
        mention(walk.canvas, resource.get(f"{RI}account-id") or resource.get(f"{RI}userkey") or "")
    elif kind == "attachment" and resource is not None:
        _file_link(element, resource, walk)
    else:
        _place_link(element, resource, walk)


def _file_link(element: etree._Element, resource: etree._Element, walk: Walk) -> None:
    canvas = walk.canvas
    if next(resources(resource), None) is not None:
        canvas.omitted("foreign-attachment")
        return
    file = named_file(resource.get(f"{RI}filename") or "", canvas.material)
    if file is None:
        canvas.omitted("missing-file")
    elif _has_body(element):
        opened = canvas.begin_link(canvas.media(file)) if canvas.material.link_files else False
        _body(element, walk, file.filename)
        canvas.end_link(opened)
    else:
        file_card(canvas, file)


def _place_link(element: etree._Element, resource: etree._Element | None, walk: Walk) -> None:
    canvas = walk.canvas
    anchor = element.get(f"{AC}anchor") or ""
    title = ""
    if resource is None:
        address = f"#{anchor_id(anchor)}" if anchor else None
    else:
        title = resource.get(f"{RI}content-title") or resource.get(f"{RI}space-key") or ""
        address = shared_link(_target(resource), canvas.material)
    opened = canvas.begin_link(address)
    _body(element, walk, title or anchor or canvas.words.internal_page)
    canvas.end_link(opened)


def _target(resource: etree._Element) -> str:
    if (value := resource.get(f"{RI}value")) is not None:
        return value
    return f"page:{resource.get(f'{RI}space-key') or ''}:{resource.get(f'{RI}content-title') or ''}"


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
    mention(walk.canvas, element.get(f"{RI}account-id") or element.get(f"{RI}userkey") or "")


RENDERERS: dict[str, Renderer] = {
    "a": _anchor,
    f"{AC}link": _link,
    f"{RI}user": _user,
    **{
        f"{RI}{kind}": nothing
        for kind in ["attachment", "page", "blog-post", "space", "url", "shortcut", "content-entity"]
    },
}
