"""Addresses that people outside are sent, also where no request is: reminders are written by the worker."""

from app.features.share_links import tokens
from app.features.share_links.visit_statement import OWN_GENERATION

_links_url = "http://localhost:8000"


def configure(links_url: str) -> None:
    """Take the host of links from the settings of this installation."""
    global _links_url
    _links_url = links_url


def own_address(public_id: str) -> str:
    """Return the address of an invitation, to be mailed or copied."""
    return f"{_links_url}/s/{tokens.make(public_id, OWN_GENERATION)}/"


def list_address() -> str:
    """Return the address of “Shared with you”, where that is switched on."""
    return f"{_links_url}/shared/"
