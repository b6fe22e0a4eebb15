"""Who may see and who may change a link: its creator, and whoever holds the permission for all links."""

import re

from app.core.accounts.actor import Actor
from app.core.permissions import Permission

_PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{1,24}", re.ASCII)


def could_be_id(text: str) -> bool:
    """Tell whether a text could be a public id; anything else never reaches the database, which refuses some of it."""
    return _PUBLIC_ID.fullmatch(text) is not None


def owns(actor: Actor, created_by_id: int) -> bool:
    """Tell whether the link is the actor's own, and the actor is still somebody who has links."""
    return actor.person_id == created_by_id and actor.may(Permission.LINKS_OWN_MANAGE)


def may_see(actor: Actor, created_by_id: int) -> bool:
    """Tell whether the actor may know that the link exists."""
    return owns(actor, created_by_id) or actor.may(Permission.LINKS_ALL_READ) or actor.may(Permission.LINKS_ALL_MANAGE)


def may_manage(actor: Actor, created_by_id: int) -> bool:
    """Tell whether the actor may change the link, and so be told its address."""
    return owns(actor, created_by_id) or actor.may(Permission.LINKS_ALL_MANAGE)
