"""`portico connections import`: identity providers from a file, for installations that are set up without a browser."""

from dataclasses import replace
from pathlib import Path

import click

from app.cli.base import database
from app.core import db
from app.core.accounts.actor import SYSTEM


@click.group()
def connections() -> None:
    """Identity providers that people sign in with."""


@connections.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_connections(file: Path) -> None:
    """Make or change the identity providers that FILE (JSON or TOML) describes: all of them, or none.

    A connection is known by its id. A client secret that the file leaves out stays as it is.
    """
    # The feature's imports take a while, and no other command needs them.
    from app.features.sso import addresses, entries, gather, importing, service
    from app.features.sso.gather import Metadata

    with database() as (config, _engine):
        addresses.configure(config.web)
        plans = []
        for entry in importing.read(file.name, file.read_bytes()):
            xml = (file.parent / entry.metadata_file).read_bytes() if entry.metadata_file else b""
            entity_id = str(entry.settings.get("entity_id", ""))
            given = Metadata(xml, entry.metadata_url, entity_id, entry.metadata_certificate)
            described = gather.described(entry.kind, entry.settings, given)
            plan = entries.planned(entry, described, where=f"connections.{entry.id}.")
            key = gather.new_key(entry.name) if service.needs_key(plan.settings) else None
            plans.append(replace(plan, key=key))
        with db.transaction() as session:
            made = [entries.write(session, SYSTEM, plan) for plan in plans]
    click.echo(f"Made {sum(made)} and changed {len(made) - sum(made)} identity providers.")
