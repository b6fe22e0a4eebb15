"""Which addresses may stand in a document. Whatever is not clearly harmless becomes text.

Links lead to http, https or mailto, to an anchor of the same document, to a file of the share or to another part of
the share. Addresses of the organisation's own Atlassian sites are never shown, since they tell of things not shared.
"""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from app.documents.types import Material, MediaFile

_EXTERNAL = re.compile(r"https?://[^\s/\\?#@\"'<>`]+(?:[/?#][^\s\\\"<>`]*)?", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s\\\"'<>`:/]+", re.IGNORECASE)
# Without a colon there is no scheme, and a leading double slash or a backslash would lead to another host.
_RELATIVE = re.compile(r"(?!//)[A-Za-z0-9._~/%-]+(?:#doc-[\w-]+)?")
_ANCHOR = re.compile(r"#doc-[\w-]{1,100}")
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MEDIA = re.compile(r"media/(?:[A-Za-z0-9_-]{1,128}/)?[A-Za-z0-9_-]{1,128}")
_DOWNLOAD = re.compile(r"/download/(?:attachments|thumbnails)/(\d+)/([^/?#]+)")
_ATLASSIAN = (".atlassian.net", ".atlassian.com", ".jira.com", ".jira-dev.com", ".atl-paas.net")
_MAX_LENGTH = 2_000


def is_safe_href(address: str) -> bool:
    """Tell whether an address may stand in `href`."""
    return len(address) <= _MAX_LENGTH and any(
        form.fullmatch(address) for form in (_EXTERNAL, _ANCHOR, _MAIL, _RELATIVE)
    )


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
    if (shared := shared_link(address, material)) is not None:
        return shared
    if len(address) > _MAX_LENGTH:
        return None
    if _MAIL.fullmatch(address):
        return address
    if not _EXTERNAL.fullmatch(address) or _is_internal(address, material):
        return None
    return address


def shared_link(target: str, material: Material) -> str | None:
    """Return the address of a target that is part of the share, or None."""
    found = material.links.get(target)
    return found if found is not None and is_safe_href(found) else None


def is_external(address: str) -> bool:
    """Tell whether an address names another site rather than a place within the Atlassian one."""
    return _EXTERNAL.fullmatch(address.strip()) is not None


def own_file(address: str, material: Material) -> MediaFile | None:
    """Return the shared object's attachment that a download address of its own site names, or None."""
    if is_external(address) and not _is_internal(address.strip(), material):
        return None
    match = _DOWNLOAD.search(address)
    if match is None or not material.object_id or match[1] != material.object_id:
        return None
    return named_file(unquote(match[2].replace("+", " ")), material) or named_file(unquote(match[2]), material)


def named_file(filename: str, material: Material) -> MediaFile | None:
    """Return the shared object's attachment of this name, whatever its Unicode form, or None."""
    return material.attachments.get(unicodedata.normalize("NFC", filename))


def _is_internal(address: str, material: Material) -> bool:
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return True
    return not host or host in material.internal_hosts or f".{host}".endswith(_ATLASSIAN)
