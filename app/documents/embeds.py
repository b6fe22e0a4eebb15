"""What comes from elsewhere: cards that lead to other pages, frames of listed hosts, sound and film of the share.

A frame is written only for a host that an administrator listed; for every other there is a card with a link, which
loads nothing.
"""

import html
import re
from urllib.parse import parse_qs, urlsplit

from app.documents.addresses import covered_page, external_link, is_external, is_frame_address
from app.documents.canvas import Canvas
from app.documents.pieces import file_card, internal, pixels
from app.documents.types import MediaFile

#: What browsers play; anything else is a card.
SOUND = frozenset(
    {"audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/x-wav", "audio/webm", "audio/flac", "audio/aac"}
)
FILM = frozenset({"video/mp4", "video/webm", "video/ogg", "video/quicktime"})
#: Pages of well known hosts → what they offer to be framed. The id is what the expression finds.
_PLAYERS = (
    (
        re.compile(r"https?://(?:www\.|m\.)?youtube\.com/(?:embed|shorts|live)/([\w-]{5,20})"),
        "https://www.youtube.com/embed/{}",
    ),
    (re.compile(r"https?://youtu\.be/([\w-]{5,20})"), "https://www.youtube.com/embed/{}"),
    (re.compile(r"https?://(?:www\.)?vimeo\.com/(\d{5,12})"), "https://player.vimeo.com/video/{}"),
    (re.compile(r"https?://(?:www\.)?loom\.com/share/([0-9a-f]{16,40})"), "https://www.loom.com/embed/{}"),
    (re.compile(r"https?://(?:www\.)?dailymotion\.com/video/(\w{4,12})"), "https://www.dailymotion.com/embed/video/{}"),
)
_WATCH = re.compile(r"https?://(?:www\.|m\.)?youtube\.com/watch\?")
_VIDEO_ID = re.compile(r"[\w-]{5,20}")
_MAX_TEXT = 500


def shown_file(canvas: Canvas, file: MediaFile, width: object = None) -> None:
    """Write a file that stands by itself: sound and film with their name below, anything else as its card."""
    if canvas.in_text:
        player(canvas, file, width)
    elif _tag(file):
        canvas.start("figure", ' class="doc-figure"')
        player(canvas, file, width)
        canvas.element("figcaption", "", file.filename)
        canvas.end("figure")
    else:
        canvas.start("div", ' class="doc-files"')
        file_card(canvas, file)
        canvas.end("div")


def player(canvas: Canvas, file: MediaFile, width: object = None) -> None:
    """Write sound or film of the share with the browser's own controls; any other file as its card."""
    tag = _tag(file)
    address = canvas.media(file) if tag else None
    if address is None:
        file_card(canvas, file)
        return
    size = f' width="{wide}"' if tag == "video" and (wide := pixels(width)) else ""
    label = html.escape(file.filename)
    canvas.parts.append(
        f'<{tag} src="{address}" aria-label="{label}"{size} controls="" preload="metadata" class="doc-{tag}"></{tag}>'
    )


def _tag(file: MediaFile) -> str:
    kind = file.media_type.partition(";")[0].strip().lower()
    return "audio" if kind in SOUND else "video" if kind in FILM else ""


def card(canvas: Canvas, address: str, text: str = "") -> None:
    """Write a card that leads to an address: its text or title, and whose it is; never more of what is internal."""
    alone = not canvas.in_text
    if alone:
        canvas.start("div", ' class="doc-files"')
    _card(canvas, address, text)
    if alone:
        canvas.end("div")


def _card(canvas: Canvas, address: str, text: str) -> None:
    href = external_link(address, canvas.material)
    if href is None:
        if text and text != address and not is_external(text):
            canvas.text(text[:_MAX_TEXT])
        else:
            internal(canvas)
        return
    page = covered_page(address, canvas.material)
    shown = page.title if page is not None and (not text or is_external(text)) else text or address
    canvas.parts.append('<span class="doc-card">')
    opened = canvas.begin_link(href)
    canvas.text(shown[:_MAX_TEXT])
    canvas.end_link(opened)
    if is_external(href) and not is_external(shown):
        canvas.parts.append(" ")
        canvas.element("span", ' class="doc-card-about"', (urlsplit(href).hostname or "")[:100])
    canvas.parts.append("</span>")


def embed(canvas: Canvas, address: str, text: str = "") -> None:
    """Write a page of another site in a frame where its host is listed, with its link below; else a card."""
    address = address.strip()
    framed = _framed(address)
    if external_link(address, canvas.material) is None or not is_frame_address(framed, canvas.material.frame_hosts):
        card(canvas, address, text)
        return
    inline = canvas.in_text
    canvas.start("span" if inline else "div", ' class="doc-frame"')
    canvas.frame(framed, text or address)
    _card(canvas, address, text)
    canvas.end("span" if inline else "div")


def _framed(address: str) -> str:
    for form, embedded in _PLAYERS:
        if match := form.match(address):
            return embedded.format(match[1])
    if _WATCH.match(address):
        video = parse_qs(urlsplit(address).query, max_num_fields=20).get("v", [""])[0]
        if _VIDEO_ID.fullmatch(video):
            return f"https://www.youtube.com/embed/{video}"
    return address
