"""Run-time settings of sessions: how long each kind of person may stay away, and stay at all."""

from dataclasses import dataclass
from datetime import timedelta

from app.core.accounts.actor import PersonKind
from app.core.settings import registry
from app.core.settings.registry import setting
from app.core.text import Text

_DAY = 1_440
_IDLE_HELP = Text("A session ends when nothing was done for so long.")
_ABSOLUTE_HELP = Text("A session that begins from now on ends then, whatever is done.")


@dataclass(frozen=True)
class SessionSettings:
    """When sessions end, and how old a proof may be for what is sensitive."""

    staff_idle_minutes: int = setting(
        120, label=Text("Staff: idle end in minutes"), help=_IDLE_HELP, minimum=5, maximum=_DAY
    )
    staff_hours: int = setting(12, label=Text("Staff: end in hours"), help=_ABSOLUTE_HELP, minimum=1, maximum=168)
    guest_idle_minutes: int = setting(
        60, label=Text("Guests: idle end in minutes"), help=_IDLE_HELP, minimum=5, maximum=_DAY
    )
    guest_hours: int = setting(12, label=Text("Guests: end in hours"), help=_ABSOLUTE_HELP, minimum=1, maximum=168)
    customer_idle_minutes: int = setting(
        60, label=Text("Customers: idle end in minutes"), help=_IDLE_HELP, minimum=5, maximum=_DAY
    )
    customer_hours: int = setting(
        12, label=Text("Customers: end in hours"), help=_ABSOLUTE_HELP, minimum=1, maximum=168
    )
    recent_minutes: int = setting(
        30,
        label=Text("Prove again after minutes"),
        help=Text(
            "Tokens, credentials, roles, one-time links, settings and identity providers are changed only by who proved lately "
            "who they are."
        ),
        minimum=1,
        maximum=_DAY,
    )

    def idle(self, kind: PersonKind) -> timedelta:
        """Return after what time without a request a session ends."""
        minutes: int = getattr(self, f"{kind.value}_idle_minutes")
        return timedelta(minutes=minutes)

    def absolute(self, kind: PersonKind) -> timedelta:
        """Return after what time a session ends at the latest."""
        hours: int = getattr(self, f"{kind.value}_hours")
        return timedelta(hours=hours)

    @property
    def recent(self) -> timedelta:
        """How old a proof may be for what is sensitive."""
        return timedelta(minutes=self.recent_minutes)


# Here and not in the factory: whatever begins a session, a command too, finds them declared.
registry.register("sessions", Text("Sessions"), SessionSettings)
