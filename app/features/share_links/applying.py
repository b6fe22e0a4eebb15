"""Setting the conditions of a link: from what was entered to its rows, and what stands then as one frozen value."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts import second_factor, sign_in
from app.core.accounts.models import LOCAL, Group
from app.core.errors import Invalid
from app.core.mail import delivery
from app.core.text import Text
from app.features.share_links import conditions as rules
from app.features.share_links import powers, rows
from app.features.share_links.conditions import Changes, Unchanged
from app.features.share_links.gates import networks, recipients
from app.features.share_links.gates.networks import Network
from app.features.share_links.lists import words
from app.features.share_links.models import LinkRecipient, LinkTerms, SharedObject, ShareLink
from app.features.share_links.objects import ObjectKind
from app.features.share_links.reading import tree
from app.features.share_links.rules import abiding, ruling
from app.features.share_links.rules.abiding import Asked


@dataclass(frozen=True)
class Snapshot:
    """What can be changed about a link, as it stands."""

    name: str
    opens_at: datetime | None
    expires_at: datetime
    networks: tuple[Network, ...] | None
    max_views: int | None
    max_views_each: int | None
    asks_sign_in: bool
    sign_in_through: str | None
    #: Public ids.
    groups: tuple[str, ...]
    all_groups: bool
    recipients: tuple[str, ...]
    asks_second_factor: bool
    password: bool
    #: The version.
    terms: int | None
    asks_reason: bool
    powers: dict[str, Any]

    @staticmethod
    def names() -> list[str]:
        """Return the names of all values, in their order."""
        return [one.name for one in fields(Snapshot)]

    def value(self, name: str) -> Any:
        """Return one value."""
        return getattr(self, name)

    def told(self) -> dict[str, Any]:
        """Return the values as they may stand in the trail for ever: of addresses only how many there are."""
        domains = [one for one in self.recipients if "@" not in one]
        return {name: self.value(name) for name in self.names()} | {
            "opens_at": self.opens_at.isoformat(timespec="seconds") if self.opens_at else None,
            "expires_at": self.expires_at.isoformat(timespec="seconds"),
            "networks": [str(one) for one in self.networks or ()],
            "groups": list(self.groups),
            "recipients": {"addresses": len(self.recipients) - len(domains), "domains": domains},
        }

    def asked(self) -> dict[str, Any]:
        """Return the conditions of a new link for the trail: the usual three, and whatever else is asked for."""
        usual = ("password", "groups", "max_views")
        other = {"name", "expires_at", "powers", *usual}
        told = self.told()
        more = {one: told[one] for one in self.names() if one not in other and self.value(one)}
        return {name: told[name] for name in usual} | more


def snapshot(session: Session, link: ShareLink) -> Snapshot:
    """Return what stands now."""
    return Snapshot(
        name=link.name,
        opens_at=link.opens_at,
        expires_at=link.expires_at,
        networks=networks.load(link.networks),
        max_views=link.max_views,
        max_views_each=link.max_views_each,
        asks_sign_in=link.asks_sign_in,
        sign_in_through=link.sign_in_through,
        groups=tuple(sorted(rows.groups_of_link(session, link.id).values())),
        all_groups=link.all_groups,
        recipients=rows.recipients_of_link(session, link.id),
        asks_second_factor=link.asks_second_factor,
        password=link.password_hash is not None,
        terms=link.terms_version,
        asks_reason=link.asks_reason,
        powers=link.powers,
    )


def apply(session: Session, link: ShareLink, changes: Changes) -> bool:
    """Set what is changed; tell whether a password was set. Raises Invalid with the field."""
    if not isinstance(changes.name, Unchanged):
        link.name = rules.checked_name(changes.name)
        words.of_link(session, link)
    if not isinstance(changes.powers, Unchanged):
        kind = session.get_one(SharedObject, link.shared_object_id).kind
        link.powers = powers.dump(powers.checked(changes.powers, is_page=kind == ObjectKind.PAGE))
        if changes.powers.children is not None:
            tree.ask_again(session, link.shared_object_id)
    _times(link, changes)
    _views(link, changes)
    _people(session, link, changes)
    if not isinstance(changes.networks, Unchanged):
        link.networks = networks.dump(networks.read(changes.networks))
    if not isinstance(changes.recipients, Unchanged):
        _set_recipients(session, link, recipients.read(changes.recipients))
    if not isinstance(changes.terms, Unchanged):
        _set_terms(session, link, rules.checked_terms(changes.terms))
    if not isinstance(changes.asks_reason, Unchanged):
        link.asks_reason = changes.asks_reason
    password_set = not isinstance(changes.password, Unchanged) and changes.password is not None
    if not isinstance(changes.password, Unchanged):
        link.password_hash = changes.password.hashed if changes.password else None
    _check_together(session, link)
    return password_set


def _times(link: ShareLink, changes: Changes) -> None:
    if not isinstance(changes.opens_at, Unchanged):
        link.opens_at = changes.opens_at
    if not isinstance(changes.expires_at, Unchanged) and changes.expires_at != link.expires_at:
        link.expires_at = rules.checked_expiry(changes.expires_at, now=clock.now())
    rules.check_opening(link.opens_at, link.expires_at)


def _views(link: ShareLink, changes: Changes) -> None:
    if not isinstance(changes.max_views, Unchanged):
        link.max_views = rules.checked_views(changes.max_views) if changes.max_views is not None else None
    if not isinstance(changes.max_views_each, Unchanged):
        each = changes.max_views_each
        link.max_views_each = rules.checked_views(each, "max_views_each") if each is not None else None


def _people(session: Session, link: ShareLink, changes: Changes) -> None:
    if not isinstance(changes.asks_sign_in, Unchanged):
        link.asks_sign_in = changes.asks_sign_in
    if not isinstance(changes.sign_in_through, Unchanged) and changes.sign_in_through != link.sign_in_through:
        link.sign_in_through = _known_way(session, changes.sign_in_through)
    if not isinstance(changes.all_groups, Unchanged):
        link.all_groups = changes.all_groups
    if not isinstance(changes.groups, Unchanged):
        rows.set_groups(session, link.id, {group.id for group in rows.resolve_groups(session, changes.groups)})
    if not isinstance(changes.asks_second_factor, Unchanged):
        if changes.asks_second_factor and not link.asks_second_factor and not second_factor.is_offered():
            raise Invalid("asks_second_factor", Text("Nobody can prove a second factor here yet."), code="not_offered")
        link.asks_second_factor = changes.asks_second_factor


def _known_way(session: Session, name: str | None) -> str | None:
    if name is not None and name not in {way.name for way in sign_in.ways(session)}:
        raise Invalid("sign_in_through", Text("There is no such way to sign in, or it is switched off."))
    return name


def _set_recipients(session: Session, link: ShareLink, wanted: tuple[str, ...]) -> None:
    known = set(rows.recipients_of_link(session, link.id))
    if set(wanted) - known and not delivery.can_send():
        raise Invalid(
            "recipients",
            Text("Codes go by mail, and no mail leaves this installation. Ask an administrator to set a mail server."),
            code="no_mail",
        )
    session.execute(delete(LinkRecipient).where(LinkRecipient.link_id == link.id, LinkRecipient.value.not_in(wanted)))
    session.add_all(
        LinkRecipient(link_id=link.id, value=one, domain=recipients.domain_of(one))
        for one in wanted
        if one not in known
    )
    session.flush()


def _set_terms(session: Session, link: ShareLink, text: str) -> None:
    if not text:
        link.terms_version = None
        return
    newest = session.scalars(
        select(LinkTerms).where(LinkTerms.link_id == link.id).order_by(LinkTerms.version.desc()).limit(1)
    ).one_or_none()
    if newest is None or newest.text != text:
        version = newest.version + 1 if newest is not None else 1
        newest = LinkTerms(link_id=link.id, version=version, text=text, created_at=clock.now())
        session.add(newest)
        session.flush()
    link.terms_version = newest.version


def _check_together(session: Session, link: ShareLink) -> None:
    """Raise Invalid where conditions contradict each other or break the rules of their place."""
    groups = rows.groups_of_link(session, link.id)
    sources = session.scalars(select(func.distinct(Group.source)).where(Group.id.in_(groups)))
    rules.check_sources(set(sources), link.sign_in_through, LOCAL)
    asks_person = link.asks_sign_in or link.sign_in_through is not None or link.asks_second_factor
    abiding.check(
        ruling.rules_of(session, link),
        Asked(
            created_at=link.created_at,
            expires_at=link.expires_at,
            has_password=link.password_hash is not None,
            asks_person=asks_person or bool(groups),
            recipients=rows.recipients_of_link(session, link.id),
            powers=powers.load(link.powers),
            restricted=bool(link.restriction_digest),
        ),
    )
