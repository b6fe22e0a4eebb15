"""How a request says who is asking, as strategies.

An API token is sent as Basic credentials both to a site (unscoped tokens) and to the gateway at api.atlassian.com (scoped tokens); the
token does not reveal which kind it is, so the base address decides and the connection test tells. Data Center takes personal access tokens
as Bearer credentials; passwords are not used anywhere.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Auth(Protocol):
    """Adds credentials to a request and takes them out of texts."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers to add; they are sent to the base address only."""

    def redact(self, text: str) -> str:
        """Return `text` without anything that would let a reader act with this credential."""


@dataclass(frozen=True, eq=False)
class ApiToken:
    """An Atlassian API token with the e-mail address of its account (RFC 7617 Basic).

    Raises ValueError for values that cannot be sent.
    """

    email: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.email or ":" in self.email or not self.email.isprintable():
            raise ValueError("The e-mail address of the API token is not usable.")
        if not self.token or not self.token.isprintable():
            raise ValueError("The API token is empty or holds characters that cannot be sent.")

    def _basic(self) -> str:
        return base64.b64encode(f"{self.email}:{self.token}".encode()).decode("ascii")

    def headers(self) -> Mapping[str, str]:
        """Return the Authorization header."""
        return {"Authorization": f"Basic {self._basic()}"}

    def redact(self, text: str) -> str:
        """Return `text` with the token and its Basic form replaced."""
        return text.replace(self._basic(), "…").replace(self.token, "…")


@dataclass(frozen=True, eq=False)
class PersonalAccessToken:
    """A personal access token of a Data Center product (RFC 6750 Bearer); it says itself whose it is.

    Raises ValueError for values that cannot be sent.
    """

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise ValueError("The access token is empty or holds characters that cannot be sent.")

    def headers(self) -> Mapping[str, str]:
        """Return the Authorization header."""
        return {"Authorization": f"Bearer {self.token}"}

    def redact(self, text: str) -> str:
        """Return `text` with the token replaced."""
        return text.replace(self.token, "…")
