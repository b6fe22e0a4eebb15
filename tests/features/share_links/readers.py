"""Readers of links in tests: a link to something that the simulated site really has, and how it is opened."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import urllib3
from sqlalchemy import select, update

from app.core import clock, db
from app.core.accounts.models import Person
from app.core.audit.models import AuditEntry
from app.core.connections import clients
from app.features.share_links import objects, public_views, tokens
from app.features.share_links.models import SharedObject, ShareLink
from app.features.share_links.objects import ObjectKind
from app.features.share_links.powers import Powers
from app.features.share_links.reading import sheets
from tests.factories import links
from tests.features.share_links.conftest import World
from tests.pages import Page, PageClient
from tests.processes import PATIENCE_SECONDS

#: Two files that readers see and may take along.
FILES = Powers(attachments=True, download=True)
#: The pictures and files of page 100101, in the order of the site's content.
PLAN, MOVES, CSV, PDF = (f"att100101{number:02}" for number in range(4))


@dataclass(frozen=True)
class Shared:
    """A link and its address."""

    link: ShareLink
    token: str

    @property
    def path(self) -> str:
        """The address of the page on its host."""
        return f"/s/{self.token}/"

    def row(self) -> ShareLink:
        """Return the link as the database has it now."""
        with db.reading() as session:
            return session.scalars(select(ShareLink).where(ShareLink.id == self.link.id)).one()

    def target(self) -> SharedObject:
        """Return what it shows, as the database has it now."""
        with db.reading() as session:
            return session.scalars(select(SharedObject).where(SharedObject.id == self.link.shared_object_id)).one()

    def change(self, **values: Any) -> None:
        """Set columns of the link, whatever the service would say."""
        with db.transaction() as session:
            session.execute(update(ShareLink).where(ShareLink.id == self.link.id).values(**values))

    def change_target(self, **values: Any) -> None:
        """Set columns of the shared object."""
        with db.transaction() as session:
            session.execute(update(SharedObject).where(SharedObject.id == self.link.shared_object_id).values(**values))

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what the trail says of the link: event and details, in order, without its creation."""
        query = (
            select(AuditEntry.event, AuditEntry.details)
            .where(AuditEntry.subject_kind == "link", AuditEntry.subject_id == self.link.public_id)
            .order_by(AuditEntry.id)
        )
        with db.reading() as session:
            rows = session.execute(query).all()
        return [(row.event.partition(":")[2], row.details) for row in rows if not row.event.endswith(":created")]

    def gates(self) -> list[str]:
        """Return the names of the events of the trail, in order."""
        return [name for name, _ in self.events()]


def share(world: World, page_id: str = "100101", *, owner: Person | None = None, **conditions: Any) -> Shared:
    """Make a link to a page of the site, as a creator does a moment ago."""
    found = objects.look(clients.site_of(world.confluence), ObjectKind.PAGE, page_id)
    with db.transaction() as session:
        made = links.make_link(session, owner or world.author, world.confluence, found=found, **conditions)
    return Shared(made, tokens.make(made.public_id, made.generation))


def share_issue(world: World, key: str = "HARB-2", **conditions: Any) -> Shared:
    """Make a link to an issue of the site."""
    found = objects.look(clients.site_of(world.jira), ObjectKind.ISSUE, key)
    with db.transaction() as session:
        made = links.make_link(session, world.author, world.jira, found=found, **conditions)
    return Shared(made, tokens.make(made.public_id, made.generation))


def opened(pages: PageClient, shared: Shared, password: str = links.PASSWORD) -> Page:
    """Pass the gates of a link and open its page."""
    page = pages.get(shared.path)
    pages.submit("Open", {"password": password} if "password" in page.forms[0].names else None)
    return pages.follow()


def aged(shared: Shared, seconds: float = 61) -> None:
    """Let the last check of what a link shows be that long ago."""
    shared.change_target(checked_at=clock.now() - timedelta(seconds=seconds))


def calls(world: World, part: str = "") -> list[str]:
    """Return the paths that the site was asked for since `forget_calls`, if they contain `part`."""
    return [one.path for one in world.running.site.requests if part in one.path]


def forget_calls(world: World) -> None:
    """Begin counting anew."""
    with world.running.site.lock:
        world.running.site.requests.clear()


def forget_kept() -> None:
    """Drop what this process keeps, as another process would begin."""
    sheets.forget()
    public_views.forget()


def control(world: World, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the site's control interface to be different, or how it is."""
    answer = urllib3.request(method, f"{world.running.base_url}/_simulator/{path}", json=body, timeout=PATIENCE_SECONDS)
    assert answer.status < 300, answer.data
    return answer.json() if answer.data else None
