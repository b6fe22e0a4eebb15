"""What is fuzzed: one function per parser that reads bytes from somebody we do not trust."""

import json
from collections.abc import Callable

from app.documents.adf import render_adf
from app.documents.errors import DocumentError
from app.documents.storage import render_storage
from app.integrations.atlassian import addresses
from tests.documents.allowed import faults
from tests.documents.given import MATERIAL


def storage(data: bytes) -> None:
    """Confluence storage format: refused with a sentence, or safe HTML."""
    try:
        rendered = render_storage(data.decode("utf-8", "replace"), MATERIAL)
    except DocumentError:
        return
    _safe(rendered.html)


def adf(data: bytes) -> None:
    """Atlassian Document Format: refused with a sentence, or safe HTML."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    try:
        rendered = render_adf(document, MATERIAL)
    except DocumentError:
        return
    _safe(rendered.html)


def address(data: bytes) -> None:
    """A pasted address: understood, or refused with a sentence."""
    try:
        addresses.parse(data.decode("utf-8", "replace"))
    except addresses.AddressError:
        return


def _safe(html: str) -> None:
    found = list(faults(html))
    if found:
        raise AssertionError(f"unsafe HTML: {found}")


TARGETS: dict[str, Callable[[bytes], None]] = {"storage": storage, "adf": adf, "address": address}
