"""The ways to sign in that are tried: a provider, what it signs and encrypts, and people it knows for this way alone.

Each is set up as an administrator does it: some by `portico connections import`, some through the pages.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from app.core import db
from app.core.permissions import Role
from tests.factories import people
from tests.interop.peers import GROUP, Account, Peer
from tests.interop.traveller import Traveller
from tests.journeys.portal import Portal
from tests.processes import PATIENCE_SECONDS

#: The client secret that both sides are told.
SECRET = "canary-quiet-harbour-lantern-42"


@dataclass(frozen=True)
class Specified:
    """How a way is set up."""

    #: Name of the fixture that starts the provider.
    peer: str
    connect: Callable[["Setting", "Specified"], None]
    #: What is demanded of responses, in the words of the import file.
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: What the provider is told about us, in its own words.
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """A way to sign in that is set up and switched on."""

    name: str
    peer: Any
    #: The group of Portico that the provider's group stands for.
    group: str
    #: In the group, and staff of the portal already.
    staff: Account
    #: In the group, without an account here.
    member: Account
    #: In no group.
    outsider: Account

    @property
    def button(self) -> str:
        """The words on the button that leads there."""
        return f"Sign in with {self.name}"

    @property
    def is_saml(self) -> bool:
        """Whether SAML is spoken, not OpenID Connect."""
        return not self.name.endswith("openid")

    def entity_id(self, portal: Portal) -> str:
        """Return who we are towards a SAML provider; our metadata is there."""
        return f"{portal.base_url}/sso/{self.name}/saml/metadata"

    def read_our_metadata(self, portal: Portal) -> None:
        """Have the provider read our metadata again."""
        tell(portal, self.peer, self.name)


@dataclass(frozen=True)
class Setting:
    """Where a way is set up."""

    name: str
    portal: Portal
    peer: Any
    group: str
    administrator: Traveller
    folder: Path
    tester: Account


def _people(name: str) -> tuple[Account, Account, Account]:
    def one(who: str, full_name: str, *groups: str) -> Account:
        return Account(f"{who}-{name}", f"{full_name} of {name}", f"{who}@{name}.example", groups)

    return one("ada", "Ada Holm", "office", GROUP), one("milo", "Milo Hart", GROUP), one("nora", "Nora Lind", "office")


def accounts(peer: str) -> list[Account]:
    """Return everybody whom a provider knows."""
    return [one for name, specified in SPECIFIED.items() if specified.peer == peer for one in _people(name)]


def connect(name: str, portal: Portal, peer: Peer, administrator: Traveller, folder: Path) -> Way:
    """Set a way up on both sides, and switch it on."""
    specified = SPECIFIED[name]
    staff, member, outsider = _people(name)
    with db.transaction() as session:
        people.make_person(session, staff.name, email=staff.email, roles=(Role.AUTHOR,))
    group = portal.group(f"Hauliers of {name}")
    administrator.sign_in(portal.administrator())
    specified.connect(Setting(name, portal, peer, group, administrator, folder, member), specified)
    return Way(name, peer, group, staff, member, outsider)


def fetch(address: str) -> bytes:
    """Read a document as anybody can."""
    answer = urllib3.request("GET", address, retries=False, timeout=PATIENCE_SECONDS)
    assert answer.status == 200, f"{address}: {answer.status}"
    document: bytes = answer.data
    return document


def entry(here: Setting, **more: Any) -> dict[str, Any]:
    """Return a connection as an import file says it."""
    return {
        "id": here.name,
        "name": here.name,
        "button_label": f"Sign in with {here.name}",
        "enabled": True,
        "domains": [f"{here.name}.example"],
        "identity": {"link_by_email": True},
        "groups": {"sources": ["groups"], "mapped": [{"received": GROUP, "group": here.group}]},
        **more,
    }


def import_file(here: Setting, connection: Mapping[str, Any]) -> None:
    """Have `portico connections import` read a file with one connection."""
    file = here.folder / "connection.json"
    file.write_text(json.dumps({"connections": [connection]}))
    here.portal.command("connections", "import", file)


def _by_file(here: Setting, specified: Specified) -> None:
    (here.folder / "metadata.xml").write_bytes(fetch(here.peer.metadata_url))
    preset = {"simple_saml_php": "simplesamlphp", "lemon_ldap": "lemonldap_ng"}[specified.peer]
    import_file(
        here,
        entry(here, kind="saml", preset=preset, metadata_file="metadata.xml", settings=dict(specified.settings)),
    )
    tell(here.portal, here.peer, here.name)


def _saml_by_pages(here: Setting, specified: Specified) -> None:
    page = here.administrator.open("/admin/sso/new/saml/lemonldap_ng")
    page.enter({"Name": here.name, "Address of the metadata": here.peer.metadata_url}).press("Add identity provider")
    tell(here.portal, here.peer, here.name)
    page.follow("Edit")
    page.choose_option("What has to be signed", "The assertion").tick("Sign our requests")
    _finish_on_pages(here)


def _openid_by_pages(here: Setting, specified: Specified) -> None:
    page = here.administrator.open("/admin/sso/new/oidc/other")
    page.enter({"Name": here.name, "Issuer": here.peer.issuer, "Client id": "portico", "Client secret": SECRET}).press(
        "Add identity provider"
    )
    here.peer.register("portico", SECRET, f"{here.portal.base_url}/sso/{here.name}/oidc/callback")
    page.follow("Edit")
    _finish_on_pages(here)


def _finish_on_pages(here: Setting) -> None:
    """Go on from the page where a connection is edited to one that was tested and is on."""
    page = here.administrator
    page.enter({"Words on the button": f"Sign in with {here.name}", "Domains it may vouch for": f"{here.name}.example"})
    page.tick("Link to people who are there, by the domains below").press("Save provider").follow("Edit groups")
    page.page.locator("[name=mapped_0_received]").fill(GROUP)
    page.page.locator("[name=mapped_0_group]").select_option(here.group)
    page.press("Save groups").follow("Test sign-in").choose("Begin test", here.peer).prove(here.peer, here.tester)
    assert "It went through" in page.words
    page.follow(here.name).press("Switch on")


def tell(portal: Portal, peer: Any, name: str) -> None:
    """Give our metadata to a SAML provider."""
    address = f"{portal.base_url}/sso/{name}/saml/metadata"
    peer.trust(fetch(address), address, **SPECIFIED[name].options)


SPECIFIED: dict[str, Specified] = {
    "simple-both": Specified(
        "simple_saml_php",
        _by_file,
        {"signed": "both", "sign_requests": True},
        {"saml20_sign_response": True, "saml20_sign_assertion": True},
    ),
    "simple-assertion": Specified(
        "simple_saml_php",
        _by_file,
        {"signed": "assertion"},
        {"saml20_sign_response": False, "saml20_sign_assertion": True},
    ),
    "simple-encrypted": Specified(
        "simple_saml_php",
        _by_file,
        {"signed": "both", "encrypted": True},
        {
            "saml20_sign_response": True,
            "saml20_sign_assertion": True,
            "assertion_encryption": True,
            # So that a key of ours may be gone here and still be encrypted to there.
            "validate_authnrequest": False,
        },
    ),
    "lemon-signed": Specified("lemon_ldap", _saml_by_pages),
    "lemon-encrypted": Specified(
        "lemon_ldap",
        _by_file,
        {"signed": "assertion", "encrypted": True, "sign_requests": True},
        {"EncryptionMode": "assertion"},
    ),
    "lemon-openid": Specified("lemon_ldap", _openid_by_pages),
    "node-openid": Specified("node_provider", _openid_by_pages),
}
