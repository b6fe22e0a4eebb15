"""Instants as SAML writes them, and arithmetic that hostile ones cannot overflow."""

import re
from datetime import UTC, datetime, timedelta, timezone

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:Z|([+-])(\d\d):(\d\d))?", re.ASCII
)
#: Nothing is remembered for longer than this, whatever a provider says.
_FAR = datetime(9000, 1, 1, tzinfo=UTC)


def read(text: str) -> datetime:
    """Return an instant in UTC; raise ValueError. One without zone is UTC (SAML Core §1.3.3)."""
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        raise ValueError("not an xs:dateTime")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    micro = int(((found[7] or "") + "000000")[:6])
    zone = UTC
    if found[8]:
        offset = timedelta(hours=int(found[9]), minutes=int(found[10]))
        zone = timezone(-offset if found[8] == "-" else offset)
    made = datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)
    try:
        return made.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant outside the calendar") from error


def write(instant: datetime) -> str:
    """Return an instant as SAML wants it: UTC, whole seconds, “Z”."""
    return instant.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def later(instant: datetime, by: timedelta) -> datetime:
    """Return an instant plus a duration, or a far one where that would leave the calendar."""
    return min(instant, _FAR) + by
