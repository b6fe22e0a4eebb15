"""In which language a request is answered: one so far, for all."""

from typing import Any

from babel import Locale

_ENGLISH = Locale("en")


def locale_of(_environ: dict[str, Any]) -> Locale:
    """Return the locale of a request."""
    return _ENGLISH


def language_of(environ: dict[str, Any]) -> str:
    """Return the language of a request, as pages name it (BCP 47)."""
    return str(locale_of(environ)).replace("_", "-")
