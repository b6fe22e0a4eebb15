"""The address of a link as a QR code, drawn here: no other service learns it."""

import io
from typing import Literal

SVG, PNG = "image/svg+xml", "image/png"
Kind = Literal["svg", "png"]


def draw(address: str, kind: Kind = "svg") -> bytes:
    """Return the code as a picture."""
    # Few processes ever draw one.
    import segno

    drawn = io.BytesIO()
    # Dark on white whatever the theme: readers of codes want the contrast, and the quiet zone around it.
    segno.make(address, error="m", micro=False).save(drawn, kind=kind, scale=4, border=4, light="#ffffff")
    return drawn.getvalue()
