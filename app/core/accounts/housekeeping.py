"""What is deleted once it can prove nothing any more; the audit trail keeps what happened."""

from datetime import timedelta

from sqlalchemy import delete, or_

from app.core import clock, db
from app.core.accounts.models import ApiToken, KnownBrowser, OneTimeLink, SignInSession
from app.core.jobs import schedule

#: Ended sessions, used links and dead tokens are kept this long for administrators to look at.
KEEP_ENDED = timedelta(days=30)
#: A browser that was not used for this long is a stranger again.
KEEP_BROWSER = timedelta(days=365)


@schedule.every(86_400, "accounts.purge")
def purge() -> None:
    """Delete ended sessions, used or lapsed one-time links, dead tokens and forgotten browsers; safe to run twice."""
    before = clock.now() - KEEP_ENDED
    with db.transaction() as session:
        session.execute(
            delete(SignInSession).where(
                or_(
                    SignInSession.ended_at < before, SignInSession.idle_ends_at < before, SignInSession.ends_at < before
                )
            )
        )
        session.execute(delete(OneTimeLink).where(OneTimeLink.ends_at < before))
        session.execute(delete(ApiToken).where(or_(ApiToken.ends_at < before, ApiToken.revoked_at < before)))
        session.execute(delete(KnownBrowser).where(KnownBrowser.last_used_at < clock.now() - KEEP_BROWSER))
