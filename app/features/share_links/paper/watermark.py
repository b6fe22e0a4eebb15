"""Who is reading, as it lies over the page and stands in each sheet of its PDF: proven identity, time and link."""

import html
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.accounts.models import Person
from app.documents.paper.personal import Marks
from app.documents.words import Words
from app.features.share_links.queries import Visit
from app.features.share_links.reading.material import reader_zone

_LINK_CHARACTERS = 8
_MAXIMUM_WORDS = 80


def marks(session: Session, visit: Visit, now: datetime) -> Marks:
    """Return the marks for a reader; only what was proven about them is said."""
    at = Words(zone=reader_zone()).instant(now)
    link = f"link {visit.shown.public_id[:_LINK_CHARACTERS]}"
    person = session.get(Person, visit.visitor.person_id) if visit.visitor.person_id is not None else None
    proven = person.email if person is not None else visit.proven_address
    named = f"For {person.display_name} ({proven})" if person is not None else f"For {proven}" if proven else None
    line = " · ".join([named or "Opened by link", at, f"shared by {visit.shown.owner_name}", link])
    return Marks(line, f"{proven or link} · {at}" if visit.shown.powers.watermark else None)


def picture(words: str) -> str:
    """Return an SVG without script that repeats the words across whatever it lies over."""
    said = html.escape(words[:_MAXIMUM_WORDS])
    width = 11 * len(words[:_MAXIMUM_WORDS]) + 80
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"><defs>'
        f'<pattern id="words" width="{width}" height="150" patternUnits="userSpaceOnUse" patternTransform="rotate(-30)">'
        f'<text x="0" y="40">{said}</text><text x="{width // 2}" y="115">{said}</text>'
        f'<text x="{width // 2 - width}" y="115">{said}</text></pattern></defs>'
        "<style>text { font: 18px sans-serif; fill: #8c8f97; fill-opacity: 0.22 }</style>"
        '<rect width="100%" height="100%" fill="url(#words)"/></svg>'
    )
