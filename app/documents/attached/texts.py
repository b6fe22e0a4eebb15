"""Texts as people have them: UTF-8 and what resembles it, or UTF-16 with its mark."""

import codecs

_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(data: bytes) -> str | None:
    """Return a text, with a mark in the place of what is none; None where it is no text at all."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is None and b"\0" in data:
        return None
    return data.decode(encoding or "utf-8-sig", "replace")
