"""Whether a change is stricter or looser. Pure.

Stricter means that somebody whom the former conditions let in could be kept out by the new ones: then whoever reads now
passes the gates again. Looser, that somebody could be let in who was not, or could see more: that is shared anew.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from app.features.share_links import powers
from app.features.share_links.applying import Snapshot
from app.features.share_links.gates import networks, recipients
from app.features.share_links.powers import Children
from app.features.share_links.reading.names import Names

#: From what shows least to what shows most.
_NAMES = (Names.NONE, Names.INITIALS, Names.NAME, Names.FULL)


def is_tighter(new: Snapshot, old: Snapshot) -> bool:
    """Tell whether any condition became stricter; a password is compared by whoever set it."""
    return (
        new.expires_at < old.expires_at
        or _later(new.opens_at, old.opens_at)
        or not networks.covered(old.networks, new.networks)
        or _fewer(new.max_views, old.max_views)
        or _fewer(new.max_views_each, old.max_views_each)
        or (new.asks_sign_in and not old.asks_sign_in)
        or (new.sign_in_through is not None and new.sign_in_through != old.sign_in_through)
        or not _groups_covered(old, new)
        or not recipients.covered(old.recipients, new.recipients)
        or (new.asks_second_factor and not old.asks_second_factor)
        or (new.terms is not None and new.terms != old.terms)
        or (new.asks_reason and not old.asks_reason)
    )


def is_looser(new: Snapshot, old: Snapshot) -> bool:
    """Tell whether any condition became looser, or more is shown."""
    return is_tighter(old, new) or (old.password and not new.password) or shows_more(new.powers, old.powers)


def shows_more(new: dict[str, Any], old: dict[str, Any]) -> bool:
    """Tell whether stored powers let readers see or take anything that others do not."""
    one, other = powers.load(new), powers.load(old)
    return (
        any(getattr(one, name) and not getattr(other, name) for name in ("comments", "attachments", "download", "pdf"))
        or (other.watermark and not one.watermark)
        or _NAMES.index(one.names) > _NAMES.index(other.names)
        or _more_children(one.children, other.children)
        or _more_fields(one.jira_fields, other.jira_fields)
    )


def _more_children(new: Children | None, old: Children | None) -> bool:
    if new is None or old is None:
        return new is not None
    more_labels = bool(old.labels) and (not new.labels or not set(new.labels) <= set(old.labels))
    return new.depth > old.depth or more_labels


def _more_fields(new: tuple[str, ...], old: tuple[str, ...]) -> bool:
    # None named means the usual ones, which a list of names neither holds nor is held by for certain.
    return new != old and not (new and old and set(new) <= set(old))


def _later(new: datetime | None, old: datetime | None) -> bool:
    return new is not None and (old is None or new > old)


def _fewer(new: int | None, old: int | None) -> bool:
    return new is not None and (old is None or new < old)


def _groups_covered(old: Snapshot, new: Snapshot) -> bool:
    """Tell whether everybody in the old groups, in as many as were asked for, is in the new ones as well."""
    if not new.groups:
        return True
    if not old.groups:
        return False
    # Whoever met the old condition is in at least one of these sets of groups.
    certain: Collection[frozenset[str]]
    certain = [frozenset(old.groups)] if old.all_groups else [frozenset({one}) for one in old.groups]
    wanted = frozenset(new.groups)
    return all(wanted <= known if new.all_groups else bool(wanted & known) for known in certain)
