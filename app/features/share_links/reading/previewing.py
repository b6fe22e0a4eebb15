"""What readers of a link see, for its owner, for administrators, and for whom it waits to be approved by; it spends nothing."""

from functools import partial

from app.core import db
from app.core.accounts.actor import Actor
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.features.share_links.gates.opening import Asked
from app.features.share_links.reading import sheets
from app.features.share_links.reading.sheets import Approach, Sheet
from app.features.share_links.rules import approving


def look(person: Actor, public_id: str, page_id: str | None = None) -> tuple[Approach, Sheet | None]:
    """Return what readers would see, or why they see nothing.

    Raises NotFound where the person may not know, Unavailable while Atlassian does not answer and no copy is young enough.
    """
    asked = Asked(public_id, None, None, None)
    if _decides(person, public_id):
        return _as_approver(person, asked, page_id)
    visit = sheets.approach(asked).visit
    owns = visit is not None and visit.shown.owner_id == person.person_id and person.may(Permission.LINKS_OWN_MANAGE)
    if visit is None or not (owns or person.may(Permission.LINKS_ALL_MANAGE)):
        raise NotFound
    again = partial(sheets.as_owner, asked)
    return sheets.with_content(again, sheets.freshen(again, again(), page_id), page_id)


def _as_approver(person: Actor, asked: Asked, page_id: str | None) -> tuple[Approach, Sheet | None]:
    """Return what readers would see, as long as the link waits for the person: also when Atlassian has been asked."""

    def again() -> Approach:
        return sheets.as_approver(asked) if _decides(person, asked.public_id) else sheets.as_owner(asked)

    fresh = sheets.freshen(again, again(), page_id)
    if not _decides(person, asked.public_id):
        return sheets.as_owner(asked), None
    return sheets.with_content(again, fresh, page_id, guarded=False)


def _decides(person: Actor, public_id: str) -> bool:
    with db.reading() as session:
        return approving.waits_for(session, person, public_id)
