"""Which addresses may stand in a document. Whatever is not clearly harmless becomes text.

Links lead to http, https or mailto, to an anchor of the same document, to a file of the share or to another page of
the share. Addresses of the organisation's own Atlassian sites are never shown, since they tell of things not shared.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote, unquote_plus, urlsplit

from app.documents.types import CoveredPage, Material, MediaFile

#: Stands before the id of a file of an issue where its small picture is meant; the ids of pages are numbers.
SMALL = "small"
#: Every id in a document begins so, lest one clobber something of the page around it.
ID_PREFIX = "doc-"
_EXTERNAL = re.compile(r"https?://[^\s/\\?#@\"'<>`]+(?:[/?#][^\s\\\"<>`]*)?", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s\\\"'<>`:/]+", re.IGNORECASE)
# Without a colon there is no scheme, and a leading double slash or a backslash would lead to another host.
_RELATIVE = re.compile(r"(?!//)[A-Za-z0-9._~/%-]+(?:#doc-[\w-]+)?")
_ANCHOR = re.compile(r"#doc-[\w-]{1,100}")
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MEDIA = re.compile(r"media/(?:[A-Za-z0-9_-]{1,128}/)?[A-Za-z0-9_-]{1,128}")
_DOWNLOAD = re.compile(r"/download/(?:attachments|thumbnails)/(\d+)/([^/?#]+)")
_PAGE_ID = re.compile(r"/pages/(?:viewpage\.action\?(?:[^#]*&)?pageId=)?(\d{1,20})(?![\w-])")
_DISPLAY = re.compile(r"/display/([^/?#]{1,255})/([^/?#]{1,500})")
_BROWSE = re.compile(r"/browse/([A-Z][A-Z0-9_]{1,60}-\d{1,15})/?$")
#: Addresses without any of these name nothing that could be part of a share; most do not.
_PARTS = ("/pages/", "/display/", "/browse/")
_FRAME = re.compile(r"https://([a-z0-9.-]+)(?:/[^\s\\\"<>`]*)?")
_NOT_ID = re.compile(r"[^\w-]+")
_MAX_ID = 80
_ATLASSIAN = (".atlassian.net", ".atlassian.com", ".jira.com", ".jira-dev.com", ".atl-paas.net")
_MAX_LENGTH = 2_000


def is_safe_href(address: str) -> bool:
    """Tell whether an address may stand in `href`."""
    return len(address) <= _MAX_LENGTH and any(
        form.fullmatch(address) for form in (_EXTERNAL, _ANCHOR, _MAIL, _RELATIVE)
    )


def anchor_id(text: str) -> str:
    """Return the id that an anchor or heading of this text gets."""
    return ID_PREFIX + (_NOT_ID.sub("-", text.casefold()).strip("-")[:_MAX_ID] or "part")


def is_frame_address(address: str, hosts: frozenset[str]) -> bool:
    """Tell whether a page may be framed: over https, from a host that an administrator listed."""
    found = _FRAME.fullmatch(address) if len(address) <= _MAX_LENGTH else None
    return found is not None and found[1] in hosts


def is_media_address(address: str) -> bool:
    """Tell whether an address is one of our media route, relative to the reader page."""
    return _MEDIA.fullmatch(address) is not None


def media_path(file: MediaFile) -> str | None:
    """Return what stands behind `media/` in the address of a file, or None if its ids cannot stand there."""
    parts = (file.object_id, file.id) if file.object_id else (file.id,)
    return "/".join(parts) if all(_MEDIA_ID.fullmatch(part) for part in parts) else None


def external_link(address: str, material: Material) -> str | None:
    """Return where a link written in the content may lead, or None if it has to become text."""
    address = address.strip()
    if len(address) > _MAX_LENGTH:
        return None
    if (shared := shared_link(address, material) or _in_share(address, material)) is not None:
        return shared
    if _MAIL.fullmatch(address):
        return address
    if not _EXTERNAL.fullmatch(address) or _is_internal(address, material):
        return None
    return address


def shared_link(target: str, material: Material) -> str | None:
    """Return the address of a target that is part of the share, or None."""
    found = material.links.get(target)
    if found is None and (page := material.pages.get(target)) is not None:
        found = page.address
    return found if found is not None and is_safe_href(found) else None


def covered_page(address: str, material: Material) -> CoveredPage | None:
    """Return the page of the share that an address of its own Atlassian site names, or None."""
    if (target := _target(address, material)) is None:
        return None
    return material.pages.get(target)


def _in_share(address: str, material: Material) -> str | None:
    address, _hash, fragment = address.partition("#")
    target = _target(address, material)
    anchor = f"#{anchor_id(unquote(fragment))}" if fragment else ""
    if target == f"id:{material.object_id}" and anchor:
        return anchor
    found = shared_link(target, material) if target is not None else None
    return found + anchor if found is not None and "#" not in found else found


def _target(address: str, material: Material) -> str | None:
    if not any(part in address for part in _PARTS):
        return None
    if is_external(address) and _host(address) not in material.internal_hosts:
        return None
    if match := _PAGE_ID.search(address):
        return f"id:{match[1]}"
    if key := issue_key(address, material):
        return f"issue:{key}"
    if match := _DISPLAY.search(address):
        return f"page:{unquote_plus(match[1])}:{unquote_plus(match[2])}"
    return None


def issue_key(address: str, material: Material) -> str:
    """Return the key of the issue that an address of an internal site names, or nothing."""
    match = _BROWSE.search(address.partition("#")[0].partition("?")[0])
    if match is None or (is_external(address) and not _is_internal(address.strip(), material)):
        return ""
    return match[1]


def is_external(address: str) -> bool:
    """Tell whether an address names another site rather than a place within the Atlassian one."""
    return _EXTERNAL.fullmatch(address.strip()) is not None


def own_file(address: str, material: Material) -> MediaFile | None:
    """Return the attachment that a download address of its own site names, of the page itself or a covered one."""
    if is_external(address) and not _is_internal(address.strip(), material):
        return None
    match = _DOWNLOAD.search(address)
    if match is None or not material.object_id:
        return None
    holder = material if match[1] == material.object_id else material.pages.get(f"id:{match[1]}")
    if holder is None:
        return None
    return named_file(unquote_plus(match[2]), holder) or named_file(unquote(match[2]), holder)


def named_file(filename: str, holder: Material | CoveredPage) -> MediaFile | None:
    """Return the attachment of this name, whatever its Unicode form, or None."""
    return holder.attachments.get(unicodedata.normalize("NFC", filename))


def _is_internal(address: str, material: Material) -> bool:
    host = _host(address)
    named = host in material.internal_hosts or host in material.hidden_hosts
    return not host or named or f".{host}".endswith(_ATLASSIAN)


@lru_cache(maxsize=1_024)
def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""
