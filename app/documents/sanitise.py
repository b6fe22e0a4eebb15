"""The last step of every rendering: an allow-list of tags, classes and attribute values.

The renderers already write nothing else; this step holds even where one of them is wrong. It is built once, since
building a cleaner costs more than using it. Attribute values are checked here as well, not only in the renderers:
pictures, sound and film come from our media route alone, and ids carry a prefix so that no element of the page can be
clobbered. Frames are let through only if hosts are named, to those hosts, always in a sandbox.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import nh3

from app.documents.addresses import is_frame_address, is_media_address, is_safe_href
from app.documents.classes import CLASSES

_TAG_NAMES = (
    "a audio b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption figure h2 h3 h4 h5 h6 hr"
    " i img ins kbd li ol p pre q s samp small span strong sub summary sup table tbody td th thead time tr u ul var video"
)
TAGS = frozenset(_TAG_NAMES.split())
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "*": frozenset({"id"}),
    "a": frozenset({"href", "aria-label"}),
    "audio": frozenset({"src", "aria-label"}),
    "code": frozenset({"aria-label"}),
    "div": frozenset({"aria-label"}),
    "img": frozenset({"src", "alt", "width", "height"}),
    "ol": frozenset({"start"}),
    "pre": frozenset({"aria-label"}),
    "span": frozenset({"aria-label"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan"}),
    "time": frozenset({"datetime"}),
    "video": frozenset({"src", "aria-label", "width", "height"}),
}
_PLAYER = {"controls": frozenset({""}), "preload": frozenset({"none", "metadata"})}
ATTRIBUTE_VALUES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "audio": _PLAYER,
    "code": {"role": frozenset({"math"})},
    "div": {"role": frozenset({"group", "note"}), "tabindex": frozenset({"0"})},
    "img": {"loading": frozenset({"lazy"}), "decoding": frozenset({"async"})},
    "pre": {"role": frozenset({"group"}), "tabindex": frozenset({"0"})},
    "span": {"role": frozenset({"img"}), "aria-hidden": frozenset({"true"})},
    "th": {"scope": frozenset({"col", "row"})},
    "video": _PLAYER,
}
#: Scripts run within the frame and as the framed site's own; it cannot lead this page elsewhere, nor open windows.
SANDBOX = "allow-scripts allow-same-origin allow-presentation"
_WITH_CONTENT = frozenset(
    {"script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "title"}
)
REL = "noopener noreferrer nofollow"
SCHEMES = frozenset({"http", "https", "mailto"})

_NUMBER = re.compile(r"\d{1,4}")
_ID = re.compile(r"doc-[\w-]{1,100}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?")
# An HTML parser drops or rewrites these. Deleted as bytes: an expression over the text takes ten times as long.
_CONTROLS = bytes([*range(9), *range(11, 32), 127])


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "colspan": _is_number,
    "datetime": lambda value: _INSTANT.fullmatch(value) is not None,
    "height": _is_number,
    "href": is_safe_href,
    "id": lambda value: _ID.fullmatch(value) is not None,
    "rowspan": _is_number,
    "src": is_media_address,
    "start": _is_number,
    "width": _is_number,
}


def _keep(_tag: str, attribute: str, value: str) -> str | None:
    check = _CHECKS.get(attribute)
    return value if check is None or check(value) else None


_FRAME = {"sandbox": SANDBOX, "loading": "lazy", "referrerpolicy": "no-referrer"}
FRAME_ATTRIBUTES = "".join(f' {name}="{value}"' for name, value in _FRAME.items())


@lru_cache(maxsize=8)
def _cleaner(frame_hosts: frozenset[str]) -> nh3.Cleaner:
    frame = frozenset({"iframe"}) if frame_hosts else frozenset()

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if tag == "iframe" and attribute == "src":
            return value if is_frame_address(value, frame_hosts) else None
        return _keep(tag, attribute, value)

    return nh3.Cleaner(
        tags=TAGS | frame,
        clean_content_tags=_WITH_CONTENT - frame,
        attributes={**ATTRIBUTES, **dict.fromkeys(frame, frozenset({"src", "aria-label", *_FRAME}))},
        tag_attribute_values=ATTRIBUTE_VALUES,
        set_tag_attribute_values=dict.fromkeys(frame, _FRAME),
        allowed_classes=dict.fromkeys(TAGS, CLASSES),
        # The check for frames costs a call for each attribute: only where there may be any.
        attribute_filter=keep if frame_hosts else _keep,
        url_schemes=SCHEMES,
        link_rel=REL,
        strip_comments=True,
    )


_CLEANER = _cleaner(frozenset())


def clean(html: str, frame_hosts: frozenset[str] = frozenset()) -> str:
    """Return the HTML with nothing in it but what the allow-lists of this module name."""
    fit = html.encode("utf-8", "ignore").translate(None, _CONTROLS).decode().lstrip("\ufeff")
    return (_cleaner(frame_hosts) if frame_hosts else _CLEANER).clean(fit)
