"""LemonLDAP::NG as SAML identity provider and OpenID provider, in Starman.

It reads its configuration at its start, so a change starts it again.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import urlencode

import urllib3
from playwright.sync_api import Page

from app.core import clock
from app.protocols.saml.certificates import make_key_pair
from tests import processes
from tests.interop.peers import Account

_PORTAL = "/usr/share/lemonldap-ng/portal"
_BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
#: Whoever signed in this short a time ago is not asked again, whatever is demanded. With none it asks again and again where
#: its login page took a second.
_FRESH_SECONDS = 3
#: The demonstration's accounts are a variable of its module. Nobody is asked to read a picture, but something that could
#: ask has to be there, and what usually is needs ImageMagick.
_PROGRAM = """
use strict;
BEGIN {
    package Lemonldap::NG::Portal::Captcha::None;
    use Mouse;
    extends 'Lemonldap::NG::Portal::Main::Plugin';
    sub init { 1 }
    $INC{'Lemonldap/NG/Portal/Captcha/None.pm'} = __FILE__;
}
use JSON;
use Plack::Builder;
use Lemonldap::NG::Portal::Main;
use Lemonldap::NG::Portal::UserDB::Demo;
my $people = do { local (@ARGV, $/) = $ENV{PEOPLE}; from_json(<>) };
%Lemonldap::NG::Portal::UserDB::Demo::demoAccounts = %{ $people->{accounts} };
%Lemonldap::NG::Portal::UserDB::Demo::demoGroups = %{ $people->{groups} };
my $portal = Lemonldap::NG::Portal::Main->run({});
builder {
    enable 'Static', path => sub { s{^/static/}{} }, root => $ENV{STATIC};
    enable 'Static', path => sub { s{^/javascript/}{} }, root => '/usr/share/javascript';
    $portal;
};
"""


class LemonLdap:
    """A running portal."""

    def __init__(self, folder: Path, port: int, accounts: Sequence[Account]) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.entity_id = f"{self.base_url}/saml/metadata"
        self.metadata_url = self.entity_id
        self.issuer = f"{self.base_url}/"
        self.log = folder / "output"
        self._folder = folder
        self._port = port
        self._process: Popen[bytes] | None = None
        self._names: dict[str, str] = {}
        self._entered_at = 0.0
        for name in ("conf", "cache", "sessions/lock", "kept/lock"):
            (folder / name).mkdir(parents=True)
        (folder / "people.json").write_text(json.dumps(_people(accounts)))
        (folder / "portal.psgi").write_text(_PROGRAM)
        (folder / "lemonldap-ng.ini").write_text(self._ini())
        self._configuration = self._first_configuration()

    def trust(self, metadata: bytes, entity_id: str, **options: Any) -> None:
        """Register our metadata as that of a service provider; options are its own words."""
        name = self._names.setdefault(entity_id, f"portico{len(self._names)}")
        given = {
            "CheckSSOMessageSignature": 1,
            "SignSSOMessage": 1,
            "NameIDFormat": "persistent",
            "EncryptionMode": "none",
            "ForceUTF8": 1,
            "EnableIDPInitiatedURL": 1,
        } | options
        self._configuration["samlSPMetaDataXML"][name] = {"samlSPMetaDataXML": metadata.decode()}
        self._configuration["samlSPMetaDataOptions"][name] = {
            f"samlSPMetaDataOptions{word}": value for word, value in given.items()
        }
        self._configuration["samlSPMetaDataExportedAttributes"][name] = {
            variable: f"1;{variable};{_BASIC};" for variable in ("cn", "mail", "groups")
        }
        self.restart()

    def beginning(self, entity_id: str) -> str:
        """Return the address at which a sign-in begins here, without a request."""
        return f"{self.base_url}/saml/singleSignOn?{urlencode({'IDPInitiated': 1, 'sp': entity_id})}"

    def register(self, client_id: str, secret: str, redirect_uri: str, **options: Any) -> None:
        """Register us as a relying party; options are its own words."""
        given = {
            "ClientID": client_id,
            "ClientSecret": secret,
            "RedirectUris": redirect_uri,
            "IDTokenSignAlg": "RS256",
            "BypassConsent": 1,
            "UserIDAttr": "uid",
        } | options
        self._configuration["oidcRPMetaDataOptions"][client_id] = {
            f"oidcRPMetaDataOptions{word}": value for word, value in given.items()
        }
        self._configuration["oidcRPMetaDataExportedVars"][client_id] = {
            "email": "mail",
            "name": "cn",
            "groups": "groups;string;always",
        }
        self._configuration["oidcRPMetaDataOptionsExtraClaims"][client_id] = {"profile": "name groups"}
        self.restart()

    def restart(self) -> None:
        """Start it with the configuration as it is now."""
        self.stop()
        (self._folder / "conf/lmConf-1.json").write_text(json.dumps(self._configuration))
        command = ["starman", "--listen", f"127.0.0.1:{self._port}", "--workers", "2"]
        environ = {
            "PATH": "/usr/bin:/bin",
            "LLNG_DEFAULTCONFFILE": str(self._folder / "lemonldap-ng.ini"),
            "PEOPLE": str(self._folder / "people.json"),
            "STATIC": f"{_PORTAL}/htdocs/static",
        }
        self._process = processes.start(
            [*command, self._folder / "portal.psgi"], log=self.log, environ=environ, cwd=self._folder
        )
        processes.wait_until(self._answers, self._process, log=self.log, what="LemonLDAP::NG")

    def _answers(self) -> bool:
        # It listens before it knows whether its configuration is one, and says so at each request.
        try:
            return urllib3.request("GET", self.metadata_url, retries=False, timeout=10).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            processes.stop(self._process)
            self._process = None

    def show_login(self, page: Page) -> None:
        """Wait until the login page can be filled in; whom it knows, it asks first whether they want to prove it anew."""
        renew = page.get_by_role("button", name="Renew session")
        password = page.locator("input[name=password]")
        renew.or_(password).first.wait_for()
        if renew.is_visible():
            renew.click()
            password.wait_for()

    def enter(self, page: Page, username: str, password: str) -> None:
        """Fill in the login page and send it."""
        page.locator("input[name=user]").fill(username)
        page.locator("input[name=password]").fill(password)
        page.locator("button[type=submit]").first.click()
        self._entered_at = time.monotonic()

    def let_proof_age(self) -> None:
        """Wait until the last sign-in is one that counts as old."""
        time.sleep(max(0, self._entered_at + _FRESH_SECONDS + 1 - time.monotonic()))

    def says_no(self, page: Page) -> None:
        """Wait until the login page says that nobody was signed in."""
        page.get_by_text("Wrong credentials").first.wait_for()

    def output(self) -> str:
        """Return the end of its log."""
        return f"LemonLDAP::NG:\n{self.log.read_text(errors='replace')[-8_000:]}"

    def _ini(self) -> str:
        return f"""
[all]
logLevel = notice
logger = Lemonldap::NG::Common::Logger::Std
checkTime = 1
[configuration]
type = File
dirName = {self._folder}/conf
localStorage = Cache::FileCache
localStorageOptions = {{ 'namespace' => 'conf', 'cache_root' => '{self._folder}/cache' }}
[portal]
staticPrefix = /static
templateDir = {_PORTAL}/templates
languages = en
"""

    def _first_configuration(self) -> dict[str, Any]:
        key = make_key_pair(clock.now(), "LemonLDAP::NG")
        private, certificate = key.private_key_pem.decode(), key.certificate.pem
        return {
            "cfgNum": 1,
            "cfgDate": int(clock.now().timestamp()),
            "key": "for tests only..",
            "portal": self.issuer,
            "domain": "127.0.0.1",
            # With SAML it would say None, which browsers drop where there is no https.
            "securedCookie": 0,
            "sameSite": "Lax",
            "authentication": "Demo",
            "userDB": "Same",
            "passwordDB": "Null",
            "registerDB": "Null",
            "whatToTrace": "_whatToTrace",
            "macros": {"_whatToTrace": "lc($_user)"},
            "demoExportedVars": {"cn": "cn", "mail": "mail", "uid": "uid"},
            "locationRules": {f"127.0.0.1:{self._port}": {"default": "accept"}},
            **_sessions(self._folder),
            "captcha": "::Captcha::None",
            "portalForceAuthnInterval": _FRESH_SECONDS,
            "issuerDBSAMLActivation": 1,
            "samlServicePrivateKeySig": private,
            "samlServicePublicKeySig": certificate,
            "samlServiceSignatureMethod": "RSA_SHA256",
            "samlEntityID": "#PORTAL#/saml/metadata",
            "samlSPMetaDataXML": {},
            "samlSPMetaDataOptions": {},
            "samlSPMetaDataExportedAttributes": {},
            "issuerDBOpenIDConnectActivation": 1,
            "oidcServicePrivateKeySig": private,
            "oidcServicePublicKeySig": certificate,
            "oidcServiceKeyIdSig": "first",
            "oidcServiceAllowAuthorizationCodeFlow": 1,
            "oidcServiceMetaDataIssuer": self.issuer,
            "oidcRPMetaDataOptions": {},
            "oidcRPMetaDataExportedVars": {},
            "oidcRPMetaDataOptionsExtraClaims": {},
        }


@contextmanager
def running(folder: Path, accounts: Sequence[Account]) -> Iterator[LemonLdap]:
    """Start it, and stop it afterwards."""
    peer = LemonLdap(folder, processes.free_port(), accounts)
    try:
        peer.restart()
        yield peer
    finally:
        peer.stop()


def _sessions(folder: Path) -> dict[str, Any]:
    def kept(name: str) -> Mapping[str, str]:
        return {
            "Directory": str(folder / name),
            "LockDirectory": str(folder / name / "lock"),
            "generateModule": "Lemonldap::NG::Common::Apache::Session::Generate::SHA256",
        }

    return {
        "globalStorage": "Apache::Session::File",
        "globalStorageOptions": kept("sessions"),
        "persistentStorage": "Apache::Session::File",
        "persistentStorageOptions": kept("kept"),
        "localSessionStorage": "",
        "localSessionStorageOptions": {},
    }


def _people(accounts: Sequence[Account]) -> dict[str, Any]:
    groups: dict[str, list[str]] = {}
    for one in accounts:
        for group in one.groups:
            groups.setdefault(group, []).append(one.username)
    return {
        "accounts": {one.username: {"uid": one.username, "cn": one.name, "mail": one.email} for one in accounts},
        "groups": groups,
    }
