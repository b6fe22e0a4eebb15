"""What a verified assertion says, taken from its canonical bytes by pysaml2's classes; what follows from it is not here.

Only bytes that a signature covers may be handed in. Nothing is judged: `checks` does that.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lxml import etree

from app.protocols.saml import envelope, instants, names, profile, schema
from app.protocols.saml.errors import Refused
from app.protocols.saml.types import Attribute, Check, NameId

if TYPE_CHECKING:
    from saml2 import saml


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One bearer SubjectConfirmation (SAML Core §2.4.1.1, Profiles §3.3)."""

    recipient: str | None
    in_response_to: str | None
    not_before: datetime | None
    not_on_or_after: datetime | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """Within which limits the assertion is meant to be used (SAML Core §2.5)."""

    not_before: datetime | None
    not_on_or_after: datetime | None
    #: One tuple per AudienceRestriction: each must be met, by any of its audiences.
    audiences: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Authentication:
    """One AuthnStatement (SAML Core §2.7.2)."""

    instant: datetime
    session_index: str | None
    session_not_on_or_after: datetime | None
    contexts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """An assertion, element by element."""

    assertion_id: str
    version: str
    issued: datetime
    issuer: str
    issuer_format: str | None
    subject: NameId | None
    confirmations: tuple[Confirmation, ...]
    conditions: Conditions | None
    authentications: tuple[Authentication, ...]
    attributes: tuple[Attribute, ...]


def without_type_hints(root: etree._Element) -> bool:
    """Take `xsi:type` off attribute values, and tell whether there was any.

    Exclusive C14N leaves out the declaration of a prefix that only such a hint uses, so that a schema could not resolve
    it; and pysaml2 rewrites values by it (“1e3” of xs:float would come back as “1000.0”). Values are text here.
    """
    hinted = [node for node in root.iter(names.saml("AttributeValue")) if names.XSI_TYPE in node.attrib]
    for node in hinted:
        del node.attrib[names.XSI_TYPE]
    return bool(hinted)


def interpret(verified: bytes) -> Statement:
    """Return what the canonical bytes of a verified assertion say; raise Refused if they fit no schema."""
    root = envelope.parse_quietly(verified, max_bytes=2 * envelope.MAX_BYTES)
    xml = profile.canonical(root) if without_type_hints(root) else verified
    schema.validate(root)
    # Encrypted parts would be read as absent, and a restriction to groups would see no groups.
    hidden = next(root.iter(names.saml("EncryptedID"), names.saml("EncryptedAttribute")), None)
    if hidden is not None:
        part = str(hidden.tag).rpartition("}")[2]
        raise Refused(Check.ENCRYPTED_PARTS, "the whole assertion encrypted, or nothing in it", f"{part} by itself")
    from saml2 import saml

    try:
        made = saml.assertion_from_string(xml)
        if made is None:
            raise Refused(Check.SCHEMA, "an assertion", "something else")
        return _statement(made)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise Refused(Check.SCHEMA, "an assertion with values of the right kinds", str(error)[:200]) from error


def _statement(made: "saml.Assertion") -> Statement:
    subject = made.subject
    return Statement(
        assertion_id=str(made.id),
        version=str(made.version),
        issued=instants.read(made.issue_instant),
        issuer=_text(made.issuer),
        issuer_format=made.issuer.format,
        subject=_name_id(subject.name_id) if subject is not None and _text(subject.name_id) else None,
        confirmations=tuple(_confirmation(one) for one in _bearers(subject)),
        conditions=_conditions(made.conditions),
        authentications=tuple(_authentication(one) for one in made.authn_statement),
        attributes=_attributes(made),
    )


def _text(node: object) -> str:
    # White space around a value is how somebody's printer laid the message out.
    return (getattr(node, "text", None) or "").strip()


def _instant(text: str | None) -> datetime | None:
    return instants.read(text) if text else None


def _name_id(node: "saml.NameID") -> NameId:
    return NameId(
        format=node.format,
        value=_text(node),
        name_qualifier=node.name_qualifier,
        sp_name_qualifier=node.sp_name_qualifier,
        sp_provided_id=node.sp_provided_id,
    )


def _bearers(subject: "saml.Subject | None") -> "list[saml.SubjectConfirmation]":
    if subject is None:
        return []
    return [
        one
        for one in subject.subject_confirmation
        if one.method == names.BEARER and one.subject_confirmation_data is not None
    ]


def _confirmation(one: "saml.SubjectConfirmation") -> Confirmation:
    data = one.subject_confirmation_data
    return Confirmation(
        recipient=data.recipient,
        in_response_to=data.in_response_to,
        not_before=_instant(data.not_before),
        not_on_or_after=_instant(data.not_on_or_after),
    )


def _conditions(made: "saml.Conditions | None") -> Conditions | None:
    if made is None:
        return None
    if made.condition or made.extension_elements:
        # SAML Core §2.5.1: what is not understood leaves the assertion's validity undetermined.
        raise Refused(Check.CONDITIONS, "conditions that are understood", "another")
    return Conditions(
        not_before=_instant(made.not_before),
        not_on_or_after=_instant(made.not_on_or_after),
        audiences=tuple(tuple(_text(audience) for audience in one.audience) for one in made.audience_restriction),
    )


def _authentication(made: "saml.AuthnStatement") -> Authentication:
    reference = made.authn_context.authn_context_class_ref if made.authn_context is not None else None
    return Authentication(
        instant=instants.read(made.authn_instant),
        session_index=made.session_index,
        session_not_on_or_after=_instant(made.session_not_on_or_after),
        contexts=(_text(reference),) if _text(reference) else (),
    )


def _attributes(made: "saml.Assertion") -> tuple[Attribute, ...]:
    # Some senders repeat the Attribute for each value: what has one name is one attribute.
    found: dict[tuple[str, str | None], Attribute] = {}
    for statement in made.attribute_statement:
        for one in statement.attribute:
            key = (one.name, one.name_format)
            values = tuple(text for value in one.attribute_value if (text := _value(value)) is not None)
            before = found.get(key)
            found[key] = Attribute(
                name=one.name,
                name_format=one.name_format,
                friendly_name=one.friendly_name or (before.friendly_name if before else None),
                values=(*before.values, *values) if before else values,
            )
    return tuple(found.values())


def _value(value: "saml.AttributeValue") -> str | None:
    text = _text(value)
    if text or not value.extension_elements:
        return text or None
    # eduPersonTargetedID and its like hold a NameID inside the value.
    return " ".join(part for element in value.extension_elements if (part := _text(element))) or None
