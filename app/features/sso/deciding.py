"""What decided where every check of the protocol held: the one line that an explanation then shows as failed.

Pure: it says again, with what was expected and found, what the reason of a refusal already decided.
"""

from app.features.sso import mapping
from app.features.sso.configuration import Connection
from app.features.sso.mapping import Answer, Need
from app.features.sso.received import CheckLine, Received
from app.features.sso.refusals import Refusal

_MOST = 400
_NOTHING = Received("")

#: Expected and found where neither depends on what was received.
_PLAIN: dict[Refusal, tuple[str, str, str]] = {
    Refusal.PROVIDER_DOWN: ("exchange", "an answer of the provider", "none in time"),
    Refusal.REQUEST_UNKNOWN: ("state", "a request of ours that waits for its answer", "none"),
    Refusal.REPLAYED: ("replay", "an answer that was not used before", "one whose request or assertion was used"),
    Refusal.OTHER_BROWSER: ("browser", "the browser that asked", "another one, or one without its cookie"),
    Refusal.CONNECTION_OFF: ("connection_on", "a connection that is switched on", "one that is off"),
    Refusal.DEACTIVATED: ("active", "an active person, or leave to reactivate people", "a deactivated one"),
}


def line(connection: Connection, reason: Refusal, received: Received | None) -> CheckLine:
    """Return the line of a refusal: which rule, what it expected, what it found."""
    if reason in _PLAIN:
        return _failed(*_PLAIN[reason])
    said = received or _NOTHING
    subject = said.subject or "no subject"
    match reason:
        case Refusal.MAPPING_REFUSED:
            return _mapping(connection, said)
        case Refusal.GROUP_MISSING:
            return _groups(connection, said)
        case Refusal.NO_SUBJECT:
            found = said.subject_format or "no subject, or one of more than 512 characters"
            return _failed("lasting_subject", "a subject that stays the same, of 1 to 512 characters", found)
        case Refusal.NO_ADDRESS:
            return _failed("address", "an address such as name@example.com, and a name", _address(connection, said))
        case Refusal.ADDRESS_TAKEN:
            expected = "an address of nobody here, or one that the connection links by and vouches for"
            return _failed("person", expected, _address(connection, said))
        case Refusal.NOT_KNOWN:
            return _failed("person", "a subject that somebody here has, or leave to create people", subject)
        case Refusal.NOT_FOR_THIS_KIND:
            kinds = [name for name, may in (("staff", connection.for_staff), ("guests", connection.for_guests)) if may]
            return _failed("kind", f"one of: {', '.join(kinds)}", "somebody of another kind")
        case Refusal.OTHER_PERSON:
            return _failed("same_person", "the account of the person who asked", subject)
        case _:
            return _failed(reason.value, "an answer that can be used", "another")


def _failed(name: str, expected: str, found: str) -> CheckLine:
    return CheckLine(name, False, expected[:_MOST], found[:_MOST])


def _mapping(connection: Connection, said: Received) -> CheckLine:
    mapped = [mapping.apply(rule, said.by_name) for rule in connection.mapping]
    refusing = [one for one in mapped if one.answer is Answer.REFUSED]
    wanted = ", ".join(one.target.value for one in refusing) or "every mapping"
    values = [value for one in refusing for value in one.received]
    return _failed("mapping", f"a value that fits for: {wanted}", ", ".join(values) or "nothing received")


def _groups(connection: Connection, said: Received) -> CheckLine:
    rules = connection.groups
    received = mapping.plan_groups(rules, said.by_name).received
    how = "all of" if rules.need is Need.ALL else "any of"
    return _failed("groups", f"{how}: {', '.join(rules.required)}", ", ".join(received) or "no group at all")


def _address(connection: Connection, said: Received) -> str:
    mapped = (mapping.apply(rule, said.by_name) for rule in connection.mapping)
    return next((one.value for one in mapped if one.target is mapping.Target.EMAIL and one.value), "no address")
