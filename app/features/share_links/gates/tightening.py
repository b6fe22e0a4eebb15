"""Whether changed conditions are stricter: then whoever reads now passes the gates again. Pure.

Stricter means that somebody whom the former conditions let in could be kept out by the new ones.
"""

from collections.abc import Collection
from datetime import datetime

from app.features.share_links.applying import Snapshot
from app.features.share_links.gates import networks, recipients


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
