"""Whoever uses an installation over HTTP: a browser with its cookies, and a program with its token."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3 import BaseHTTPResponse

from tests.processes import PATIENCE_SECONDS

TIMEOUT_SECONDS = PATIENCE_SECONDS


class Unanswered(Exception):
    """The connection ended before there was an answer: what was asked may have happened, or not."""


def pool() -> urllib3.PoolManager:
    """Return connections that try nothing twice by themselves."""
    return urllib3.PoolManager(retries=False, timeout=TIMEOUT_SECONDS, maxsize=4)


class Browser:
    """One browser: it keeps cookies, sends the form token of the page it saw last, and follows no redirect by itself."""

    def __init__(
        self, base_url: str, connections: urllib3.PoolManager | None = None, *, through: str | None = None
    ) -> None:
        self._base_url = base_url
        #: The process that is asked, where it is not the one at the installation's own address.
        self._through = through or base_url
        self._pool = connections or pool()
        self._cookies: dict[str, str] = {}
        self._form_token = ""

    def copy(self, *, through: str | None = None) -> "Browser":
        """Return another browser with the same cookies, as one that stole them, or that is led to another process."""
        made = Browser(self._base_url, self._pool, through=through or self._through)
        made._cookies = dict(self._cookies)
        return made

    def get(self, path: str) -> BaseHTTPResponse:
        """Open an address."""
        answer = self._ask("GET", path)
        field = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.data.decode(errors="replace"))
        self._form_token = field.group(1) if field else self._form_token
        return answer

    def post(self, path: str, **fields: str) -> BaseHTTPResponse:
        """Send a form."""
        return self._ask("POST", path, fields={"csrf_token": self._form_token} | fields, encode_multipart=False)

    def reads(self, path: str) -> bool:
        """Tell whether the content of a link is shown at its address."""
        page = self.get(path)
        return page.status == 200 and b"doc-body" in page.data

    def _ask(self, method: str, path: str, **more: Any) -> BaseHTTPResponse:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "Host": urlsplit(self._base_url).netloc}
        try:
            answer = self._pool.request(method, self._through + path, headers=headers, redirect=False, **more)
        except urllib3.exceptions.HTTPError as error:
            raise Unanswered(path) from error
        for line in answer.headers.getlist("Set-Cookie"):
            name, _, value = line.split(";")[0].partition("=")
            self._cookies[name] = value
        return answer


class Program:
    """One program that calls the interface with a token."""

    def __init__(self, base_url: str, token: str, connections: urllib3.PoolManager | None = None) -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._pool = connections or pool()

    def call(self, method: str, path: str, body: Any = None, *, once: str | None = None) -> BaseHTTPResponse:
        """Call an operation; `once` is sent as the Idempotency-Key."""
        headers = self._headers | ({"Idempotency-Key": once} if once is not None else {})
        sent = None
        if body is not None:
            sent = json.dumps(body).encode()
            headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            return self._pool.request(method, f"{self._base_url}/api/v1{path}", body=sent, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise Unanswered(path) from error
