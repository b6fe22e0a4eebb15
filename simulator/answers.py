"""Bodies and headers that several routes share: errors of each product as it words them, and lists page by page.

Confluence has no published error schema; the shapes are those that public reports of its replies agree on.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from simulator import data_center

JSON_TYPE = "application/json;charset=UTF-8"


class Refusal(Exception):
    """An answer other than the one asked for, raised from anywhere in a view."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def reply(body: Any, status: int = 200) -> Response:
    """Answer with JSON, keys in the order they were written."""
    return Response(json.dumps(body, ensure_ascii=False), status=status, content_type=JSON_TYPE)


def v2_error(status: int, code: str, title: str, detail: str | None = None) -> Refusal:
    """Make an error of Confluence's second interface."""
    return Refusal(reply({"errors": [{"status": status, "code": code, "title": title, "detail": detail}]}, status))


def v2_not_found() -> Refusal:
    """Make the answer for what is absent and for what the caller may not see, which are the same."""
    return v2_error(404, "NOT_FOUND", "Not Found")


def v1_error(status: int, message: str, *, authorised: bool = True) -> Refusal:
    """Make an error of Confluence's first interface."""
    data = {"authorized": authorised, "valid": True, "errors": [], "successful": False}
    return Refusal(reply({"statusCode": status, "data": data, "message": message}, status))


def jira_error(status: int, *messages: str, **errors: str) -> Refusal:
    """Make an error of Jira."""
    return Refusal(reply({"errorMessages": list(messages), "errors": errors}, status))


def no_issue() -> Refusal:
    """Make the answer for an issue that is absent or may not be seen."""
    return jira_error(404, "Issue does not exist or you do not have permission to see it.")


def error_for(path: str, status: int, title: str) -> Response:
    """Word an error as the product would that serves the path."""
    if path.startswith("/wiki/api/v2"):
        return v2_error(status, title.upper().replace(" ", "_"), title).response
    if path.startswith(("/wiki", f"{data_center.CONFLUENCE}/")):
        return v1_error(status, title).response
    return jira_error(status, title).response


def whole_number(name: str, default: int, highest: int) -> int:
    """Read a count from the query; what is more than the server gives is lowered, as Atlassian does."""
    text = request.args.get(name, "")
    if text and not text.isascii():
        raise error_refusal(name, text)
    try:
        value = int(text) if text else default
    except ValueError:
        raise error_refusal(name, text) from None
    return max(0, min(value, highest))


def error_refusal(name: str, text: str) -> Refusal:
    """Make the answer for a parameter of the wrong type."""
    if request.path.startswith("/wiki/api/v2"):
        title = f"Provided value {{{text}}} for '{name}' is not the correct type. Expected type is long"
        return v2_error(400, "INVALID_REQUEST_PARAMETER", title, "")
    return Refusal(error_for(request.path, 400, f"The value '{text}' for '{name}' is not a number."))


def cursor_list(rows: list[Any], base_url: str, default: int, page_limit: int) -> Response:
    """Answer with one page of rows and the address of the next, in the body and in the Link header."""
    limit = max(1, whole_number("limit", default, min(250, page_limit)))
    start = _cursor_start()
    links: dict[str, str] = {}
    if start + limit < len(rows):
        query = [(key, value) for key, value in request.args.items(multi=True) if key not in ("cursor", "limit")]
        query += [("limit", str(limit)), ("cursor", _cursor(start + limit))]
        links["next"] = f"{request.path}?{urlencode(query)}"
    links["base"] = f"{base_url}/wiki"
    response = reply({"results": rows[start : start + limit], "_links": links})
    if "next" in links:
        response.headers["Link"] = f'<{links["next"]}>; rel="next", <{links["base"]}>; rel="base"'
    return response


def _cursor(start: int) -> str:
    return base64.b64encode(json.dumps({"id": str(start), "contentOrder": "id"}).encode()).decode()


def _cursor_start() -> int:
    text = request.args.get("cursor")
    if not text:
        return 0
    try:
        return int(json.loads(base64.b64decode(text, validate=True))["id"])
    except (ValueError, KeyError, TypeError):
        raise v2_error(400, "INVALID_REQUEST_PARAMETER", "Invalid cursor", "") from None


def limit_headers(path: str, near_limit: bool) -> dict[str, str]:
    """Return the headers about limits that go with every answer: Cloud's of the burst limit, Data Center's of its bucket."""
    if data_center.serves(path):
        bucket = {"Limit": "100", "Remaining": "10" if near_limit else "99", "Interval-Seconds": "1", "FillRate": "10"}
        return {f"X-RateLimit-{name}": value for name, value in bucket.items()} | {"Retry-After": "0"}
    limit = 150 if path.startswith("/rest/api/3/issue/") else 100
    reset = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%MZ")
    remaining = limit // 10 if near_limit else limit - 1
    headers = {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": reset}
    return headers | ({"X-RateLimit-NearLimit": "true"} if near_limit else {})
