"""Starts and stops a simulator: two HTTP servers, the site on `localhost` and the media host on `127.0.0.1`.

Two host names and two ports make them two origins and, for a cookie, two sites.
"""

import contextlib
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from simulator.application import create_site_application
from simulator.loading import CONTENT, load
from simulator.media import create_media_application
from simulator.state import Site


class _Quiet(WSGIRequestHandler):
    """Say nothing on the terminal; the control interface has the list of requests."""

    protocol_version = "HTTP/1.1"

    def log(self, *args: Any) -> None:
        """Drop the line: a failure on order is no news, and a caller that hangs up neither."""


@dataclass(frozen=True)
class Running:
    """A simulator that answers until `stop` is called."""

    base_url: str
    media_url: str
    site: Site
    servers: tuple[BaseWSGIServer, ...]

    @property
    def is_serving(self) -> bool:
        """Tell whether nobody has stopped it yet."""
        return self.servers[0].socket.fileno() != -1

    def stop(self) -> None:
        """End both servers and free their ports; a second call does nothing."""
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(port: int = 0, data: Path = CONTENT) -> Running:
    """Serve in threads of this process on loopback: the site on `port`, media on the next (0: any two).

    Raises OSError when a port is taken.
    """
    site = load(data)
    programs = [create_site_application(site, data), create_media_application(site)]
    sockets = [_listen("127.0.0.1", port)]
    chosen: int = sockets[0].getsockname()[1]
    sockets.append(_listen("127.0.0.1", port + 1 if port else 0))
    site.base_url = f"http://localhost:{chosen}"
    site.media_url = f"http://127.0.0.1:{sockets[1].getsockname()[1]}"
    if _localhost_is_also_ipv6():
        # A client may try ::1 first for "localhost".
        with contextlib.suppress(OSError):
            sockets.append(_listen("::1", chosen, socket.AF_INET6))
            programs.append(programs[0])
    servers = tuple(_serve(listening, program) for listening, program in zip(sockets, programs, strict=True))
    return Running(site.base_url, site.media_url, site, servers)


def _listen(host: str, port: int, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _serve(listening: socket.socket, program: Flask) -> BaseWSGIServer:
    host, port = listening.getsockname()[:2]
    # Werkzeug ends the whole process when it cannot bind, so it is given sockets that are bound.
    server = make_server(host, port, program, threaded=True, request_handler=_Quiet, fd=listening.fileno())
    listening.close()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def _localhost_is_also_ipv6() -> bool:
    try:
        found = socket.getaddrinfo("localhost", None, family=socket.AF_INET6, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return any(address[0] == "::1" for *_, address in found)
