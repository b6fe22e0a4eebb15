"""Why a sign-in through a connection was refused: stable codes, and what an administrator is told.

A person sees one sentence and a reference id; what stands here is for the explanation.
"""

from enum import StrEnum

from app.core.text import Text


class Refusal(StrEnum):
    """The first thing that stood in the way."""

    CHECK_FAILED = "check_failed"
    PROVIDER_SAID_NO = "provider_said_no"
    PROVIDER_DOWN = "provider_down"
    REQUEST_UNKNOWN = "request_unknown"
    OTHER_BROWSER = "other_browser"
    REPLAYED = "replayed"
    CONNECTION_OFF = "connection_off"
    MAPPING_REFUSED = "mapping_refused"
    GROUP_MISSING = "group_missing"
    NO_SUBJECT = "no_subject"
    NO_ADDRESS = "no_address"
    NOT_KNOWN = "not_known"
    ADDRESS_TAKEN = "address_taken"
    DEACTIVATED = "deactivated"
    NOT_FOR_THIS_KIND = "not_for_this_kind"
    OTHER_PERSON = "other_person"


WORDS: dict[Refusal, Text] = {
    Refusal.CHECK_FAILED: Text("A check of the provider's answer failed."),
    Refusal.PROVIDER_SAID_NO: Text("The provider itself refused, or the person cancelled there."),
    Refusal.PROVIDER_DOWN: Text("The provider did not answer Portico, or not with what it should."),
    Refusal.REQUEST_UNKNOWN: Text("The answer belongs to no request that is outstanding; it came too late or unasked."),
    Refusal.OTHER_BROWSER: Text("The answer came in another browser than the one that asked."),
    Refusal.REPLAYED: Text("This answer was used before."),
    Refusal.CONNECTION_OFF: Text("The connection is switched off."),
    Refusal.MAPPING_REFUSED: Text("A mapping found no value that fits, and is set to refuse then."),
    Refusal.GROUP_MISSING: Text("A group that is needed for signing in was not received."),
    Refusal.NO_SUBJECT: Text("Nothing was received that stands for the person for good."),
    Refusal.NO_ADDRESS: Text("No email address was received, and nobody can be created without one."),
    Refusal.NOT_KNOWN: Text("Nobody in Portico belongs to this subject, and the connection may not create people."),
    Refusal.ADDRESS_TAKEN: Text(
        "Somebody else has this address in Portico. Assign the subject to that person, or let the connection vouch for "
        "the domain."
    ),
    Refusal.DEACTIVATED: Text("The person is deactivated, and the connection may not reactivate people."),
    Refusal.NOT_FOR_THIS_KIND: Text("The connection is not for this kind of person."),
    Refusal.OTHER_PERSON: Text("Somebody else signed in at the provider than the person who asked."),
}
