"""SimpleSAMLphp as a SAML identity provider, in PHP's own web server.

Its configuration is PHP that is read at each request, so a change counts at once.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page

from app.core import clock
from app.protocols.saml.certificates import make_key_pair
from app.protocols.saml.types import KeyPair
from tests import processes
from tests.interop.peers import Account

#: Where Debian's package puts it.
_WWW = "/usr/share/simplesamlphp/www"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


class SimpleSamlPhp:
    """A running installation."""

    def __init__(self, folder: Path, port: int, accounts: Sequence[Account]) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.entity_id = f"{self.base_url}/idp"
        self.metadata_url = f"{self.base_url}/saml2/idp/metadata.php"
        self.log = folder / "output"
        self._folder = folder
        self._trusted: dict[str, dict[str, Any]] = {}
        for name in ("metadata", "cert", "log", "data", "tmp", "sessions"):
            (folder / name).mkdir()
        self._write("config.php", "config", self._configuration())
        self._write("authsources.php", "config", {"people": _people(accounts)})
        self.sign_with(make_key_pair(clock.now(), "first"))

    def sign_with(self, key: KeyPair, following: KeyPair | None = None) -> None:
        """Sign with one key, and announce in the metadata the one that follows it."""
        self.key = key
        for one in filter(None, (key, following)):
            (self._folder / f"cert/{one.name}.pem").write_bytes(one.private_key_pem)
            (self._folder / f"cert/{one.name}.crt").write_text(one.certificate.pem)
        hosted = {
            "host": "__DEFAULT__",
            "auth": "people",
            "privatekey": f"{key.name}.pem",
            "certificate": f"{key.name}.crt",
            "signature.algorithm": _SHA256,
            "redirect.validate": True,
            "NameIDFormat": [_PERSISTENT],
            "authproc": {"3": {"class": "saml:PersistentNameID", "attribute": "uid"}},
        }
        if following is not None:
            hosted |= {"new_privatekey": f"{following.name}.pem", "new_certificate": f"{following.name}.crt"}
        self._write("metadata/saml20-idp-hosted.php", "metadata", {self.entity_id: hosted})

    def trust(self, metadata: bytes, entity_id: str, **options: Any) -> None:
        """Take our metadata by its own converter; options are its own words, with underscores for dots."""
        file = self._folder / f"metadata/{len(self._trusted)}.xml"
        if entity_id in self._trusted:
            file = Path(self._trusted[entity_id]["file"])
        file.write_bytes(metadata)
        self._trusted[entity_id] = {
            "file": str(file),
            "options": {name.replace("_", "."): value for name, value in options.items()},
        }
        lines = [
            f"$metadata[{_php(known)}] = {_php(one['options'])} + SimpleSAML\\Metadata\\SAMLParser"
            f"::parseFile({_php(one['file'])})->getMetadata20SP();"
            for known, one in self._trusted.items()
        ]
        (self._folder / "metadata/saml20-sp-remote.php").write_text("\n".join(["<?php", *lines, ""]))

    def beginning(self, entity_id: str) -> str:
        """Return the address at which a sign-in begins here, without a request."""
        return f"{self.base_url}/saml2/idp/SSOService.php?{urlencode({'spentityid': entity_id})}"

    def show_login(self, page: Page) -> None:
        """Wait until the login page can be filled in."""
        page.locator("input[name=password]").wait_for()

    def enter(self, page: Page, username: str, password: str) -> None:
        """Fill in the login page and send it."""
        page.locator("#username").fill(username)
        page.locator("#password").fill(password)
        page.locator("#submit_button, #regularsubmit button").first.click()

    def says_no(self, page: Page) -> None:
        """Wait until the login page says that nobody was signed in."""
        page.get_by_text("Incorrect username or password").first.wait_for()

    def let_proof_age(self) -> None:
        """Do nothing: it asks again at once."""

    def output(self) -> str:
        """Return the end of what it wrote."""
        files = [self.log, *sorted((self._folder / "log").iterdir())]
        return "\n".join(f"{file.name}:\n{file.read_text(errors='replace')[-4_000:]}" for file in files)

    def _configuration(self) -> dict[str, Any]:
        folder = self._folder
        return {
            "baseurlpath": f"{self.base_url}/",
            "certdir": f"{folder}/cert/",
            "loggingdir": f"{folder}/log/",
            "datadir": f"{folder}/data/",
            "tempdir": f"{folder}/tmp",
            "metadatadir": f"{folder}/metadata/",
            "metadata.sources": [{"type": "flatfile", "directory": f"{folder}/metadata"}],
            "technicalcontact_email": "desk@harbour.example",
            "timezone": "UTC",
            "secretsalt": "for tests on one machine and nowhere else",
            "auth.adminpassword": "for tests on one machine and nowhere else",
            "enable.saml20-idp": True,
            "module.enable": {"exampleauth": True, "core": True, "saml": True},
            "logging.handler": "file",
            "logging.level": 7,
            "store.type": "phpsession",
            "session.phpsession.savepath": f"{folder}/sessions",
            "session.cookie.secure": False,
            "language.available": ["en"],
            "language.default": "en",
        }

    def _write(self, file: str, variable: str, value: Any) -> None:
        (self._folder / file).write_text(f"<?php\n${variable} = {_php(value)};\n")


@contextmanager
def running(folder: Path, accounts: Sequence[Account]) -> Iterator[SimpleSamlPhp]:
    """Start it, and stop it afterwards."""
    port = processes.free_port()
    peer = SimpleSamlPhp(folder, port, accounts)
    # Deprecations of a newer PHP would stand in the pages, and its cache would keep a changed file for two seconds.
    options = ("error_reporting=0", "display_errors=0", "opcache.enable=0")
    command = ["php", *(f"-d{one}" for one in options), "-S", f"127.0.0.1:{port}", "-t", _WWW]
    environ = {"SIMPLESAMLPHP_CONFIG_DIR": str(folder), "PATH": "/usr/bin:/bin"}
    process = processes.start(command, log=peer.log, environ=environ, cwd=folder)
    try:
        processes.wait_until(lambda: processes.accepts(port), process, log=peer.log, what="SimpleSAMLphp")
        yield peer
    finally:
        processes.stop(process)


def _people(accounts: Sequence[Account]) -> list[Any] | dict[str, Any]:
    people = {
        f"{one.username}:{one.password}": {
            "uid": [one.username],
            "displayName": [one.name],
            "mail": [one.email],
            "groups": list(one.groups),
        }
        for one in accounts
    }
    return {"0": "exampleauth:UserPass", **people}


def _php(value: Any) -> str:
    """Return a value as PHP; a dictionary keeps its order, and keys that are numbers become numbers there."""
    if isinstance(value, dict):
        return "[" + ", ".join(f"{_php(key)} => {_php(one)}" for key, one in value.items()) + "]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_php(one) for one in value) + "]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return json.dumps(value)
