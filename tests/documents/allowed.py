"""An independent reading of what may be in a rendering, by another HTML parser than the one that made it."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

_TAG_NAMES = (
    "a audio b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption figure h2 h3 h4 h5 h6 "
    "hr i img ins kbd li ol p pre q s samp small span strong sub summary sup table tbody td th thead time tr u ul var video"
)

TAGS = frozenset(_TAG_NAMES.split())
ATTRIBUTES = {
    "alt": r"(?s:.*)",
    "aria-hidden": "true",
    "aria-label": r"(?s:.*)",
    "class": r"doc-[a-z0-9-]+( doc-[a-z0-9-]+)*",
    "colspan": r"\d{1,4}",
    "controls": "",
    "datetime": r"[\dTZ:.+-]+",
    "decoding": "async",
    "height": r"\d{1,4}",
    "href": r"(?i:https?)://[^\s\\\"<>]+|mailto:[^\s\\:/\"<>]+|#doc-[\w-]+|media/([\w-]+/)?[\w-]+|children/[a-z]+|page-\d+(#doc-[\w-]+)?",
    "id": r"doc-[\w-]+",
    "loading": "lazy",
    "preload": "metadata",
    "rel": "noopener noreferrer nofollow",
    "role": "group|note|img",
    "rowspan": r"\d{1,4}",
    "scope": "col|row",
    "src": r"media/([A-Za-z0-9_-]+/)?[A-Za-z0-9_-]+",
    "start": r"\d{1,4}",
    "tabindex": "0",
    "width": r"\d{1,4}",
}
_ONLY_ON = {
    "href": {"a"},
    "src": {"img", "audio", "video"},
    "controls": {"audio", "video"},
    "tabindex": {"div", "pre"},
    "rel": {"a"},
}


def faults(html: str) -> Iterator[str]:
    """Yield what is in the HTML and may not be."""
    ids: set[str] = set()
    tree: Element = html5lib.parseFragment(html, namespaceHTMLElements=False)
    for element in tree.iter():
        tag = element.tag
        if tag == "DOCUMENT_FRAGMENT":
            continue
        if tag not in TAGS:
            yield f"element {tag}"
        for name, value in element.attrib.items():
            if not re.fullmatch(ATTRIBUTES.get(name, "(?!)"), value) or tag not in _ONLY_ON.get(name, {tag}):
                yield f"attribute {name}={value!r} on {tag}"
        if (found := element.get("id")) is not None:
            if found in ids:
                yield f"id {found} twice"
            ids.add(found)
