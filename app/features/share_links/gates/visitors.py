"""What happens to a visitor's grants when they sign out. Runs inside the sender's transaction."""

from typing import Any

from sqlalchemy.orm import Session

from app.features.share_links.gates import grants


def on_signed_out(person_id: int, *, db: Session, browser_digest: str | None, **_: Any) -> None:
    """End what somebody opened on the browser on which they sign out."""
    if browser_digest is not None:
        grants.end_of_browser(db, person_id, browser_digest)
