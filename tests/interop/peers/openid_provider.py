"""`oidc-provider` for Node, with the login page it brings for development.

That page takes any password. What it can say no by is its link to cancel.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

from joserfc.jwk import RSAKey
from playwright.sync_api import Page

from app.core import clock
from app.protocols.saml.certificates import make_key_pair
from tests import processes
from tests.interop.peers import Account

_PROGRAM = Path(__file__).with_name("openid_provider.mjs")


class OpenIdProvider:
    """A running provider. What it knows of sessions goes with each restart."""

    def __init__(self, folder: Path, port: int, accounts: Sequence[Account]) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.issuer = self.base_url
        self.log = folder / "output"
        self._file = folder / "known.json"
        self._port = port
        self._process: Popen[bytes] | None = None
        self._known: dict[str, Any] = {
            "port": port,
            "issuer": self.issuer,
            "clients": [],
            "accounts": [
                {"username": one.username, "name": one.name, "email": one.email, "groups": one.groups}
                for one in accounts
            ],
            "keys": [new_key("first")],
        }

    def register(self, client_id: str, secret: str, redirect_uri: str) -> None:
        """Register us as a client."""
        client = {"client_id": client_id, "client_secret": secret, "redirect_uris": [redirect_uri]}
        self._known["clients"].append(client)
        self.restart()

    def sign_with(self, *keys: dict[str, Any]) -> None:
        """Publish these keys and sign with the first."""
        self._known["keys"] = list(keys)
        self.restart()

    @property
    def keys(self) -> list[dict[str, Any]]:
        """The keys it publishes; the first signs."""
        return list(self._known["keys"])

    def restart(self) -> None:
        """Start it with what it is to know now."""
        self.stop()
        self._file.write_text(json.dumps(self._known))
        node = shutil.which("node") or "node"
        environ = {"PATH": os.environ["PATH"]}
        self._process = processes.start([node, _PROGRAM, self._file], log=self.log, environ=environ)
        processes.wait_until(lambda: processes.accepts(self._port), self._process, log=self.log, what="oidc-provider")

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            processes.stop(self._process)
            self._process = None

    def show_login(self, page: Page) -> None:
        """Wait until the login page can be filled in."""
        page.locator("input[name=password]").wait_for()

    def enter(self, page: Page, username: str, password: str) -> None:
        """Fill in the login page, send it, and agree to what Portico is to be told."""
        page.locator("input[name=login]").fill(username)
        page.locator("input[name=password]").fill(password)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign-in").click()
        # Each person agrees once.
        if page.url.startswith(self.base_url):
            page.get_by_role("button", name="Continue").click()

    def let_proof_age(self) -> None:
        """Do nothing: it asks again at once."""

    def output(self) -> str:
        """Return the end of its log."""
        return f"oidc-provider:\n{self.log.read_text(errors='replace')[-8_000:]}"


def new_key(name: str) -> dict[str, Any]:
    """Return a key that signs, as a JSON Web Key with its private half."""
    pair = make_key_pair(clock.now(), name)
    return {**RSAKey.import_key(pair.private_key_pem).as_dict(private=True), "kid": name, "use": "sig", "alg": "RS256"}


@contextmanager
def running(folder: Path, accounts: Sequence[Account]) -> Iterator[OpenIdProvider]:
    """Start it, and stop it afterwards."""
    peer = OpenIdProvider(folder, processes.free_port(), accounts)
    try:
        peer.restart()
        yield peer
    finally:
        peer.stop()
