"""Run-time settings of guests."""

from dataclasses import dataclass

from app.core.settings.registry import setting
from app.core.text import Text


@dataclass(frozen=True)
class GuestSettings:
    """What administrators decide about people outside."""

    remind_days: int = setting(
        2,
        label=Text("Remind who did not open an invitation, in days before its end"),
        help=Text("Once for each invitation; 0 means never."),
        minimum=0,
        maximum=30,
    )
