"""A browser of the plainest kind: keeps cookies, finds the form's token, opens a link with its password."""

import http.client
import re
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]


@dataclass
class Browser:
    """One browser of one portal on loopback."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {})

    def post(self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
        return self._ask("POST", path, urlencode(fields), headers or {})

    def form_token(self, path: str) -> str:
        """Return the CSRF token of the form at `path`."""
        answer = self.get(path)
        found = _TOKEN.search(answer.body.decode())
        if found is None:
            raise RuntimeError(f"there is no form: {answer.status} {answer.body[:200]!r}")
        return found.group(1)

    def open_link(self, token: str, password: str) -> None:
        """Pass the password gate of a link; from now on this browser holds a grant."""
        path = f"/s/{token}/"
        answer = self.post(f"{path}password", {"csrf_token": self.form_token(path), "password": password})
        if answer.status != 303:
            raise RuntimeError(f"the link did not open: {answer.status} {answer.body[:400]!r}")

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        if self.cookies:
            sent["Cookie"] = self.cookie_header
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        for value in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(value).items():
                self.cookies[name] = morsel.value
        return Answer(response.status, content, dict(response.headers))
