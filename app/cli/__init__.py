"""The `portico` command: everything an operator does, from the key file to the demonstration."""

import sys

import click

from app.cli import accounts, backups, checks, connections, documents, keys, processes, stops, trail
from app.cli.failures import FAILURES, sentence


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def portico() -> None:
    """Share Confluence pages and Jira issues with people outside, under conditions, on record."""


for _command in (
    keys.init,
    keys.rotate_keys,
    processes.migrate,
    processes.migration,
    processes.serve,
    processes.portal,
    processes.worker,
    processes.demo,
    checks.doctor,
    backups.backup,
    backups.restore,
    accounts.create_admin,
    accounts.api_token,
    connections.connections,
    stops.stop,
    stops.resume,
    trail.audit,
    documents.docs,
):
    portico.add_command(_command)


def main() -> None:
    """Run the command; what cannot be done is one sentence on standard error and exit code 1."""
    try:
        portico(prog_name="portico")
    except FAILURES as error:
        click.echo(sentence(error), err=True)
        sys.exit(1)
