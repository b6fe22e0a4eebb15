"""The pages below a shared page as one link covers them, and whether one of them may be read now."""

from app.core import db
from app.features.share_links import queries
from app.features.share_links.life import halts
from app.features.share_links.objects import ObjectKind
from app.features.share_links.queries import ObjectRow, Shown
from app.features.share_links.reading import coverage, freshness, tree
from app.features.share_links.reading.coverage import ALONE, Coverage
from app.features.share_links.reading.freshness import Verdict
from app.features.share_links.reading.page_cache import Kept

#: What was chosen last, by everything that it depends on.
_kept: Kept[Coverage] = Kept(4 * 1024 * 1024, lambda found: 500 + 1_000 * len(found.pages))


def coverage_of(shown: Shown) -> Coverage:
    """Return the pages that a link covers besides the one it names, as of the last check of that one."""
    root, children = shown.object, shown.powers.children
    if children is None or root.kind is not ObjectKind.PAGE:
        return ALONE
    key = (root.id, root.tree_digest, root.title, children)
    found = _kept.get(key)
    if found is None:
        with db.reading() as session:
            found = coverage.covered(tree.load(session, root.id), root.object_id, root.title, children)
        _kept.put(key, found)
    return found


def checked(shown: Shown, page_id: str) -> tuple[Verdict, ObjectRow | None]:
    """Check a page that is read by way of a link; None where the link does not cover it, whether or not it is there.

    The page has to be under the very restrictions that the shared page is under: one more, anywhere between the two or
    on the page itself, and it is not covered. Raises Unavailable like `freshness.ensure`.
    """
    page = coverage_of(shown).page(page_id)
    if page is None:
        return Verdict.FRESH, None
    with db.reading() as session:
        target = queries.object_row(session, page.object_row)
        halted = halts.object_halted(session, page.object_row)
    if halted:
        return Verdict.FRESH, None
    verdict = freshness.ensure(target)
    if verdict is not Verdict.AGAIN and target.restriction_digest != shown.object.restriction_digest:
        return Verdict.FRESH, None
    return verdict, target


def forget() -> None:
    """Drop what this process keeps."""
    _kept.clear()
