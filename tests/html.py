"""What is wrong with a page, as sentences: HTML5, headings, names, CSRF, ids, and what a strict CSP would block.

The rules are those that every page of Portico keeps; `tests.pages` applies them to whatever a test opens. A fragment
(what htmx swaps in) has no head and no heading of its own, and keeps the rest.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import html5lib
from html5lib.constants import DataLossWarning
from html5lib.constants import E as SYNTAX_ERRORS
from lxml import etree

Element = etree._Element

_UNNAMED_INPUTS = frozenset({"hidden", "submit", "button", "reset", "image"})
_LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
_NONCE = re.compile(r"'nonce-([^']+)'")
_FRAMED = re.compile(r"https://([a-z0-9.-]+)")


def parse(source: str, *, fragment: bool = False) -> tuple[Element, list[str]]:
    """Parse as a browser does; return the tree and each departure from HTML5 with its line."""
    with warnings.catch_warnings():
        # XML has no names such as `hx-target:inherited`; the tree holds them under another, which no rule minds.
        warnings.simplefilter("ignore", DataLossWarning)
        return _parsed(source, fragment)


def _parsed(source: str, fragment: bool) -> tuple[Element, list[str]]:
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("lxml"), namespaceHTMLElements=False)
    if fragment:
        root: Element = etree.Element("fragment")
        for node in parser.parseFragment(source):
            if isinstance(node, str):
                root.text = (root.text or "") + node
            else:
                root.append(node)
    else:
        root = parser.parse(source).getroot()
    lines = source.splitlines()
    return root, [_syntax_error(error, lines) for error in parser.errors]


def _syntax_error(error: tuple[tuple[int, int], str, dict[str, Any]], lines: list[str]) -> str:
    (line, column), code, variables = error
    sentence = SYNTAX_ERRORS.get(code, code) % variables
    shown = lines[line - 1].strip()[:160] if 0 < line <= len(lines) else ""
    return f"HTML5, line {line}, column {column}: {sentence} | {shown}"


def problems(root: Element, *, policy: str, host: str, fragment: bool = False) -> list[str]:
    """Return what is wrong with a parsed page, under its Content-Security-Policy and served from `host`."""
    found = [problem for rule in _RULES for problem in rule(root)]
    found += _scripts(root, policy)
    found += _foreign(root, host, policy)
    if not fragment:
        found += _document(root)
    return found


def text_of(element: Element) -> str:
    """Return what a person reads in an element, with single spaces."""
    return " ".join("".join(_visible(element)).split())


def _visible(element: Element) -> Iterator[str]:
    if element.tag in ("script", "style", "template"):
        return
    if isinstance(element.tag, str):
        yield element.text or ""
        for child in element:
            yield from _visible(child)
            yield child.tail or ""


def _all(root: Element, *tags: str) -> list[Element]:
    return list(root.iter(*tags))


def _show(element: Element) -> str:
    attributes = "".join(f' {name!s}="{value!s}"' for name, value in list(element.attrib.items())[:4])
    return f"<{element.tag}{attributes}>"


def _document(root: Element) -> Iterator[str]:
    if not root.get("lang"):
        yield "<html> has no lang"
    headings = [text_of(heading) for heading in _all(root, "h1")]
    if len(headings) != 1:
        yield f"a page has one h1, this one has {len(headings)}: {headings}"
    titles = [text_of(title) for title in root.findall("head/title")]
    if not titles or not titles[0]:
        yield "the page has no title"
    elif headings and headings[0] not in titles[0]:
        yield f"the title {titles[0]!r} does not hold the heading {headings[0]!r}"
    if not _all(root, "main"):
        yield "the page has no <main>"


def _unique_ids(root: Element) -> Iterator[str]:
    for value, times in Counter(element.get("id") for element in root.iter() if element.get("id")).items():
        if times > 1:
            yield f"the id {value!r} is there {times} times"


def _references(root: Element) -> Iterator[str]:
    known = {element.get("id") for element in root.iter()}
    for element in root.iter():
        for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls", "aria-errormessage", "list"):
            for value in (element.get(attribute) or "").split():
                if value not in known:
                    yield f"{_show(element)}: {attribute} names {value!r}, which is not there"


def _labels(root: Element) -> Iterator[str]:
    labelled = {label.get("for") for label in _all(root, "label") if text_of(label)}
    for element in _all(root, "input", "select", "textarea"):
        if element.tag == "input" and (element.get("type") or "text") in _UNNAMED_INPUTS:
            continue
        wrapped = any(text_of(parent) for parent in element.iterancestors("label"))
        if not (
            wrapped or element.get("id") in labelled or element.get("aria-label") or element.get("aria-labelledby")
        ):
            yield f"{_show(element)} has no label"


def _names(root: Element) -> Iterator[str]:
    for element in _all(root, "a", "button", "summary"):
        inside = text_of(element) or any(image.get("alt") for image in element.iter("img"))
        if not (inside or element.get("aria-label") or element.get("aria-labelledby")):
            yield f"{_show(element)} says nothing"
    for element in _all(root, "img"):
        if element.get("alt") is None:
            yield f"{_show(element)} has no alt"


def _csrf(root: Element) -> Iterator[str]:
    for form in _all(root, "form"):
        if (form.get("method") or "get").lower() != "post":
            continue
        tokens = [element for element in form.iter("input") if element.get("name") == "csrf_token"]
        if urlsplit(form.get("action") or "").netloc:
            # To another site: a token of ours has no business there.
            if tokens:
                yield f"{_show(form)} gives our CSRF token away"
            continue
        if not any(token.get("value") for token in tokens):
            yield f"{_show(form)} posts without a CSRF token"


def _inline(root: Element) -> Iterator[str]:
    for element in root.iter(etree.Element):
        # Also the style element of an SVG, which has a namespace.
        if etree.QName(element).localname == "style":
            yield "a <style> element; styles stand in static/css"
        for name, value in element.attrib.items():
            if str(name) == "style":
                yield f"{_show(element)} has an inline style"
            if str(name).lower().startswith(("on", "hx-on", "data-hx-on")):
                yield f"{_show(element)} has an inline script: {name!s}"
            if name in ("href", "src", "action", "formaction") and str(value).strip().lower().startswith("javascript:"):
                yield f"{_show(element)} runs a script from an address"


_RULES: tuple[Callable[[Element], Iterator[str]], ...] = (_unique_ids, _references, _labels, _names, _csrf, _inline)


def _scripts(root: Element, policy: str) -> Iterator[str]:
    nonces = set(_NONCE.findall(policy))
    for unsafe in ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'"):
        if unsafe in policy:
            yield f"the Content-Security-Policy allows {unsafe}"
    for script in _all(root, "script"):
        if not script.get("src"):
            yield f"{_show(script)} is an inline script"
        if not script.get("nonce"):
            yield f"{_show(script)} has no nonce"
        elif script.get("nonce") not in nonces:
            yield f"{_show(script)}: its nonce is not the one of the Content-Security-Policy"


def _foreign(root: Element, host: str, policy: str) -> Iterator[str]:
    # What an administrator listed: the policy of the page names it.
    framed = set(_FRAMED.findall(next((one for one in policy.split(";") if "frame-src" in one), "")))
    for tag, attribute in _LOADED.items():
        for element in _all(root, tag):
            address = urlsplit(element.get(attribute) or "")
            listed = tag == "iframe" and address.netloc in framed
            if address.netloc not in ("", host) and element.get("rel") != "canonical" and not listed:
                yield f"{_show(element)} loads from {address.netloc}"
