"""Setting a composed document with WeasyPrint. Runs in a child process; loads WeasyPrint only when called."""

import io
from collections.abc import Iterable
from typing import Any

from app.documents.paper.types import PaperFile

#: Pictures are brought down to this many pixels an inch.
_DOTS_PER_INCH = 150
_JPEG_QUALITY = 85
#: No host has this name (RFC 2606 section 2); relative addresses need something to be relative to.
_BASE = "https://paper.invalid/"


def make_pdf(html: str, files: Iterable[PaperFile]) -> bytes:
    """Return a PDF/UA-1 of a document from `compose`; only the files handed in can be fetched."""
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    document = weasyprint.HTML(string=html, base_url=_BASE, url_fetcher=fetcher(files), media_type="print")
    return _with_scopes(
        document.write_pdf(
            pdf_variant="pdf/ua-1",
            # Widths of pictures and first numbers of lists stand in attributes.
            presentational_hints=True,
            font_config=FontConfiguration(),
            optimize_images=True,
            dpi=_DOTS_PER_INCH,
            jpeg_quality=_JPEG_QUALITY,
        )
    )


def _with_scopes(pdf: bytes) -> bytes:
    """Say of each header cell what it heads: WeasyPrint writes that into data cells alone, which not every reader follows."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        for element in document.objects:
            if isinstance(element, pikepdf.Dictionary) and element.get("/S") == "/TR":
                cells = [cell for cell in element.get("/K", []) if isinstance(cell, pikepdf.Dictionary)]
                whole_row = all(cell.get("/S") == "/TH" for cell in cells)
                for cell in cells:
                    if cell.get("/S") == "/TH":
                        # ISO 32000-1 table 349.
                        cell.A.Scope = pikepdf.Name("/Column" if whole_row else "/Row")
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def fetcher(files: Iterable[PaperFile]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    known = {_BASE + file.name: file for file in files}

    class OnlyHandedIn(URLFetcher):  # type: ignore[misc]
        """Knows the files that were handed in, and no network and no disk."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            file = known.get(url)
            if file is None:
                raise ValueError("not handed in")
            return URLFetcherResponse(url, file.data, {"Content-Type": file.media_type})

    return OnlyHandedIn()
