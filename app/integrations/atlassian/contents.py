"""What both editions of Confluence have alike: ids of pages and files, and short addresses."""

import re

from app.integrations.atlassian.addresses import page_id_of
from app.integrations.atlassian.errors import NotFound
from app.integrations.atlassian.reader import Reader

_PAGE_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_ATTACHMENT_ID = re.compile(r"(?:att)?[1-9][0-9]{0,18}", re.ASCII)


class ConfluenceSite(Reader):
    """One Confluence site, whichever edition."""

    def resolve_short(self, code: str) -> str:
        """Return the page id a short address's code stands for. The code is the id in another writing, so nothing is asked."""
        page_id = page_id_of(code)
        if page_id is None:
            raise NotFound("The short address stands for no page.", 404)
        return page_id


def checked_page_id(page_id: str) -> str:
    """Return the id of a page, which goes into an address; raise NotFound for anything else."""
    if not _PAGE_ID.fullmatch(page_id):
        raise NotFound("This is not the id of a page.", 404)
    return page_id


def checked_attachment_id(attachment_id: str) -> str:
    """Return the id of an attachment, which goes into an address; raise NotFound for anything else."""
    if not _ATTACHMENT_ID.fullmatch(attachment_id):
        raise NotFound("This is not the id of an attachment.", 404)
    return attachment_id
