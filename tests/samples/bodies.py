"""Bodies of pages, issues and comments within the payloads, however deep these hold them, with the files they name."""

import json
import mimetypes
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from app.documents.bodies import Body, Format
from app.documents.errors import DocumentError
from app.documents.storage.parse import RI, parse
from app.documents.types import Limits, Material, MediaFile
from tests.samples.folder import files

_STORAGE_FOLDERS = ("other", "storage-bodies", "storage-fragments", "storage-tool-generated")
_JSON_FOLDERS = (("confluence", "adf"), ("confluence", "rest"), ("jira", "adf"), ("jira", "issue-and-search"))
_STORAGE_KIND = "2"


@dataclass(frozen=True)
class Sample:
    """One body, or one issue as Jira answers it, and where it was found."""

    where: str
    content: Body | Mapping[str, object]


def samples() -> list[Sample]:
    """Return every body and issue of the folders `confluence` and `jira`."""
    return [*_pages(), *_exported(), *_answers()]


def material_of(body: Body) -> Material:
    """Return what would have been gathered for a body: the page's own files that it names are all there."""
    return Material(attachments={file.filename: file for file in _named(body)}, object_id="1")


def _pages() -> Iterator[Sample]:
    for folder in _STORAGE_FOLDERS:
        for path in files("confluence", folder):
            yield Sample(path.name, Body(Format.STORAGE, path.read_text(encoding="utf-8", errors="replace")))


def _exported() -> Iterator[Sample]:
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    for path in files("confluence", "xml-export"):
        root = etree.parse(path, parser).getroot()
        for number, found in enumerate(root.iterfind("object[@class='BodyContent']")):
            written = {one.get("name"): "".join(one.itertext()) for one in found.iterfind("property")}
            kind = Format.STORAGE if written.get("bodyType", _STORAGE_KIND) == _STORAGE_KIND else Format.WIKI
            # An export cannot write the end of CDATA within CDATA, and puts a space into it.
            yield Sample(f"{path.name} {number}", Body(kind, (written.get("body") or "").replace("]] >", "]]>")))


def _answers() -> Iterator[Sample]:
    for parts in _JSON_FOLDERS:
        for path in files(*parts):
            try:
                answer = json.loads(path.read_text(encoding="utf-8-sig"))
            except ValueError:
                continue
            for number, found in enumerate(_within(answer)):
                yield Sample(f"{path.name} {number}", found)


def _within(value: object) -> Iterator[Body | Mapping[str, object]]:
    if isinstance(value, list):
        for one in value:
            yield from _within(one)
    elif isinstance(value, dict):
        if value.get("type") == "doc":
            yield Body(Format.ADF, value)
            return
        if isinstance(value.get("fields"), dict) and isinstance(value.get("key"), str):
            yield value
            return
        kept = value.get("storage")
        if isinstance(kept, dict) and isinstance(kept.get("value"), str):
            yield Body(Format.STORAGE, kept["value"])
        if isinstance(value.get("body"), str) and "author" in value:
            yield Body(Format.WIKI, value["body"])
        for one in value.values():
            yield from _within(one)


def _named(body: Body) -> Iterator[MediaFile]:
    if body.format is not Format.STORAGE or not isinstance(body.content, str):
        return
    try:
        root = parse(body.content, Limits())
    except DocumentError:
        return
    for number, found in enumerate(root.iter(f"{RI}attachment")):
        name = unicodedata.normalize("NFC", found.get(f"{RI}filename") or "")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        # One that names another page is that page's.
        if name and not len(found):
            yield MediaFile(f"att{number}", name, kind, 1_000)
