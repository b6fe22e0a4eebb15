"""`portico stop` and `portico resume`: the emergency stop for when the web is the problem."""

import click

from app.cli.base import database
from app.core import db
from app.core.accounts.actor import SYSTEM

_SCOPES = ("link", "page", "space", "connection", "person", "everything")


@click.command()
@click.argument("scope", type=click.Choice(_SCOPES))
@click.argument("what", default="")
@click.option("--connection", default="", help="Name or id of the connection, for a space or project.")
@click.option("--reason", default="", help="Why; stands in the audit log and in the mail to administrators.")
def stop(scope: str, what: str, connection: str, reason: str) -> None:
    """Shut a link, page, space, connection, the links of a person, or everything: at once, on every machine.

    WHAT is an id or address of a link, an address of a page or issue, a key, a name of a connection, or a person's address.
    """
    # The feature's imports take a while, and no other command needs them.
    from app.features.share_links.life import halt_targets, halting
    from app.features.share_links.life.halts import HaltKind, HaltScope

    with database(), db.transaction() as session:
        target = halt_targets.named(session, HaltScope(scope), what, connection)
        covered = halting.effect(session, target)
        row = halting.begin(session, SYSTEM, HaltKind.STOP, target, reason=reason)
        public_id, words = row.public_id, halting.describe(row)
    click.echo(
        f"Stopped {words}: {covered.links} links, {covered.readers} readers. `portico resume {public_id}` undoes it."
    )


@click.command()
@click.argument("stop_id", default="")
def resume(stop_id: str) -> None:
    """Let sharing go on that STOP_ID stopped or switched off; without an id, list what is in force."""
    from app.features.share_links.life import halting

    with database():
        if not stop_id:
            with db.reading() as session:
                for row in halting.listed(session, SYSTEM, over=False):
                    click.echo(
                        f"{row.public_id}  {row.kind}  {row.began_at:%Y-%m-%d %H:%M} UTC  {halting.describe(row)}"
                    )
            return
        with db.transaction() as session:
            row = halting.lift(session, SYSTEM, stop_id)
        click.echo(f"Goes on: {halting.describe(row)}. Grants of before stay dead.")
