"""What in a text should not leave the house: keys and tokens, card and account numbers, an organisation's own patterns. Pure.

What is found is never kept or told in plain: only its kind, where it stands, and a few of its characters. Keys and tokens
are found by the plugins of detect-secrets that know one format each; those that guess by entropy or by words such as
“password” find something on every other page and are left out.
"""

import hashlib
import importlib
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

import lxml.html
from lxml import etree

from app.core.text import Text
from app.features.share_links.rules import patterns
from app.features.share_links.rules.patterns import OwnPattern

#: Seconds and characters that one check may take; what is left then counts as not looked through.
SECONDS = 2.0
MOST_CHARACTERS = 2_000_000
MOST_FINDINGS = 50
#: Seconds of computing that one pattern may take on one line.
_PATTERN_SECONDS = 0.25
_LONGEST_LINE, _OVERLAP = 2_000, 200
#: Plugins of detect-secrets by their modules; loaded with the first check, since most processes never do one.
_DETECTORS = (
    ("artifactory", "ArtifactoryDetector"),
    ("aws", "AWSKeyDetector"),
    ("azure_storage_key", "AzureStorageKeyDetector"),
    ("basic_auth", "BasicAuthDetector"),
    ("discord", "DiscordBotTokenDetector"),
    ("github_token", "GitHubTokenDetector"),
    ("gitlab_token", "GitLabTokenDetector"),
    ("jwt", "JwtTokenDetector"),
    ("mailchimp", "MailchimpDetector"),
    ("npm", "NpmDetector"),
    ("openai", "OpenAIDetector"),
    ("private_key", "PrivateKeyDetector"),
    ("pypi_token", "PypiTokenDetector"),
    ("sendgrid", "SendGridDetector"),
    ("slack", "SlackDetector"),
    ("square_oauth", "SquareOAuthDetector"),
    ("stripe", "StripeDetector"),
    ("telegram_token", "TelegramBotTokenDetector"),
    ("twilio", "TwilioKeyDetector"),
)
CARD, ACCOUNT = "Card number", "Account number (IBAN)"
#: Not behind a point: the digits of fractions are right by chance one time in ten.
_CARD = re.compile(r"(?<![0-9A-Za-z])(?<![0-9]\.)[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
#: Beginnings and lengths that cards have (ISO/IEC 7812, as the large issuers publish them).
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12}"
)
_IBAN = re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}")
#: Lengths of account numbers by country (ISO 13616, the SWIFT registry).
_IBAN_LENGTHS = {
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "CH": 21,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IT": 27,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MC": 27,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "TR": 26,
}
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
#: The class of what says whose a comment is.
_HEAD = "doc-comment-head"
#: All words of an element but those that only decorate others, such as somebody's initials.
_SAID: Any = etree.XPath(".//text()[not(ancestor::*[@aria-hidden = 'true'])]")
_LONGEST_PLACE = 120


@dataclass(frozen=True)
class Finding:
    """Something that was found; `masked` holds at most four characters of it."""

    kind: str
    #: The heading that it stands below, the page or sheet of the file, or who wrote the comment and when; empty = before
    #: the first, or nowhere in particular.
    place: str
    masked: str
    #: The name of the file that it stands in; empty = it stands in the text.
    file: str = ""
    #: Whether the text is that of a comment.
    comment: bool = False
    #: Title of the child page that it belongs to; empty = it belongs to what the link names.
    child: str = ""


class Why(StrEnum):
    """Why a file was not looked through, or not all of it; stored, so values stay."""

    ENCRYPTED = "encrypted"
    BROKEN = "broken"
    TOO_MUCH = "too_much"
    HOLDS_FILES = "holds_files"
    PICTURES = "pictures"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    TOO_LONG = "too_long"
    UNKNOWN_KIND = "unknown_kind"
    NOT_HAD = "not_had"


#: What is said of each, to those who share and to those who approve.
_WHY = {
    Why.ENCRYPTED: Text("It is encrypted or behind a password."),
    Why.BROKEN: Text("It is damaged, or not what its name says."),
    Why.TOO_MUCH: Text("It says more than is looked through."),
    Why.HOLDS_FILES: Text("It holds other files or programs, which are not looked into."),
    Why.PICTURES: Text("Pages of it are pictures, and words in pictures are not read."),
    Why.TOO_LARGE: Text("It is too large."),
    Why.TOO_MANY: Text("There are too many files."),
    Why.TOO_LONG: Text("Looking through the files before it took too long."),
    Why.UNKNOWN_KIND: Text("Files of its kind are not looked into."),
    Why.NOT_HAD: Text("Atlassian did not hand it out."),
}


@dataclass(frozen=True)
class Unread:
    """A file that was not looked through, or not all of it."""

    file: str
    why: Why
    #: Which version of which file: nobody agrees to a later one unseen.
    version: str = ""
    #: Title of the child page that it hangs on; empty = it hangs on what the link names.
    child: str = ""

    @property
    def reason(self) -> Text:
        """The sentence that says why."""
        return _WHY[Why(self.why)]


@dataclass(frozen=True)
class Scan:
    """What a check found, and whether it came to the end of all but the files it names."""

    findings: tuple[Finding, ...]
    finished: bool = True
    unread: tuple[Unread, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all was looked through."""
        return self.finished and not self.unread

    @property
    def clean(self) -> bool:
        """Whether all was looked through and nothing found."""
        return self.whole and not self.findings

    @property
    def digest(self) -> str:
        """What a decision about it is remembered by; holds nothing of what was found but what is told anyway."""
        told = "\n".join(sorted(f"{one.kind}\t{one.masked}" for one in self.findings))
        told += "".join(sorted(f"\n\t{one.version}\t{one.why}" for one in self.unread))
        return hashlib.sha256(f"{self.whole}\n{told}".encode()).hexdigest()

    def is_told_by(self, other: "Scan") -> bool:
        """Tell whether whoever was told of another check knows all of this one: what is found in one part of the whole."""
        found, told = ({(one.kind, one.masked) for one in scan.findings} for scan in (self, other))
        unread, named = ({(one.version, one.why) for one in scan.unread} for scan in (self, other))
        # A list that was cut names only some.
        return self.finished and len(unread) < MOST_FINDINGS and found <= told and unread <= named

    @property
    def plain(self) -> dict[str, list[dict[str, Any]]]:
        """What of it is stored, by the names of the columns."""
        return {"findings": [asdict(one) for one in self.findings], "unread": [asdict(one) for one in self.unread]}


NOTHING = Scan(())
#: Where nothing could be read, nothing was looked through.
NOT_LOOKED = Scan((), finished=False)


def of_html(html: str, own: Iterable[OwnPattern] = ()) -> Scan:
    """Look through rendered content; the same content and patterns are looked through once."""
    return _once(html, own, comments=False)


def of_comments(html: str, own: Iterable[OwnPattern] = ()) -> Scan:
    """Look through rendered comments; what is found names who wrote it and when, as readers are told."""
    found = _once(html, own, comments=True)
    return replace(found, findings=tuple(replace(one, comment=True) for one in found.findings))


def together(scans: Iterable[Scan]) -> Scan:
    """Return several checks as one."""
    every = list(scans)
    found = dict.fromkeys(finding for one in every for finding in one.findings)
    unread = dict.fromkeys(file for one in every for file in one.unread)
    finished = all(one.finished for one in every) and len(found) <= MOST_FINDINGS
    return Scan(tuple(found)[:MOST_FINDINGS], finished, tuple(unread)[:MOST_FINDINGS])


def not_read(file: str, why: Why, version: str) -> Scan:
    """Return what is known of a file that was not looked through."""
    return Scan((), unread=(Unread(file[:_LONGEST_PLACE], why, version),))


def load(findings: Iterable[dict[str, Any]] | None, unread: Iterable[dict[str, Any]] | None) -> Scan:
    """Return what was stored of a scan; whether it came to its end is not kept."""
    return Scan(
        tuple(Finding(**one) for one in findings or ()),
        unread=tuple(Unread(**one | {"why": Why(one["why"])}) for one in unread or ()),
    )


def in_file(scan: Scan, file: str) -> Scan:
    """Return what was found in the lines of a file as what stands in it."""
    return replace(scan, findings=tuple(replace(one, file=file[:_LONGEST_PLACE]) for one in scan.findings))


def in_child(scan: Scan, title: str) -> Scan:
    """Return what was found on a child page, or of its files and comments, as what belongs to it."""
    child = title[:_LONGEST_PLACE]
    return replace(
        scan,
        findings=tuple(replace(one, child=child) for one in scan.findings),
        unread=tuple(replace(one, child=child) for one in scan.unread),
    )


def lines_of(html: str, *, comments: bool = False) -> list[tuple[str, str]]:
    """Return the lines of rendered content, each with the heading above it, or the head of its comment.

    Addresses of links stand below their text.
    """
    try:
        root = lxml.html.fromstring(f"<div>{html}</div>")
    except (etree.ParserError, ValueError):
        return []
    found: list[tuple[str, str]] = []
    words: list[str] = []
    place = ""

    def end_line() -> None:
        found.extend((place, line) for line in "".join(words).splitlines() if line.strip())
        words.clear()

    for event, element in etree.iterwalk(root, events=("start", "end", "comment")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if tag in _BLOCKS:
                end_line()
            if _HEAD in element.get("class", "").split() if comments else tag in _HEADINGS:
                place = " ".join("".join(_SAID(element)).split())[:_LONGEST_PLACE]
            words.append(element.text or "")
            continue
        if tag in _BLOCKS:
            end_line()
        if event == "end" and element.get("href"):
            found.append((place, element.get("href")))
        if element is not root:
            words.append(element.tail or "")
    end_line()
    return found


def scan(lines: Sequence[tuple[str, str]], own: Iterable[OwnPattern] = (), *, seconds: float = SECONDS) -> Scan:
    """Look through lines, each with its place, for so many seconds at most."""
    until, left = time.monotonic() + seconds, MOST_CHARACTERS
    found: dict[Finding, None] = {}
    for place, line in lines:
        for part in _parts(line):
            left -= len(part)
            if left < 0 or time.monotonic() > until or len(found) >= MOST_FINDINGS:
                return Scan(tuple(found)[:MOST_FINDINGS], finished=False)
            try:
                for kind, value in _in_line(part, own, until):
                    found[Finding(kind, place, masked(value))] = None
            except TimeoutError:
                return Scan(tuple(found), finished=False)
    return Scan(tuple(found))


def masked(value: str) -> str:
    """Return a few characters of what was found: enough to find it again, too few to use it."""
    plain = " ".join(value.split())
    return f"{plain[:2]}…{plain[-2:]}" if len(plain) >= 12 else f"{plain[:1]}…"


def is_card(text: str) -> bool:
    """Tell whether digits are those of a card: a beginning and length that are issued, and the check digit (Luhn)."""
    digits = re.sub(r"[ -]", "", text)
    if _ISSUED.fullmatch(digits) is None:
        return False
    total = 0
    for position, digit in enumerate(int(one) for one in reversed(digits)):
        doubled = digit * 2 if position % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0 and len(set(digits)) > 1


def iban_in(text: str) -> str | None:
    """Return the account number that a text begins with, if its length and check digits (mod 97) are right."""
    plain = text.replace(" ", "")
    plain = plain[: _IBAN_LENGTHS.get(plain[:2], 0)]
    if len(plain) < 15 or len(plain) != _IBAN_LENGTHS.get(plain[:2]):
        return None
    number = int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4]))
    return plain if number % 97 == 1 else None


@lru_cache(maxsize=1)
def _detectors() -> tuple[Any, ...]:
    plugins = ((importlib.import_module(f"detect_secrets.plugins.{module}"), name) for module, name in _DETECTORS)
    return tuple(getattr(module, name)() for module, name in plugins)


def _in_line(line: str, own: Iterable[OwnPattern], until: float) -> Iterator[tuple[str, str]]:
    for detector in _detectors():
        for value in detector.analyze_string(line):
            yield detector.secret_type, value
    for match in _CARD.finditer(line):
        if is_card(match.group()):
            yield CARD, match.group()
    for match in _IBAN.finditer(line):
        account = iban_in(match.group())
        if account is not None:
            yield ACCOUNT, account
    for pattern in own:
        for start, end in patterns.find(pattern, line, min(_PATTERN_SECONDS, until - time.monotonic())):
            yield pattern.name, line[start:end]


def _parts(line: str) -> Iterator[str]:
    # What stands across a cut is whole in one of the two.
    for start in range(0, max(len(line), 1), _LONGEST_LINE - _OVERLAP):
        yield line[start : start + _LONGEST_LINE]


def _once(html: str, own: Iterable[OwnPattern], *, comments: bool) -> Scan:
    key = hashlib.sha256(html.encode()).digest()
    ordered = tuple(sorted(own, key=lambda one: (one.name, one.expression)))
    known = _known(key, ordered, comments)
    if not known:
        # Only what was found stays in memory, never the text.
        known.append(scan(lines_of(html, comments=comments), ordered))
    return known[0]


@lru_cache(maxsize=512)
def _known(_digest: bytes, _own: tuple[OwnPattern, ...], _comments: bool) -> list[Scan]:
    return []
