"""Where files and pages that the content names come from: the page itself or other pages that the link covers."""

from lxml import etree

from app.documents.addresses import named_file
from app.documents.storage.parse import RI
from app.documents.storage.walk import Walk, resources
from app.documents.types import CoveredPage, Material, MediaFile

MISSING, FOREIGN = "missing-file", "foreign-attachment"
#: Kinds of `ri:` elements that name a page.
_PAGES = frozenset({f"{RI}page", f"{RI}blog-post", f"{RI}content-entity"})


def target_of(resource: etree._Element) -> str:
    """Return what a resource names, as `Material.links` and `Material.pages` spell it."""
    if (value := resource.get(f"{RI}value")) is not None:
        return value
    if (content_id := resource.get(f"{RI}content-id")) is not None:
        return f"id:{content_id}"
    return f"page:{resource.get(f'{RI}space-key') or ''}:{resource.get(f'{RI}content-title') or ''}"


def page_of(resource: etree._Element | None, material: Material) -> CoveredPage | None:
    """Return the covered page that a resource names, or None."""
    if resource is None or resource.tag not in _PAGES:
        return None
    return material.pages.get(target_of(resource))


def page_called(name: str, space: str, material: Material) -> CoveredPage | None:
    """Return the covered page of this title, or `SPACE:Title`, or None."""
    found = material.pages.get(f"page:{space}:{name}")
    if found is None and not space and ":" in name:
        found = material.pages.get(f"page:{name}")
    return found


def attached(resource: etree._Element, walk: Walk) -> tuple[MediaFile | None, str]:
    """Return the file that an `ri:attachment` names, or why there is none: by the key of its box."""
    material = walk.canvas.material
    name = resource.get(f"{RI}filename") or ""
    holder = next(resources(resource), None)
    if holder is None:
        return named_file(name, material), MISSING
    page = page_of(holder, material)
    if page is None:
        return None, FOREIGN
    return named_file(name, page), MISSING
