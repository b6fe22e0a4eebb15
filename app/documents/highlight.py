"""Colours for code: Pygments finds the tokens, a dozen classes of ours name them.

Pygments is imported when the first block of code is met. Blocks beyond the limits are shown without colours.
"""

import html
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from app.documents.classes import CodeToken

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

#: Names that Atlassian's editors use and Pygments does not know.
_LANGUAGES = {
    "actionscript3": "as3",
    "coldfusion": "cfm",
    "c#": "csharp",
    "html/xml": "html",
    "html and xml": "html",
    "javafx": "java",
    "jscript": "javascript",
    "plain text": "text",
    "none": "text",
    "shell": "bash",
    "vb": "vb.net",
    "visualbasic": "vb.net",
    "yml": "yaml",
}
#: From the more particular to the more general: the first that contains a token names it.
_KINDS = (
    ("Comment", CodeToken.COMMENT),
    ("Keyword.Type", CodeToken.TYPE),
    ("Keyword.Constant", CodeToken.LITERAL),
    ("Keyword", CodeToken.KEYWORD),
    ("Name.Function", CodeToken.FUNCTION),
    ("Name.Class", CodeToken.TYPE),
    ("Name.Exception", CodeToken.TYPE),
    ("Name.Builtin", CodeToken.BUILTIN),
    ("Name.Tag", CodeToken.TAG),
    ("Name.Attribute", CodeToken.ATTRIBUTE),
    ("Name.Decorator", CodeToken.ATTRIBUTE),
    ("Literal.String", CodeToken.STRING),
    ("Literal.Number", CodeToken.NUMBER),
    ("Operator", CodeToken.OPERATOR),
    ("Generic.Deleted", CodeToken.DELETED),
    ("Generic.Inserted", CodeToken.INSERTED),
)


def highlighted(code: str, language: str) -> str:
    """Return escaped HTML of code, with spans where the language is known; `code` is within the caller's limits."""
    return "".join(_span(kind, text) for kind, text in _parts(code, language))


def numbered(code: str, language: str, first: int) -> str:
    """Return escaped HTML of code with a span around each line, which begins with its number."""
    lines: list[list[str]] = [[]]
    for kind, text in _parts(code.removesuffix("\n"), language):
        before, *after = text.split("\n")
        lines[-1].append(_span(kind, before))
        lines.extend([_span(kind, line)] for line in after)
    return "".join(
        f'<span class="doc-line"><span class="doc-line-number" aria-hidden="true">{number}</span>{"".join(line)}\n</span>'
        for number, line in enumerate(lines, first)
    )


def _span(kind: CodeToken | None, text: str) -> str:
    escaped = html.escape(text, quote=False)
    return f'<span class="doc-code-{kind}">{escaped}</span>' if kind is not None and text.strip() else escaped


def _parts(code: str, language: str) -> Iterable[tuple[CodeToken | None, str]]:
    lexer = _lexer(language.strip().lower()[:40])
    return ((None, code),) if lexer is None else _tokens(lexer, code)


@lru_cache(maxsize=64)
def _lexer(language: str) -> "Lexer | None":
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    name = _LANGUAGES.get(language, language)
    if not name or name == "text":
        return None
    try:
        # Without these Pygments would strip or add lines, and the code would not be what was written.
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=256)
def _kind(token: "_TokenType") -> CodeToken | None:
    from pygments.token import is_token_subtype, string_to_tokentype

    return next((kind for name, kind in _KINDS if is_token_subtype(token, string_to_tokentype(name))), None)


def _tokens(lexer: "Lexer", code: str) -> Iterator[tuple[CodeToken | None, str]]:
    kind: CodeToken | None = None
    collected: list[str] = []
    for token, text in lexer.get_tokens(code):
        found = _kind(token)
        if found is not kind and collected:
            yield kind, "".join(collected)
            collected = []
        kind = found
        collected.append(text)
    if collected:
        yield kind, "".join(collected)
