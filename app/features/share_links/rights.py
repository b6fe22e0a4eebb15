"""Who may see and who may change a link: its creator, and whoever holds the permission for all links."""

from app.core.accounts.actor import Actor
from app.core.permissions import Permission


def owns(actor: Actor, created_by_id: int) -> bool:
    """Tell whether the link is the actor's own, and the actor is still somebody who has links."""
    return actor.person_id == created_by_id and actor.may(Permission.LINKS_OWN_MANAGE)


def may_see(actor: Actor, created_by_id: int) -> bool:
    """Tell whether the actor may know that the link exists."""
    return owns(actor, created_by_id) or actor.may(Permission.LINKS_ALL_READ) or actor.may(Permission.LINKS_ALL_MANAGE)


def may_manage(actor: Actor, created_by_id: int) -> bool:
    """Tell whether the actor may change the link, and so be told its address."""
    return owns(actor, created_by_id) or actor.may(Permission.LINKS_ALL_MANAGE)
