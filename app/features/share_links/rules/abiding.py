"""Whether a link abides by the rules of its place. Pure; asked when a link is made or changed, for reports and dry runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.errors import Invalid
from app.core.text import Text
from app.features.share_links.gates.recipients import domain_of
from app.features.share_links.powers import Powers
from app.features.share_links.rules.rulebook import Rules


@dataclass(frozen=True)
class Asked:
    """What the rules look at of a link."""

    created_at: datetime
    expires_at: datetime
    has_password: bool
    #: Whether a sign-in, groups or a second factor are asked for.
    asks_person: bool
    #: Addresses and domains; none = no code by mail is asked for.
    recipients: tuple[str, ...]
    powers: Powers
    #: Whether the page has view restrictions in Atlassian.
    restricted: bool = False


@dataclass(frozen=True)
class Breach:
    """One rule that a link breaks."""

    rule: str
    #: The field of forms and of the API that it is about.
    field: str
    sentence: Text


def breaches(rules: Rules, link: Asked) -> tuple[Breach, ...]:
    """Return which rules a link breaks, in the order of a form."""
    return (
        *_proofs(rules, link),
        *_recipients(rules, link.recipients),
        *_powers(rules, link.powers),
        *_place(rules, link),
    )


def of_owner(rule: str | None) -> tuple[Breach, ...]:
    """Return the breach of a link whose owner a rule does not let share; none without a rule."""
    return (Breach(rule, "", Text("Its owner may not share from here.")),) if rule is not None else ()


def check(rules: Rules, link: Asked) -> None:
    """Raise Invalid for the first rule that a link breaks."""
    for one in breaches(rules, link):
        raise Invalid(one.field, one.sentence, code=one.rule)


def check_invited(rules: Rules, addresses: tuple[str, ...]) -> None:
    """Raise Invalid for `invite` where a link may not be sent to one of these addresses."""
    for one in _recipients(rules, addresses):
        raise Invalid("invite", one.sentence, code=one.rule)


def _proofs(rules: Rules, link: Asked) -> list[Breach]:
    found: list[Breach] = []
    proves = link.asks_person or bool(link.recipients)
    if rules.require_password and not link.has_password:
        found.append(Breach("require_password", "password", Text("A link needs a password. Enter one.")))
    if rules.require_person and not proves:
        found.append(
            Breach(
                "require_person",
                "recipients",
                Text("Readers have to show who they are. Ask for a sign-in, a group, or a code by mail."),
            )
        )
    elif rules.require_gate and not (link.has_password or proves):
        found.append(
            Breach(
                "require_gate",
                "password",
                Text(
                    "A link needs a password or a group, a sign-in, or a code by mail. "
                    "Enter a password or choose one of these."
                ),
            )
        )
    if link.expires_at > link.created_at + timedelta(days=rules.maximum_days):
        found.append(
            Breach(
                "maximum_days",
                "expires_at",
                Text("A link lives at most %(days)s days, counted from its creation.", days=rules.maximum_days),
            )
        )
    return found


def _recipients(rules: Rules, recipients: tuple[str, ...]) -> list[Breach]:
    found: list[Breach] = []
    named = sorted({domain_of(one) for one in recipients})
    if rules.allowed_domains is not None and (outside := set(named) - rules.allowed_domains):
        found.append(
            Breach(
                "allowed_domains",
                "recipients",
                Text("Links may not be for %(domains)s. Leave it out.", domains=", ".join(sorted(outside))),
            )
        )
    if blocked := [one for one in named if one in rules.blocked_domains]:
        found.append(
            Breach(
                "blocked_domains",
                "recipients",
                Text("Links to %(domains)s are blocked. Leave it out.", domains=", ".join(blocked)),
            )
        )
    return found


def _powers(rules: Rules, powers: Powers) -> list[Breach]:
    table = (
        ("allow_attachments", powers.attachments, "attachments", Text("Links from here may not show files.")),
        ("allow_download", powers.download, "download", Text("Files may not be downloaded by links from here.")),
        ("allow_pdf", powers.pdf, "pdf", Text("Links from here may not offer a PDF.")),
        ("allow_comments", powers.comments, "comments", Text("Links from here may not show comments.")),
        ("allow_children", powers.children is not None, "children", Text("Links from here may not cover child pages.")),
    )
    found = [Breach(rule, field, words) for rule, on, field, words in table if on and not getattr(rules, rule)]
    if rules.force_watermark and not powers.watermark:
        found.append(Breach("force_watermark", "watermark", Text("Links from here show a watermark. Switch it on.")))
    return found


def _place(rules: Rules, link: Asked) -> list[Breach]:
    if not link.restricted or rules.share_restricted:
        return []
    sentence = Text("Pages with view restrictions may not be shared from here.")
    return [Breach("share_restricted", "url", sentence)]
