"""Run-time settings of single sign-on."""

from dataclasses import dataclass

from app.core.settings.registry import setting
from app.core.text import Text


@dataclass(frozen=True)
class SsoSettings:
    """What holds for all connections."""

    required_for_staff: bool = setting(
        False,
        label=Text("Staff sign in through a provider only"),
        help=Text(
            "Local passwords of staff stop working, but for the emergency sign-in of administrators. It takes effect while a "
            "provider for staff is switched on."
        ),
    )
