"""The words that links are found by, kept in the transaction that changes a name or a title."""

from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.folding import words_of
from app.features.share_links.lookup_models import LinkWord, ObjectWord
from app.features.share_links.models import ShareLink


def of_link(session: Session, link: ShareLink) -> None:
    """Keep the words of a link's name; the link has its row id."""
    _keep(session, LinkWord, LinkWord.link_id, link.id, words_of(link.name))


def of_object(session: Session, object_id: int, title: str, key: str | None, container: str | None) -> None:
    """Keep the words of what is shared."""
    _keep(session, ObjectWord, ObjectWord.object_id, object_id, words_of(title, key, container))


def _keep(
    session: Session,
    table: type[LinkWord | ObjectWord],
    column: InstrumentedAttribute[int],
    owner: int,
    words: frozenset[str],
) -> None:
    kept = set(session.scalars(select(table.word).where(column == owner)))
    gone, new = kept - words, sorted(words - kept)
    if gone:
        session.execute(delete(table).where(column == owner, table.word.in_(gone)))
    if new:
        rows: list[dict[str, Any]] = [{column.key: owner, "word": word} for word in new]
        session.execute(insert(table), rows)
