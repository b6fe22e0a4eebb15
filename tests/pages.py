"""A browser without a window, that checks every page it opens.

`PageClient` keeps cookies, sends what a browser sends with a form, and fails when a page has another status than the
test said or breaks a rule of `tests.html`. What a test says is what a person does:

    pages.sign_in(author)
    pages.get("/links/new")
    pages.submit("Create link", {"url": address, "password": "correct horse battery"})
    page = pages.follow()
    assert "Link created" in page.text
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import TestResponse

from app.core import clock
from app.core.accounts import sessions
from app.core.accounts.models import Person
from app.core.db import transaction
from tests import html

Value = str | Sequence[str] | tuple[Any, ...]
#: The one status that a form post is answered with when it worked.
SEE_OTHER = 303
_HTML = "text/html"


@dataclass(frozen=True)
class Form:
    """A form as it stands on a page, with the values it would send."""

    method: str
    action: str
    values: tuple[tuple[str, str], ...]
    names: frozenset[str]
    buttons: tuple[str, ...]

    def filled(self, button: str | None, fields: Mapping[str, Value]) -> MultiDict[str, Any]:
        """Return what the browser sends; a field that the form does not have is a mistake in the test."""
        unknown = set(fields) - self.names
        assert not unknown, f"the form has no field {sorted(unknown)}; it has {sorted(self.names)}"
        data: MultiDict[str, Any] = MultiDict([pair for pair in self.values if pair[0] not in fields])
        for name, value in fields.items():
            data.setlist(name, list(value) if isinstance(value, list | set | frozenset) else [value])
        return data


@dataclass(frozen=True)
class Page:
    """One answer, and what a person sees in it."""

    path: str
    status: int
    headers: Headers
    body: bytes
    tree: html.Element = field(default_factory=lambda: etree.Element("empty"), repr=False)

    @property
    def source(self) -> str:
        """The HTML as it came."""
        return self.body.decode()

    @cached_property
    def text(self) -> str:
        """What a person reads, with single spaces."""
        body = self.tree.find("body")
        return html.text_of(self.tree if body is None else body)

    @property
    def heading(self) -> str:
        """The one h1."""
        return html.text_of(next(self.tree.iter("h1")))

    @property
    def title(self) -> str:
        """What the browser's tab says."""
        return html.text_of(next(self.tree.iter("title")))

    @property
    def location(self) -> str:
        """Where the answer redirects to."""
        return self.headers["Location"]

    @cached_property
    def links(self) -> dict[str, str]:
        """The address of each link by its words; the first of several with the same words."""
        found: dict[str, str] = {}
        for link in self.tree.iter("a"):
            found.setdefault(html.text_of(link) or link.get("aria-label") or "", link.get("href") or "")
        return found

    @cached_property
    def forms(self) -> list[Form]:
        """The forms, in order."""
        return [_read_form(form, self.path) for form in self.tree.iter("form")]

    def form(self, button: str) -> Form:
        """Return the form with that button."""
        matching = [form for form in self.forms if button in form.buttons]
        assert matching, f"no form has the button {button!r}; there are {[form.buttons for form in self.forms]}"
        assert len(matching) == 1, f"{len(matching)} forms have the button {button!r}; use form(…) and send(…)"
        return matching[0]

    def xpath(self, path: str) -> list[Any]:
        """Return what an XPath finds in the page."""
        found = self.tree.xpath(path)
        return found if isinstance(found, list) else [found]

    def table(self) -> list[dict[str, str]]:
        """Return the rows of the page's first table, by column heading."""
        table = next(self.tree.iter("table"))
        columns = [html.text_of(cell) for cell in table.findall("thead/tr/th")]
        return [
            dict(zip(columns, [html.text_of(cell) for cell in row if cell.tag in ("td", "th")], strict=False))
            for row in table.findall("tbody/tr")
        ]


class PageClient:
    """A browser with its own cookies; a second one is a second browser."""

    def __init__(self, app: Flask, *, base_url: str = "http://localhost:8000", address: str = "127.0.0.1") -> None:
        self.app = app
        self.base_url = base_url
        self.http: FlaskClient = app.test_client()
        self.http.environ_base["REMOTE_ADDR"] = address
        self.http.environ_base["HTTP_USER_AGENT"] = (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        )
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        """The page that is open."""
        assert self._page is not None, "no page is open; get() one first"
        return self._page

    def another(self, *, base_url: str | None = None, address: str = "127.0.0.1") -> Self:
        """Return another browser, which knows nothing of this one."""
        return type(self)(self.app, base_url=base_url or self.base_url, address=address)

    def get(self, path: str, *, status: int = 200, fragment: bool = False, **headers: str) -> Page:
        """Open an address; `fragment` says that the answer is swapped into a page by htmx."""
        response = self.http.get(path, base_url=self.base_url, headers=_named(headers))
        return self._opened(path, response, status, fragment)

    def head(self, path: str, *, status: int = 200, **headers: str) -> Page:
        """Ask for the headers of an address."""
        response = self.http.head(path, base_url=self.base_url, headers=_named(headers))
        return self._opened(path, response, status, fragment=True)

    def post(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        *,
        status: int = SEE_OTHER,
        fragment: bool = False,
        **headers: str,
    ) -> Page:
        """Post to an address without a form; the token of the open page's first form goes along, if there is one."""
        fields: MultiDict[str, Any] = MultiDict(data or {})
        if "csrf_token" not in fields and (token := self._token()):
            fields["csrf_token"] = token
        return self._send(path, fields, status=status, fragment=fragment, headers=headers)

    def submit(
        self,
        button: str,
        fields: Mapping[str, Value] | None = None,
        *,
        status: int = SEE_OTHER,
        fragment: bool = False,
        **headers: str,
    ) -> Page:
        """Fill in the form that has `button` and press it; fields that are not named keep what they hold."""
        return self.send(self.page.form(button), button, fields, status=status, fragment=fragment, **headers)

    def send(
        self,
        form: Form,
        button: str | None = None,
        fields: Mapping[str, Value] | None = None,
        *,
        status: int = SEE_OTHER,
        fragment: bool = False,
        **headers: str,
    ) -> Page:
        """Send one form of the open page, where a button's words do not tell which."""
        data = form.filled(button, fields or {})
        if form.method == "get":
            query = "&".join(f"{name}={value}" for name, value in data.items(multi=True))
            return self.get(f"{form.action.partition('?')[0]}?{query}", status=200 if status == SEE_OTHER else status)
        return self._send(form.action, data, status=status, fragment=fragment, headers=headers)

    def follow(self, *, status: int = 200) -> Page:
        """Open where the last answer redirects to; an address of another host is a mistake."""
        target = urljoin(self.base_url + self.page.path, self.page.location)
        parts = urlsplit(target)
        assert f"{parts.scheme}://{parts.netloc}" == self.base_url, f"the redirect leaves {self.base_url}: {target}"
        return self.get(parts.path + (f"?{parts.query}" if parts.query else ""), status=status)

    def click(self, words: str, *, status: int = 200) -> Page:
        """Open the link with these words."""
        assert words in self.page.links, f"no link says {words!r}; there are {sorted(self.page.links)}"
        return self.get(urljoin(self.page.path, self.page.links[words]), status=status)

    def sign_in(self, person: Person, *, methods: Sequence[str] = ("password",)) -> None:
        """Sign in as a person by giving this browser a session; `enter` goes through the sign-in page instead."""
        with transaction() as session:
            found = session.get_one(Person, person.id)
            secret, _ = sessions.begin(session, found, {method: clock.now() for method in methods})
        self.set_cookie("portico", secret)

    def enter(self, email: str, password: str, *, status: int = SEE_OTHER) -> Page:
        """Fill in the sign-in page, as a person does."""
        self.get("/sign-in")
        return self.submit("Sign in", {"email": email, "password": password}, status=status)

    def set_cookie(self, name: str, value: str) -> None:
        """Put one of Portico's own cookies into this browser, under the name it has at this address."""
        parts = urlsplit(self.base_url)
        secure = parts.scheme == "https"
        full = f"__Host-{name}" if secure else f"{name}_dev"
        self.http.set_cookie(full, value, domain=parts.hostname or "localhost", path="/", secure=secure)

    def sign_out(self) -> Page:
        """Sign out with the button in the shell."""
        self.submit("Sign out")
        return self.follow()

    def _token(self) -> str | None:
        if self._page is None:
            return None
        found = self._page.tree.xpath("string((//input[@name='csrf_token']/@value)[1])")
        return str(found) or None

    def _send(
        self, path: str, data: MultiDict[str, Any], *, status: int, fragment: bool, headers: Mapping[str, str]
    ) -> Page:
        sent = {"Origin": self.base_url, "Sec-Fetch-Site": "same-origin"} | _named(headers)
        response = self.http.post(path, base_url=self.base_url, data=data, headers=sent)
        return self._opened(path, response, status, fragment)

    def _opened(self, path: str, response: TestResponse, status: int, fragment: bool) -> Page:
        body = response.get_data()
        assert response.status_code == status, _unexpected(path, response, status)
        page = Page(path.partition("#")[0], response.status_code, response.headers, body)
        if response.mimetype == _HTML and body and not 300 <= response.status_code < 400:
            page = self._checked(page, fragment)
        response.close()
        self._page = page
        return page

    def _checked(self, page: Page, fragment: bool) -> Page:
        tree, found = html.parse(page.source, fragment=fragment)
        policy = page.headers.get("Content-Security-Policy", "")
        if not policy:
            found.append("the answer has no Content-Security-Policy")
        found += html.problems(tree, policy=policy, host=urlsplit(self.base_url).netloc, fragment=fragment)
        assert not found, f"{page.path} ({page.status}):\n  " + "\n  ".join(found)
        return Page(page.path, page.status, page.headers, page.body, tree)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _unexpected(path: str, response: TestResponse, status: int) -> str:
    where = f" to {response.headers['Location']}" if "Location" in response.headers else ""
    said = response.get_data(as_text=True)
    if response.mimetype == _HTML:
        said = html.text_of(html.parse(said)[0])
    return f"{path} answered {response.status_code}{where}, the test expected {status}: {said[:1500]}"


def _read_form(form: html.Element, path: str) -> Form:
    values: list[tuple[str, str]] = []
    names: set[str] = set()
    buttons: list[str] = []
    named = form.get("id")
    elsewhere = [one for one in form.getroottree().getroot().iter("input") if named and one.get("form") == named]
    for element in [*form.iter("input", "select", "textarea", "button"), *elsewhere]:
        kind = element.get("type") or ("submit" if element.tag == "button" else "text")
        if kind in ("submit", "image", "button", "reset"):
            buttons.append(html.text_of(element) or element.get("aria-label") or element.get("value") or "")
            continue
        name = element.get("name")
        if name is None or element.get("disabled") is not None:
            continue
        names.add(name)
        values += [(name, value) for value in _values(element, kind)]
    action = urljoin(path, form.get("action") or path)
    return Form((form.get("method") or "get").lower(), action, tuple(values), frozenset(names), tuple(buttons))


def _values(element: html.Element, kind: str) -> list[str]:
    if element.tag == "textarea":
        return [(element.text or "").removeprefix("\n")]
    if element.tag == "select":
        options = list(element.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None]
        if not chosen and element.get("multiple") is None:
            chosen = options[:1]
        return [option.get("value", html.text_of(option)) for option in chosen]
    if kind in ("checkbox", "radio"):
        return [element.get("value") or "on"] if element.get("checked") is not None else []
    return [] if kind == "file" else [element.get("value") or ""]
