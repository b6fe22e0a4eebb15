"""Confluence's short page addresses: the identifier as eight little-endian bytes in base64, its tail cut off.

Confluence swaps `/` for `-` and `+` for `_`, which is not the alphabet of RFC 4648 section 5.
"""

import base64
import binascii


def tiny_code(page_id: int) -> str:
    """Return the code after `/x/` for a page."""
    encoded = base64.b64encode(page_id.to_bytes(8, "little")).decode()
    return encoded.rstrip("=").rstrip("A").replace("/", "-").replace("+", "_")


def page_id(code: str) -> int | None:
    """Return the page a code stands for, or nothing when it is no code."""
    padded = code.replace("-", "/").replace("_", "+").ljust(11, "A") + "="
    try:
        return int.from_bytes(base64.b64decode(padded, validate=True), "little")
    except (binascii.Error, ValueError):
        return None
