"""What a content check found, as the programming interface answers it."""

from pydantic import Field

from app.features.share_links.rules.content_check import Why
from app.web.api import Output


class FoundBody(Output):
    """What a content check found, masked."""

    kind: str
    place: str = Field(description="The heading that it stands below, or the page or sheet of the file.")
    masked: str
    file: str = Field(description="The name of the file that it stands in; empty where it is no file.")


class UnreadBody(Output):
    """A file that could not be looked through, or not all of it."""

    file: str
    why: Why
