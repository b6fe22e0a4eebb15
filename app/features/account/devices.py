"""Names a person recognises a browser by, out of its User-Agent header."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """A browser and the system it runs on; None where the header does not say."""

    browser: str | None
    system: str | None


def device_of(agent: str | None) -> Device:
    """Read a User-Agent header; it is a name for people and proves nothing."""
    if not agent:
        return Device(None, None)
    # The patterns are read at the first use; who never opens a profile never pays for them.
    from ua_parser import parse

    found = parse(agent[:400])
    return Device(
        browser=found.user_agent.family if found.user_agent else None, system=found.os.family if found.os else None
    )
