"""What has to be true of every refused sign-in: a reference for the person, an entry with the reason, an explanation."""

from sqlalchemy import select

from app.core.accounts.models import SignInSession
from app.core.audit.events import CoreEvent
from app.core.audit.models import AuditEntry
from app.core.db import reading, transaction
from app.features.sso import received, words
from tests.factories import people
from tests.features.sso import acme
from tests.pages import Page, PageClient


def begun() -> int:
    """Return how many sessions have begun through a provider."""
    with reading() as db:
        return sum("sso:" in " ".join(one.methods) for one in db.scalars(select(SignInSession)))


def look(pages: PageClient, page: Page, check: str = "") -> None:
    """Look at the refusal on a page: by that check, or by any, recorded with its reason, and explained to an auditor."""
    attempt = acme.last_attempt()
    assert attempt.reference in page.text
    failed = next(one for one in received.load_checks(attempt.checks) if not one.passed)
    assert failed.name == (check or failed.name)
    assert failed.expected
    assert failed.found
    with reading() as db:
        newest = select(AuditEntry).where(AuditEntry.event == CoreEvent.SIGN_IN_FAILED).order_by(AuditEntry.id.desc())
        entry = db.scalars(newest.limit(1)).one()
    assert entry.details["reason"] == f"sso: {attempt.reason}"
    with transaction() as db:
        auditor = people.make_auditor(db)
    reader = pages.another()
    reader.sign_in(auditor)
    shown = " ".join(reader.get(f"/admin/sso/attempts/{attempt.reference}").text.split())
    for said in (words.check(failed.name).render(str), failed.expected, failed.found):
        assert " ".join(said.split()) in shown
