"""Confluence's short page addresses: the identifier as eight little-endian bytes in base64, its tail cut off.

Confluence swaps `/` for `-` and `+` for `_`, which is not the alphabet of RFC 4648 section 5.
"""

import base64


def tiny_code(page_id: int) -> str:
    """Return the code after `/x/` for a page."""
    encoded = base64.b64encode(page_id.to_bytes(8, "little")).decode()
    return encoded.rstrip("=").rstrip("A").replace("/", "-").replace("+", "_")
