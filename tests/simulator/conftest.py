"""One simulator for all these tests, put back as it was after each."""

from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from simulator.loading import refill
from simulator.site import Running, start
from tests.processes import PATIENCE_SECONDS


class Client:
    """Ask the simulator as one of its accounts, or as nobody, without following redirects."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._http = urllib3.PoolManager(retries=False, timeout=PATIENCE_SECONDS)

    def ask(
        self, path: str, account: str | None = "reader", method: str = "GET", **more: Any
    ) -> urllib3.BaseHTTPResponse:
        """Send one request to the site, or to a whole address."""
        headers = more.pop("headers", {})
        if account:
            headers |= urllib3.make_headers(basic_auth=f"{account}@acme.example:token-{account}")
        address = path if path.startswith("http") else self.running.base_url + path
        return self._http.request(method, address, headers=headers, redirect=False, **more)

    def get(self, path: str, account: str | None = "reader", **more: Any) -> Any:
        """Return the JSON of an answer that must be 200."""
        answer = self.ask(path, account, **more)
        assert answer.status == 200, (path, answer.status, answer.data[:300])
        return answer.json()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Use the control interface."""
        answer = self.ask(f"/_simulator/{path}", None, method, json=body)
        assert answer.status < 300, answer.data
        return answer.json() if answer.data else None

    def close(self) -> None:
        self._http.clear()


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with start() as site:
        yield site


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    client = Client(running)
    yield client
    client.close()
    refill(running.site)
