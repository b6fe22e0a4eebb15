"""Emoji as characters: as the content gives them, or by the names of the old emoticons."""

import re

_OLD = {
    "smile": "🙂",
    "sad": "🙁",
    "cheeky": "😛",
    "laugh": "😀",
    "wink": "😉",
    "thumbs-up": "👍",
    "thumbs-down": "👎",
    "information": "ℹ️",
    "tick": "✅",
    "cross": "❌",
    "warning": "⚠️",
    "plus": "➕",
    "minus": "➖",
    "question": "❓",
    "light-on": "💡",
    "light-off": "💡",
    "yellow-star": "⭐",
    "red-star": "⭐",
    "green-star": "⭐",
    "blue-star": "⭐",
    "heart": "❤️",
    "broken-heart": "💔",
}
_MAX = 60
_CODES = re.compile(r"[0-9a-fA-F]{2,6}(?:-[0-9a-fA-F]{2,6}){0,9}")
#: Signs and pictures; below them are letters, and in between what changes how text is read.
_FIRST_SIGN, _LAST = 0x203C, 0x1FAFF
_JOINERS = frozenset({0x200D, 0xFE0F})


def emoji_text(fallback: str, short_name: str = "", old_name: str = "", code: str = "") -> str:
    """Return the character of an emoji, else its short name such as `:party:` (custom emoji have no character)."""
    if fallback and not fallback.startswith(":"):
        return fallback[:_MAX]
    if character := emoji_of_id(code):
        return character
    # Confluence calls every newer emoji a blue star as well.
    if old_name in _OLD and not (old_name == "blue-star" and short_name):
        return _OLD[old_name]
    name = short_name or fallback or old_name
    return f":{name.strip(':')[:_MAX]}:" if name.strip(":") else ""


def emoji_of_id(code: str) -> str:
    """Return the emoji of an id made of code points, such as `1f680` or `1f1e9-1f1ea`; nothing for other ids."""
    if not _CODES.fullmatch(code):
        return ""
    points = [int(part, 16) for part in code.split("-")]
    signs = [point for point in points if point not in _JOINERS]
    return "".join(map(chr, points)) if signs and all(_FIRST_SIGN <= point <= _LAST for point in signs) else ""
