"""Paper: what a reader sees, as a PDF that says its structure (PDF/UA-1) and, on every sheet, who asked for it.

Two steps, both pure: `compose` turns the safe HTML of a rendering into a document for sheets, `making.make_pdf` sets it.
The result is neutral, so one PDF serves every reader of a version; `personal.stamp` puts a reader's own line, and a
watermark where a link asks for it, into each sheet. WeasyPrint and pikepdf take memory and time as the content wants, so
both run in a child process with limits: `python -m app.documents.paper` (`process`).
"""

from app.documents.paper.prepare import compose, files_of
from app.documents.paper.types import Manuscript, PaperFile

__all__ = ["Manuscript", "PaperFile", "compose", "files_of"]
