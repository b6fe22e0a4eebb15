"""Answers that are files: inline pictures and forced downloads, with Range, validators and a sandbox.

Used by the readers' views and by the owner's preview; each has decided already that content may be served.
"""

from collections.abc import Iterator
from contextlib import ExitStack

from flask import Response, request

from app.core import db
from app.features.share_links.gates import opening
from app.features.share_links.queries import Visit
from app.features.share_links.reading import filetypes, media, places
from app.features.share_links.reading.content import File
from app.features.share_links.reading.copies import CopyKind
from app.features.share_links.reading.media import Opened, OutOfRange, Span
from app.features.share_links.reading.places import SMALL_BYTES
from app.features.share_links.reading.sheets import Sheet
from app.web.headers import FILE_POLICY


def answer(
    visit: Visit, sheet: Sheet, attachment_id: str, *, as_file: bool, browser_digest: str | None
) -> Response | None:
    """Return a file of what is shown, or None where the link does not let it out."""
    powers, target = visit.shown.powers, sheet.target
    file = media.shown(sheet.content, powers, attachment_id, sheet.shows)
    if file is None:
        return None
    inline = not as_file and media.draws(file)
    if not inline and not powers.download:
        return None
    tag = media.etag(target, file)
    if request.if_none_match.contains(tag):
        return _headed(Response(status=304), tag)
    if request.method == "HEAD":
        # Nothing is fetched and nothing recorded: no byte of the file is sent.
        head = Response(content_type=filetypes.sent_as(file.media_type))
        return _described(head, file, tag, inline=inline, length=file.size)
    span = _span(tag)
    with ExitStack() as unless_streamed:
        place = places.outgoing().take() if file.size > SMALL_BYTES else None
        if place is not None:
            unless_streamed.callback(place.give_back)
        try:
            opened = media.open_file(target, file, span)
        except OutOfRange as error:
            return _out_of_range(error, tag)
        unless_streamed.callback(opened.close)
        drawn = inline and opened.media_type in filetypes.INLINE
        if not drawn:
            if not powers.download:
                # It is called a picture and is none.
                return None
            _record(visit, file, browser_digest, span)
        # A small file needs no thread while it travels, so it is read whole here.
        body = b"".join(opened.chunks) if place is None else opened.chunks
        response = _sent(file, opened, body, tag, partial=span is not None, inline=drawn)
        if place is not None:
            response.call_on_close(unless_streamed.pop_all().close)
        return response


def small(visit: Visit, sheet: Sheet, attachment_id: str) -> Response | None:
    """Return the small picture of a file of what is shown, or None where the link does not let it out or there is none."""
    target = sheet.target
    file = media.shown(sheet.content, visit.shown.powers, attachment_id, sheet.shows)
    if file is None or not media.has_small(target, file):
        return None
    tag = media.etag(target, file, CopyKind.SMALL)
    if request.if_none_match.contains(tag):
        return _headed(Response(status=304), tag)
    opened = media.open_small(target, file)
    if opened.media_type not in filetypes.PICTURES:
        return None
    return _sent(file, opened, b"".join(opened.chunks), tag, partial=False, inline=True)


def _record(visit: Visit, file: File, browser_digest: str | None, span: Span | None) -> None:
    asked_for = request.headers.get("Range") if span else None
    with db.transaction() as session:
        opening.record_download(session, visit, browser_digest, file.id, asked_for)


def _out_of_range(error: OutOfRange, tag: str) -> Response:
    return _headed(Response(status=416, headers={"Content-Range": f"bytes */{error.size}"}), tag)


def _sent(
    file: File, opened: Opened, body: bytes | Iterator[bytes], tag: str, *, partial: bool, inline: bool
) -> Response:
    response = Response(body, 206 if partial else 200, content_type=opened.media_type)
    if partial:
        response.headers["Content-Range"] = f"bytes {opened.start}-{opened.stop - 1}/{opened.size}"
    return _described(response, file, tag, inline=inline, length=opened.stop - opened.start)


def _described(response: Response, file: File, tag: str, *, inline: bool, length: int) -> Response:
    response.headers["Content-Length"] = str(length)
    response.headers.set("Content-Disposition", "inline" if inline else "attachment", **named(file.filename))
    return _headed(response, tag)


def named(filename: str) -> dict[str, str]:
    """Return the parameters of Content-Disposition that name a file: in ASCII, and in full where that is more (RFC 6266)."""
    name = "".join(character for character in filename if character.isprintable() and character not in '/\\"')
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    options = {"filename": plain or "file"}
    if plain != name:
        options["filename*"] = name
    return options


def _headed(response: Response, tag: str) -> Response:
    headers = response.headers
    headers["ETag"] = f'"{tag}"'
    headers["Accept-Ranges"] = "bytes"
    headers["Content-Security-Policy"] = FILE_POLICY
    # Kept by this browser only, and asked for again each time: rights may end between two looks.
    headers["Cache-Control"] = "private, no-cache"
    return response


def _span(tag: str) -> Span | None:
    """Return the one range that is asked for and holds for this version (RFC 9110 sections 13.1.5 and 14.2)."""
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    # A date or a weak validator never proves that these are the same bytes.
    if request.headers.get("If-Range", f'"{tag}"').strip() != f'"{tag}"':
        return None
    start, stop = asked.ranges[0]
    return Span(start, stop)
