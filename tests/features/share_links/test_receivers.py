"""What an administrator is told before ending somebody's access."""

from app.core import db, signals
from tests.features.share_links.conftest import World
from tests.features.share_links.readers import share


def test_the_question_names_the_links_that_close(world: World) -> None:
    share(world)
    shared = share(world)
    shared.change(revoked_at=shared.link.created_at)
    with db.reading() as session:
        answers = signals.deactivation_effects.send(world.author.id, db=session)
    assert "Links that close for their readers: 1." in [str(answer) for _, answer in answers]
