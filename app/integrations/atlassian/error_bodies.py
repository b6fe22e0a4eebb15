"""One reader for every shape in which Atlassian's services say what was wrong.

The shapes were collected from the published documents and from field reports; a body that fits none yields no sentence, never an error.
What it yields may be shown to people: control characters, addresses and anything overlong are taken out.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MAX_MESSAGES = 10
MAX_MESSAGE_LENGTH = 300
#: More of an error body than this is not read.
MAX_ERROR_BODY = 64 * 1024

# Only the host of an address survives: signed media addresses carry their secret in path or query.
_ADDRESS = re.compile(r"(https?://)(?:[^\s/?#\"'<>@]*@)?([^\s/?#\"'<>]*)[^\s\"'<>]*", re.IGNORECASE)
_XML_TEXT = re.compile(r"<(?:message|reason)>([^<]{1,2000})</(?:message|reason)>")
_SENTENCES = ("message", "errorMessage", "detail", "title", "error_description")


def messages(body: bytes) -> tuple[str, ...]:
    """Return the sentences an error body holds, cleaned and cut; empty for HTML, nothing and nonsense."""
    text = body[:MAX_ERROR_BODY].decode("utf-8", "replace").strip()
    found: Iterator[str]
    if text.startswith(("{", "[")):
        try:
            found = _from_json(json.loads(text))
        except (ValueError, RecursionError):
            found = iter(())
    elif text.startswith("<") and "<error>" in text[:200]:
        found = (html.unescape(match) for match in _XML_TEXT.findall(text))
    else:
        found = iter(())
    return tuple(dict.fromkeys(clean for one in found if (clean := tidy(one))))[:MAX_MESSAGES]


def tidy(text: str) -> str:
    """Return `text` as one printable line of bounded length in which addresses are cut to their host."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: MAX_MESSAGE_LENGTH * 4]).split())
    line = _ADDRESS.sub(r"\1\2/…", line)
    return line if len(line) <= MAX_MESSAGE_LENGTH else line[: MAX_MESSAGE_LENGTH - 1] + "…"


def _from_json(data: Any) -> Iterator[str]:
    if isinstance(data, list):
        for one in data[:MAX_MESSAGES]:
            yield from _from_json(one)
    if not isinstance(data, Mapping):
        return
    # Jira: sentences in errorMessages, and by field name in errors.
    yield from _strings(data.get("errorMessages"))
    yield from _errors(data.get("errors"))
    inner = data.get("data")
    if isinstance(inner, Mapping):
        # Confluence v1 and Data Center.
        yield from _errors(inner.get("errors"))
    before = [one for name in _SENTENCES if isinstance(one := data.get(name), str) and one]
    yield from before
    if not before:
        # User management answers {"key": ...}, SCIM's gateway {"error": ...}: a word is better than nothing.
        yield from (one for name in ("key", "error", "reason") if isinstance(one := data.get(name), str))


def _errors(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, sentence in list(value.items())[:MAX_MESSAGES]:
            if isinstance(sentence, str):
                yield f"{name}: {sentence}"
    elif isinstance(value, list):
        for one in value[:MAX_MESSAGES]:
            if isinstance(one, str):
                yield one
            elif isinstance(one, Mapping):
                yield from _one_error(one)


def _one_error(error: Mapping[str, Any]) -> Iterator[str]:
    # Confluence v2 and the organisation API have title and detail; v1 has a message to be translated.
    message = error.get("message")
    if isinstance(message, Mapping):
        message = message.get("translation") or message.get("key")
    parts = [one for one in (error.get("title"), error.get("detail"), message) if isinstance(one, str) and one]
    if parts:
        yield ": ".join(dict.fromkeys(parts))
    elif isinstance(code := error.get("code"), str):
        yield code


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
