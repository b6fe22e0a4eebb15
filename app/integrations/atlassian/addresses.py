"""Understands the addresses people copy from their browser's address bar.

Nothing is asked of Atlassian: an address names an object, and whether it exists, whose site it is and who may see it is decided elsewhere.
The place is handed on for the caller to compare with its connections (`place_of` says how a base address would be written). On Cloud the
address says itself which product it is of; Data Center sites lie anywhere, so the caller names those it knows.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, unquote_plus, urlsplit

from app.integrations.atlassian.types import Product

MAX_ADDRESS_LENGTH = 2048


class Kind(StrEnum):
    """What an address names."""

    PAGE = "page"
    ISSUE = "issue"
    SHORT = "short"
    TITLE = "title"


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
class Place:
    """Where a site lies for people: `host` in lower case, with the port where it is not the scheme's own, and its context path, if any."""

    host: str
    path: str = ""


@dataclass(frozen=True)
class Address:
    """What an address names: an id, an issue's key, a short code, or, where it has a `title`, the key of the page's space."""

    place: Place
    product: Product
    kind: Kind
    id_or_key: str
    raw: str
    title: str | None = None


_PAGE_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,254}-[1-9][0-9]{0,18}", re.ASCII)
_SHORT = re.compile(r"[A-Za-z0-9_-]{1,12}", re.ASCII)
_CONTEXT = re.compile(r"(?:/[A-Za-z0-9_-]+)*", re.ASCII)
MAX_NAME_LENGTH = 255
# Parts between `pages` and the id, as the editor writes them.
_EDITOR_WORDS = {"edit", "edit-v2", "resumedraft.action"}
_OTHER_CONTENT = {"blog", "whiteboard", "database", "folder", "embed", "overview", "calendars"}


def parse(url: str, sites: Iterable[tuple[Place, Product]] = ()) -> Address:
    """Return what `url` names, or raise AddressError with a sentence for the person who pasted it.

    `sites` are the Data Center sites that are known; what lies below one of them is read as its product's.
    """
    raw = url.strip()
    if not raw:
        raise AddressError(Problem.EMPTY)
    if len(raw) > MAX_ADDRESS_LENGTH:
        raise AddressError(Problem.TOO_LONG)
    parts = _split(raw)
    host = _host(parts)
    segments = [one for one in parts.path.split("/") if one]
    query = _query(parts.query)
    place, product = _site(host, segments, sites)
    below = segments[place.path.count("/") :]
    if product is Product.JIRA:
        return Address(place, product, Kind.ISSUE, _jira([unquote(one) for one in below], query), raw)
    if place.path == "" and below[:1] == ["wiki"]:
        below = below[1:]
    return _confluence(Address(place, product, Kind.PAGE, "", raw), below, query)


def place_of(url: str) -> Place:
    """Return where a base address lies, in the form of `Address.place`. Raises AddressError."""
    parts = _split(url.strip())
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or not _CONTEXT.fullmatch(path):
        raise AddressError(Problem.NOT_AN_ADDRESS)
    return Place(_host(parts), path)


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


def _site(host: str, segments: Sequence[str], sites: Iterable[tuple[Place, Product]]) -> tuple[Place, Product]:
    """Return the known site that the address lies below, the deepest of several, or the one that Cloud's form means."""
    path = "/".join(["", *segments, ""])
    known = [one for one in sites if one[0].host == host and path.startswith(f"{one[0].path}/")]
    if known:
        return max(known, key=lambda one: len(one[0].path))
    return Place(host), Product.CONFLUENCE if segments[:1] == ["wiki"] else Product.JIRA


def _confluence(nothing_yet: Address, raw_segments: Sequence[str], query: Mapping[str, str]) -> Address:
    segments = [unquote(one) for one in raw_segments]
    if (page_id := query.get("pageId", "")) and _PAGE_ID.fullmatch(page_id):
        return replace(nothing_yet, id_or_key=page_id)
    match segments:
        case ["x", code, *_] if page_id_of(code) is not None:
            return replace(nothing_yet, kind=Kind.SHORT, id_or_key=code)
        case ["pages", "tinyurl.action"] if page_id_of(code := query.get("urlIdentifier", "")) is not None:
            return replace(nothing_yet, kind=Kind.SHORT, id_or_key=code)
        case ["pages", "viewpage.action"]:
            return _titled(nothing_yet, query.get("spaceKey", ""), query.get("title", ""), Problem.NO_OBJECT)
        case ["display", space, _]:
            # In this form alone a plus stands for a space.
            return _titled(nothing_yet, space, unquote_plus(raw_segments[2]), Problem.NOT_A_PAGE)
        case ["l", *_]:
            raise AddressError(Problem.OLD_ADDRESS)
        case ["spaces", _, "pages", *rest]:
            return replace(nothing_yet, id_or_key=_page_of_space(rest))
        case ["display" | "spaces", *rest] if len(rest) != 2 or rest[1] in _OTHER_CONTENT:
            raise AddressError(Problem.NOT_A_PAGE)
    raise AddressError(Problem.NO_OBJECT)


def _titled(nothing_yet: Address, space: str, title: str, otherwise: Problem) -> Address:
    if not _is_name(space) or not _is_name(title):
        raise AddressError(otherwise)
    return replace(nothing_yet, kind=Kind.TITLE, id_or_key=space, title=title)


def _page_of_space(rest: Sequence[str]) -> str:
    if rest and rest[0] in _EDITOR_WORDS:
        rest = rest[1:]
    if rest and _PAGE_ID.fullmatch(rest[0]):
        return rest[0]
    raise AddressError(Problem.NOT_A_PAGE)


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= MAX_NAME_LENGTH and text.isprintable()


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
