"""Which files a browser may draw by itself, and what their first bytes say. Everything else is a download."""

#: Pictures that hold no script; SVG does, and so is never among them.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"})
#: Sound and film by how their files begin: the containers that browsers play.
_PLAYED = {
    "ftyp": frozenset({"video/mp4", "audio/mp4", "video/quicktime"}),
    "webm": frozenset({"video/webm", "audio/webm"}),
    "ogg": frozenset({"video/ogg", "audio/ogg"}),
    "wave": frozenset({"audio/wav", "audio/x-wav"}),
    "mpeg": frozenset({"audio/mpeg", "audio/aac"}),
    "flac": frozenset({"audio/flac"}),
}
INLINE = PICTURES.union(*_PLAYED.values())
#: What files are sent as whose type is unknown or could be active in a browser.
NEUTRAL = "application/octet-stream"
#: Types that browsers run, style or follow, sent as neutral bytes even as a download.
_ACTIVE_WORDS = ("html", "svg", "xml", "script", "xsl", "shockwave", "java", "mhtml", "multipart", "rdf", "mathml")


def drawn_as(media_type: str, beginning: bytes) -> str | None:
    """Return the type under which a file may be shown inline: a picture, sound or film that is what it says; else None."""
    declared = media_type.partition(";")[0].strip().lower()
    is_so = _sniffed(beginning) == declared or declared in _PLAYED.get(_container(beginning), ())
    return declared if declared in INLINE and is_so else None


def sent_as(media_type: str) -> str:
    """Return the type under which a file is handed out as a download."""
    declared = media_type.partition(";")[0].strip().lower()
    if declared.count("/") != 1 or not declared.isascii() or any(word in declared for word in _ACTIVE_WORDS):
        return NEUTRAL
    return declared if not declared.startswith("text/") or declared in ("text/plain", "text/csv") else NEUTRAL


def _sniffed(beginning: bytes) -> str | None:
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if beginning.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if beginning.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP":
        return "image/webp"
    if beginning[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return "image/bmp" if beginning.startswith(b"BM") else None


def _container(beginning: bytes) -> str:
    if beginning[4:8] == b"ftyp":
        return "ftyp"
    if beginning.startswith(b"\x1a\x45\xdf\xa3"):
        return "webm"
    if beginning.startswith(b"OggS"):
        return "ogg"
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WAVE":
        return "wave"
    if beginning.startswith(b"ID3") or (beginning[:1] == b"\xff" and beginning[1:2] >= b"\xe0"):
        return "mpeg"
    return "flac" if beginning.startswith(b"fLaC") else ""
