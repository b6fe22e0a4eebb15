"""Texts as they are sorted and found by: whatever their case and form, in the same order on both databases."""

import re
import unicodedata

from sqlalchemy import String

#: Characters of a key that is sorted by.
KEY_LENGTH = 120
WORD_LENGTH = 40
#: Words of one text that it is found by.
MOST_WORDS = 80
#: Kana and ideographs, written without spaces: each character is a word.
_ALONE = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+")


def folded_text(length: int) -> String:
    """Return the type of a column of folded text: ordered by code point, so that a prefix is a range."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def key_of(text: str) -> str:
    """Return what a text is sorted by."""
    return _folded(text)[:KEY_LENGTH]


def words_of(*texts: str | None) -> frozenset[str]:
    """Return the words that texts are found by; the first eighty of a very long one."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(_folded(text or "")):
            found.setdefault(word[:WORD_LENGTH])
    return frozenset(list(found)[:MOST_WORDS])


def _folded(text: str) -> str:
    # Folding can take a text out of its normal form; what is stored and what is searched for go the same way.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
