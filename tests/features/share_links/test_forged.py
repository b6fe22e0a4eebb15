"""Forged tokens are answered before the application: by its own words, logged and counted like any other request."""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine

from app.core.crypto import tokens as random_tokens
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.core.text import Text
from app.features.share_links import tokens
from app.features.share_links.gates import forged
from app.features.share_links.gates.forged import ForgedTokens
from app.web import logs, ops

HOST = "links.example"
FORGED = "A" * tokens.LENGTH


class Application:
    """Stands for the application behind: notes what reaches it."""

    def __init__(self, status: str = "404 NOT FOUND", *more: tuple[str, str]) -> None:
        self.asked: list[dict[str, Any]] = []
        self.closed = 0
        self._status = status
        self._headers = [("Content-Type", "text/html"), *more]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append(environ)
        start_response(self._status, [*self._headers, ("X-Request-Id", f"reference {len(self.asked)}")])
        return self._body()

    def _body(self) -> Iterator[bytes]:
        yield b"There is nothing"
        yield b" to read here."


@pytest.fixture
def settings(engine: Engine) -> Iterator[None]:
    registry.register("organisation", Text("Organisation"), OrganisationSettings)
    registry.get(OrganisationSettings)
    yield
    registry.forget()


def ask(program: ForgedTokens, path: str, method: str = "GET", host: str = HOST) -> tuple[str, dict[str, str], bytes]:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_HOST": host, "REMOTE_ADDR": "192.0.2.7"}
    body = b"".join(program(environ, lambda status, headers, exc_info=None: started.append((status, headers))))
    status, headers = started[-1]
    return status, dict(headers), body


def test_the_second_forged_token_is_answered_with_the_words_for_the_first(settings: None) -> None:
    application = Application()
    program = ForgedTokens(application, HOST)
    first, second = (ask(program, f"/s/{letter * tokens.LENGTH}/") for letter in "AB")
    assert len(application.asked) == 1
    assert (second[0], second[2]) == (first[0], first[2]) == ("404 NOT FOUND", b"There is nothing to read here.")
    assert second[1].keys() == first[1].keys()
    assert second[1]["X-Request-Id"] != first[1]["X-Request-Id"]


def test_a_token_of_ours_goes_through_and_is_read_once(settings: None) -> None:
    application = Application()
    program = ForgedTokens(application, HOST)
    ask(program, f"/s/{FORGED}/")
    public_id = random_tokens.new_public_id()
    token = tokens.make(public_id, 3)
    for _ in range(2):
        ask(program, f"/s/{token}/")
    assert [environ.get(forged.NAMED) for environ in application.asked] == [None, *[(token, (public_id, 3))] * 2]


@pytest.mark.parametrize(
    ("path", "method", "host"),
    [
        (f"/s/{FORGED}", "GET", HOST),
        (f"/s/{FORGED}/password", "GET", HOST),
        (f"/s/{FORGED}/media/1", "GET", HOST),
        (f"/s/{FORGED}/", "POST", HOST),
        (f"/s/{FORGED}/", "HEAD", HOST),
        (f"/s/{FORGED}/", "GET", "elsewhere.example"),
        (f"/s/{FORGED[:-1]}\x00/", "GET", HOST),
        (f"/s/{FORGED[:-1]}ä/", "GET", HOST),
        (f"/s/{FORGED}A/", "GET", HOST),
        ("/s/short/", "GET", HOST),
        ("/", "GET", HOST),
    ],
)
def test_whatever_is_not_plainly_the_page_of_a_link_goes_through(
    settings: None, path: str, method: str, host: str
) -> None:
    application = Application()
    program = ForgedTokens(application, HOST)
    ask(program, f"/s/{FORGED}/")
    ask(program, path, method, host)
    assert len(application.asked) == 2


@pytest.mark.parametrize(
    "application", [Application("200 OK"), Application("503 LATER"), Application("404 NO", ("Set-Cookie", "form=1"))]
)
def test_only_the_page_for_strangers_is_kept(settings: None, application: Application) -> None:
    program = ForgedTokens(application, HOST)
    for _ in range(2):
        ask(program, f"/s/{FORGED}/")
    assert len(application.asked) == 2


def test_other_settings_of_the_organisation_make_another_page(settings: None) -> None:
    application = Application()
    program = ForgedTokens(application, HOST)
    ask(program, f"/s/{FORGED}/")
    registry.forget()
    registry.get(OrganisationSettings)
    ask(program, f"/s/{FORGED}/")
    ask(program, f"/s/{FORGED}/")
    assert len(application.asked) == 2


def test_each_is_counted_and_logged_without_its_token(settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    program = ForgedTokens(Application(), HOST)
    ask(program, f"/s/{FORGED}/")
    written = io.StringIO()
    monkeypatch.setattr(logs, "_answers", structlog.PrintLogger(written))
    counter = ops.requests(forged.ENDPOINT, "GET", "404")
    before = counter._value.get()
    _, headers, _ = ask(program, f"/s/{FORGED[:-4]}wxyz/")
    assert counter._value.get() == before + 1
    line = json.loads(written.getvalue())
    assert (line["path"], line["status"], line["address"]) == ("/s/…wxyz/", 404, "192.0.2.7")
    assert line["request_id"] == headers["X-Request-Id"]
