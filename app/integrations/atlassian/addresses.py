"""Understands the addresses people copy from their browser's address bar.

Nothing is asked of Atlassian: an address names an object, and whether it exists, whose site it is and who may see it is decided elsewhere.
The host is handed on for the caller to compare with its connections (`host_of` says how a base address would be written).
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from app.integrations.atlassian.types import Product

MAX_ADDRESS_LENGTH = 2048


class Kind(StrEnum):
    """What an address names."""

    PAGE = "page"
    ISSUE = "issue"
    SHORT = "short"


class Problem(StrEnum):
    """Why an address was not understood; stable names for translations."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NOT_AN_ADDRESS = "not_an_address"
    NO_OBJECT = "no_object"
    NOT_A_PAGE = "not_a_page"
    OLD_ADDRESS = "old_address"
    NO_ISSUE_SELECTED = "no_issue_selected"


SENTENCES: Mapping[Problem, str] = {
    Problem.EMPTY: "Paste the address of a Confluence page or a Jira issue.",
    Problem.TOO_LONG: f"The address is longer than {MAX_ADDRESS_LENGTH} characters. Copy it again from the address bar.",
    Problem.NOT_AN_ADDRESS: "This is not a web address. Copy it from the address bar; it begins with https://.",
    Problem.NO_OBJECT: "This address leads to no Confluence page or Jira issue. Open the page or issue and copy its address.",
    Problem.NOT_A_PAGE: "Only pages can be shared, not spaces, blog posts, whiteboards or databases. Open a page and copy its address.",
    Problem.OLD_ADDRESS: "This form of address does not name the page for certain. Open the page and copy its address from the address bar.",
    Problem.NO_ISSUE_SELECTED: "No issue is selected in this address. Open the issue and copy its address.",
}


class AddressError(ValueError):
    """The text names nothing that can be shared; the message says what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(SENTENCES[problem])
        self.problem = problem


@dataclass(frozen=True)
class Address:
    """What an address names. `host` is in lower case, with the port where it is not the scheme's own."""

    host: str
    product: Product
    kind: Kind
    id_or_key: str
    raw: str


_PAGE_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}-[1-9][0-9]{0,18}", re.ASCII)
_SHORT = re.compile(r"[A-Za-z0-9_-]{1,12}", re.ASCII)
# Parts between `pages` and the id, as the editor writes them.
_EDITOR_WORDS = {"edit", "edit-v2", "resumedraft.action"}
_OTHER_CONTENT = {"blog", "whiteboard", "database", "folder", "embed", "overview", "calendars"}


def parse(url: str) -> Address:
    """Return what `url` names, or raise AddressError with a sentence for the person who pasted it."""
    raw = url.strip()
    if not raw:
        raise AddressError(Problem.EMPTY)
    if len(raw) > MAX_ADDRESS_LENGTH:
        raise AddressError(Problem.TOO_LONG)
    parts = _split(raw)
    host = _host(parts)
    segments = [unquote(one) for one in parts.path.split("/") if one]
    query = _query(parts.query)
    if segments and segments[0] == "wiki":
        kind, found = _confluence(segments[1:], query)
        return Address(host, Product.CONFLUENCE, kind, found, raw)
    return Address(host, Product.JIRA, Kind.ISSUE, _jira(segments, query), raw)


def host_of(url: str) -> str:
    """Return the host of a base address in the form of `Address.host`. Raises AddressError."""
    return _host(_split(url.strip()))


def page_id_of(code: str) -> str | None:
    """Return the page id that a short address's code stands for, or None when it stands for none.

    The code is the id's little-endian bytes in base64, with `-` for `/` and `_` for `+` (unlike RFC 4648) and without the As at its end.
    """
    if not _SHORT.fullmatch(code):
        return None
    try:
        raw = base64.b64decode(code.replace("-", "/").replace("_", "+").ljust(12, "A"), validate=True)
    except binascii.Error:
        return None
    number = int.from_bytes(raw, "little")
    return str(number) if _PAGE_ID.fullmatch(str(number)) else None


def _split(raw: str) -> SplitResult:
    if not raw.isprintable() or any(c in raw for c in ' \\<>"{}|^`'):
        raise AddressError(Problem.NOT_AN_ADDRESS)
    if "://" not in raw.partition("?")[0] and "." in raw.partition("/")[0]:
        # Some browsers copy the address without its scheme.
        raw = f"https://{raw}"
    try:
        parts = urlsplit(raw)
        _ = parts.port
    except ValueError:
        raise AddressError(Problem.NOT_AN_ADDRESS) from None
    if parts.scheme.lower() not in ("https", "http") or not parts.hostname or "@" in parts.netloc:
        raise AddressError(Problem.NOT_AN_ADDRESS)
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".").lower()
    if not host or not host.isascii():
        raise AddressError(Problem.NOT_AN_ADDRESS)
    host = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme.lower() == "https" else 80
    return host if parts.port in (None, default) else f"{host}:{parts.port}"


def _query(query: str) -> Mapping[str, str]:
    try:
        found = parse_qs(query, max_num_fields=100)
    except ValueError:
        raise AddressError(Problem.NOT_AN_ADDRESS) from None
    return {name: values[0] for name, values in found.items()}


def _confluence(segments: list[str], query: Mapping[str, str]) -> tuple[Kind, str]:
    if (page_id := query.get("pageId", "")) and _PAGE_ID.fullmatch(page_id):
        return Kind.PAGE, page_id
    match segments:
        case ["x", code, *_] if page_id_of(code) is not None:
            return Kind.SHORT, code
        case ["display", *_] | ["l", *_]:
            raise AddressError(Problem.OLD_ADDRESS)
        case ["spaces", _, "pages", *rest]:
            if rest and rest[0] in _EDITOR_WORDS:
                rest = rest[1:]
            if rest and _PAGE_ID.fullmatch(rest[0]):
                return Kind.PAGE, rest[0]
            raise AddressError(Problem.NOT_A_PAGE)
        case ["spaces", _] | ["spaces"]:
            raise AddressError(Problem.NOT_A_PAGE)
        case ["spaces", _, other, *_] if other in _OTHER_CONTENT:
            raise AddressError(Problem.NOT_A_PAGE)
    raise AddressError(Problem.NO_OBJECT)


def _jira(segments: list[str], query: Mapping[str, str]) -> str:
    selected = query.get("selectedIssue", "")
    if _KEY.fullmatch(selected):
        return selected.upper()
    match segments:
        case ["browse", key, *_] if _KEY.fullmatch(key):
            return key.upper()
        case ["issues" | "projects" | "jira" | "secure" | "servicedesk", *_]:
            if len(segments) > 1 and _KEY.fullmatch(segments[-1]):
                return segments[-1].upper()
            raise AddressError(Problem.NO_ISSUE_SELECTED)
        case ["browse", *_]:
            raise AddressError(Problem.NO_ISSUE_SELECTED)
    raise AddressError(Problem.NO_OBJECT)
