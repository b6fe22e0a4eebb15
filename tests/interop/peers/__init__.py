"""Identity providers that others wrote, on 127.0.0.1, each in a temporary folder of its own and with a log that is kept.

They are set up as their manuals say: with accounts, our metadata or our redirect address, and nothing that makes it easier.
"""

from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import Page

#: The group that links of these tests are for, as providers send it.
GROUP = "hauliers"


@dataclass(frozen=True)
class Account:
    """Somebody whom a provider knows. LemonLDAP::NG's demonstration takes the name as the password, so all do."""

    username: str
    name: str
    email: str
    groups: tuple[str, ...]

    @property
    def password(self) -> str:
        """What they enter beside their user name."""
        return self.username


class Peer(Protocol):
    """A provider as a browser meets it."""

    base_url: str

    def show_login(self, page: Page) -> None:
        """Wait until the login page can be filled in."""

    def enter(self, page: Page, username: str, password: str) -> None:
        """Fill in the provider's login page and send it."""

    def let_proof_age(self) -> None:
        """Wait until somebody who signed in just now can be asked again."""

    def output(self) -> str:
        """Return the end of its log."""
