"""Setting a composed document with WeasyPrint. Runs in a child process; loads WeasyPrint only when called."""

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

    return bytes(
        weasyprint.HTML(string=html, base_url=_BASE, url_fetcher=fetcher(files), media_type="print").write_pdf(
            pdf_variant="pdf/ua-1",
            font_config=FontConfiguration(),
            optimize_images=True,
            dpi=_DOTS_PER_INCH,
            jpeg_quality=_JPEG_QUALITY,
        )
    )


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
