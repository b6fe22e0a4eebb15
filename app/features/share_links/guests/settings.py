"""Run-time settings of guests."""

from dataclasses import dataclass

from app.core.settings.registry import setting
from app.core.text import Text


@dataclass(frozen=True)
class GuestSettings:
    """What administrators decide about people outside."""

    shared_with_me: bool = setting(
        False,
        label=Text("People outside can list what is shared with them"),
        help=Text("At /shared/, after a code by mail or a sign-in. Off, there is no such page."),
    )
    show_titles: bool = setting(
        False,
        label=Text("That list shows titles before a link was opened"),
        help=Text("Otherwise it says who shares, what kind of thing and until when."),
    )
    remind_days: int = setting(
        2,
        label=Text("Remind who did not open an invitation, in days before its end"),
        help=Text("Once for each invitation; 0 means never."),
        minimum=0,
        maximum=30,
    )
