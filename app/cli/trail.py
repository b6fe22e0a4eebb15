"""`portico audit verify`."""

import sys
from pathlib import Path

import click

from app.cli.base import database
from app.core import db
from app.core.audit.sealer import Head
from app.core.audit.verify import verify as verify_chain


@click.group()
def audit() -> None:
    """Prove the audit trail."""


@audit.command()
@click.option(
    "--head",
    "head_file",
    type=click.Path(exists=True, path_type=Path),
    help="File that witnessed heads were appended to.",
)
def verify(head_file: Path | None) -> None:
    """Prove order and completeness up to the head, and say what is not sealed yet."""
    witness = _last_head(head_file) if head_file else None
    with database(), db.reading() as session:
        report = verify_chain(session, witness)
    click.echo(f"{report.sealed} entries are sealed up to {report.head.seq} ({report.head.mac[:16]}…).")
    if witness is not None:
        click.echo(f"Compared with the witnessed head {witness.seq}.")
    if report.unsealed:
        click.echo(f"{report.unsealed} entries are not sealed yet; the worker seals them within a second of running.")
    if report.erased:
        click.echo(f"Personal values of {report.erased} entries were erased; the chain covers their digests.")
    for sentence in report.problems:
        click.echo(f"PROBLEM: {sentence}", err=True)
    if not report.whole:
        sys.exit(1)
    click.echo("The chain is whole.")


def _last_head(path: Path) -> Head:
    lines = [line for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    try:
        seq, mac = lines[-1].split()
        return Head(int(seq), mac)
    except (IndexError, ValueError):
        raise click.ClickException(f"{path} does not end in a line of a number and a mac.") from None
