"""Settings of the organisation itself, which every page shows."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.core.settings.registry import setting
from app.core.text import Text


def _known_zone(name: str) -> Text | None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return Text("No time zone has this name. Enter one such as Europe/Berlin.")
    return None


def _web_address(address: str) -> Text | None:
    if not address or address.startswith("https://"):
        return None
    return Text("Enter an address that starts with https://, or nothing.")


@dataclass(frozen=True)
class OrganisationSettings:
    """Who runs this Portico, as outsiders see it."""

    name: str = setting("Our organisation", label=Text("Name"), minimum=1, maximum=120)
    contact: str = setting(
        "",
        label=Text("Contact"),
        help=Text("Shown where something cannot be opened, such as an address or a telephone number."),
        maximum=200,
    )
    privacy_url: str = setting(
        "",
        label=Text("Privacy notice"),
        help=Text("Address of your privacy notice, starting with https."),
        maximum=500,
        check=_web_address,
    )
    time_zone: str = setting(
        "UTC",
        label=Text("Time zone"),
        help=Text("Used for visitors, such as Europe/Berlin."),
        minimum=1,
        maximum=64,
        check=_known_zone,
    )
