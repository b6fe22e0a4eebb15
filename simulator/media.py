"""The media host: bytes behind signed addresses that expire, on an origin of its own.

A request that carries our Authorization header is refused and recorded as a violation: in life those
credentials would have been handed to a third party.
"""

import re
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

from flask import Flask, Response, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.exceptions import HTTPException

from simulator import failures
from simulator.answers import reply
from simulator.files import Content
from simulator.state import Attachment, FileVersion, Site
from simulator.thumbnails import USUAL, small

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def signed_address(site: Site, file: Attachment, version: FileVersion, box: tuple[int, int] | None = None) -> str:
    """Return an address of one version of a file, or of a picture that fits into a box, for as long as the settings say."""
    token = _signer(site).dumps([file.attachment_id, version.number, time.time() + site.settings.media_seconds])
    query = {"token": token, "client": str(uuid.UUID(int=7)), "name": file.filename}
    if box is not None:
        query |= {"mode": "full-fit", "width": str(box[0]), "height": str(box[1])}
    return f"{site.media_url}/file/{file.file_id}/{'binary' if box is None else 'image'}?{urlencode(query)}"


def _signer(site: Site) -> URLSafeSerializer:
    return URLSafeSerializer(site.media_key, salt="media")


def create_media_application(site: Site) -> Flask:
    """Make the program for the media origin."""
    app = Flask("simulator-media", static_folder=None)

    def before() -> Response | None:
        g.violation = None
        if "Authorization" in request.headers or "Cookie" in request.headers:
            g.violation = "credentials sent to the media host"
            g.failure = None
            return reply({"error": {"code": "BadRequest", "title": "Credentials of the site were sent here."}}, 400)
        g.failure = failures.meets(site, "media", request, None)
        return failures.instead(g.failure, request) if g.failure else None

    def after(response: Response) -> Response:
        entry = {"server": "media", "method": request.method, "path": request.path, "query": "", "account": None}
        site.log(entry | {"status": response.status_code, "violation": g.violation})
        return failures.spoil(g.failure, response) if g.failure else response

    def binary(file_id: str) -> Response:
        return _of_version(site, file_id, lambda content: content)

    def image(file_id: str) -> Response:
        box = [min(max(1, request.args.get(name, USUAL, int)), 4_000) for name in ("width", "height")]
        return _of_version(site, file_id, lambda content: small(content, *box))

    app.before_request(before)
    app.after_request(after)
    app.register_error_handler(
        HTTPException, lambda _: reply({"simulator": f"The media host does not know {request.path}."}, 501)
    )
    app.add_url_rule("/file/<file_id>/binary", view_func=binary, methods=["GET", "HEAD"])
    app.add_url_rule("/file/<file_id>/image", view_func=image, methods=["GET", "HEAD"])
    return app


def _of_version(site: Site, file_id: str, sent: Callable[[Content], Content]) -> Response:
    try:
        identifier, number, until = _signer(site).loads(request.args.get("token", ""))
    except BadSignature:
        return reply({"error": {"code": "Unauthorized", "title": "The token is not valid."}}, 401)
    file = site.attachments.get(identifier)
    if time.time() > until:
        return reply({"error": {"code": "Unauthorized", "title": "The token has expired."}}, 401)
    version = next((one for one in file.versions if one.number == number), None) if file else None
    if file is None or version is None or file.file_id != file_id:
        return reply({"error": {"code": "NotFound", "title": "There is no such file."}}, 404)
    return serve(sent(version.content), file.media_type, file.filename)


def serve(content: Content, media_type: str, filename: str) -> Response:
    """Answer with a content, or the one range of it that is asked for (RFC 9110 section 14)."""
    name = "".join(sign if " " <= sign < "\x7f" and sign not in '"\\' else "_" for sign in filename)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": media_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, max-age=60",
    }
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or asked.groups() == ("", ""):
        return _stream(content, 0, content.size, 200, headers)
    first, last = asked.groups()
    if first:
        start, end = int(first), min(content.size, int(last) + 1 if last else content.size)
    else:
        start, end = max(0, content.size - int(last)), content.size
    if start >= content.size or start >= end:
        return Response(status=416, headers={"Content-Range": f"bytes */{content.size}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    return _stream(content, start, end, 206, headers)


def _stream(content: Content, start: int, end: int, status: int, headers: dict[str, str]) -> Response:
    body = iter(()) if request.method == "HEAD" else content.read(start, end)
    return Response(body, status=status, headers=headers | {"Content-Length": str(end - start)})
