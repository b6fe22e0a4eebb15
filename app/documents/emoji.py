"""Emoji as characters: as the content gives them, or by the names of the old emoticons."""

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


def emoji_text(fallback: str, short_name: str = "", old_name: str = "") -> str:
    """Return the character of an emoji, else its short name such as `:party:` (custom emoji have no character)."""
    if fallback and not fallback.startswith(":"):
        return fallback[:_MAX]
    if old_name in _OLD:
        return _OLD[old_name]
    name = short_name or fallback or old_name
    return f":{name.strip(':')[:_MAX]}:" if name.strip(":") else ""
