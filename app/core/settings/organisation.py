"""Settings of the organisation itself, which every page shows."""

from dataclasses import dataclass

from app.core.settings.registry import setting
from app.core.text import Text


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
        "", label=Text("Privacy notice"), help=Text("Address of your privacy notice, starting with https."), maximum=500
    )
    time_zone: str = setting(
        "UTC", label=Text("Time zone"), help=Text("Used for visitors, such as Europe/Berlin."), minimum=1, maximum=64
    )
