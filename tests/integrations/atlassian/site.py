"""Small sites on loopback that behave as a test tells them: politely by routes, or badly byte by byte."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.integrations.atlassian.auth import ApiToken
from app.integrations.atlassian.hosts import HostPolicy
from app.integrations.atlassian.transport import Transport
from app.integrations.http.slots import Slots
from tests.processes import PATIENCE_SECONDS

TOKEN = "ATATT-canary-7f3a"
LOOPBACK = HostPolicy(patterns=("*.atlassian.net",), allow_loopback=True)


@dataclass(frozen=True)
class Request:
    """What a site was asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What a site answers; a body that is no bytes is sent as JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def wire(self) -> tuple[bytes, dict[str, str]]:
        if isinstance(self.body, bytes):
            return self.body, self.headers
        return json.dumps(self.body).encode(), {"Content-Type": "application/json", **self.headers}


Route = Callable[[Request], Reply]


@dataclass
class Site:
    """A polite site: routes by path, everything else 404, every request remembered."""

    port: int
    routes: dict[str, Route]
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, *replies: Reply) -> None:
        """Answer `path` with the replies in turn, the last one for ever."""
        left = list(replies)
        self.routes[path] = lambda _request: left.pop(0) if len(left) > 1 else left[0]


def _missing(_request: Request) -> Reply:
    return Reply(404, {"errorMessages": ["No such route."]})


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, parts.path, parse_qs(parts.query), dict(self.headers), sent)
            site.requests.append(request)
            route = site.routes.get(parts.path, _missing)
            body, headers = (reply := route(request)).wire()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    return Handler


@contextmanager
def site(routes: dict[str, Route] | None = None) -> Iterator[Site]:
    """Run a polite site for the length of the block."""
    described = Site(0, routes or {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(described))
    server.daemon_threads = True
    described.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield described
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Rude:
    """A site without manners: `behave` gets each accepted connection once the request's headers were read."""

    port: int
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def rude(behave: Callable[[socket.socket, threading.Event], None], *, read_request: bool = True) -> Iterator[Rude]:
    """Run a rude site; `behave` is to come back when its event is set or the peer has gone."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()
    described = Rude(listener.getsockname()[1])
    workers: list[threading.Thread] = []

    def one(peer: socket.socket) -> None:
        with peer:
            try:
                seen = b""
                while read_request and b"\r\n\r\n" not in seen and (more := peer.recv(4096)):
                    seen += more
                behave(peer, over)
            except OSError:
                return

    def accept() -> None:
        while not over.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            peer.settimeout(PATIENCE_SECONDS)
            described.connections += 1
            workers.append(threading.Thread(target=one, args=(peer,), daemon=True))
            workers[-1].start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield described
    finally:
        over.set()
        accepting.join()
        for worker in workers:
            worker.join(timeout=5)
        listener.close()


@contextmanager
def transport(url: str, **changes: Any) -> Iterator[Transport]:
    """Give a transport with places of its own, and close it afterwards; a test that waits for the end of a time names it."""
    settings: dict[str, Any] = {
        "policy": LOOPBACK,
        "connect_timeout": PATIENCE_SECONDS,
        "read_timeout": PATIENCE_SECONDS,
        "total_timeout": PATIENCE_SECONDS,
        "slots": Slots(),
        **changes,
    }
    one = Transport(url, ApiToken("reader@acme.example", TOKEN), **settings)
    try:
        yield one
    finally:
        one.close()
