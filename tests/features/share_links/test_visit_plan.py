"""What a visit costs does not grow with what there is: its one statement finds every row by an index of its own."""

import re

from app.core import clock
from app.core.db import transaction
from app.features.share_links import visit_statement
from tests.factories import links, people
from tests.features.share_links.conftest import PlanOf


def test_a_visit_goes_through_no_table_and_finds_its_grant_by_link_and_browser(app: object, plan_of: PlanOf) -> None:
    with transaction() as db:
        link = links.make_link(db, people.make_author(db))
        links.make_grant(db, link)
    plan = plan_of(
        visit_statement.BY_TOKEN,
        public_id=link.public_id,
        generation=link.generation,
        browser="a" * 64,
        session="s" * 64,
        now=clock.now(),
    )
    assert "ix_grants_link_id_browser_digest_invitation_id" in plan, plan
    assert "ix_grants_invitation_id" not in plan, plan
    # The request itself is a row that stands in the statement.
    assert not re.search(r"SCAN (?!request|CONSTANT)|Seq Scan", plan), plan
