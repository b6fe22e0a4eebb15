"""`portico create-admin` and `portico api-token create`."""

import sys

import click

from app.cli.base import database
from app.core import db
from app.core.accounts import api_tokens, queries, service
from app.core.accounts.actor import SYSTEM, PersonKind
from app.core.crypto import passwords
from app.core.permissions import Role


@click.command("create-admin")
@click.option("--email", required=True, help="Address to sign in with.")
@click.option("--name", required=True, help="Name that others see.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking.")
def create_admin(email: str, name: str, password_stdin: bool) -> None:
    """Create a person who may do everything, or make one of somebody who exists."""
    with database():
        if password_stdin:
            password = sys.stdin.readline().rstrip("\n")
        else:
            password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        problem = passwords.problem_with(password, user_inputs=(email, name))
        if problem is not None:
            raise click.ClickException(str(problem))
        hashed = passwords.hash_password(password)
        with db.transaction() as session:
            person = queries.person_by_email(session, email)
            if person is None:
                person = service.create_person(
                    session, SYSTEM, email=email, name=name, kind=PersonKind.STAFF, password_hash=hashed
                )
            else:
                service.reactivate(session, SYSTEM, person)
                service.change_person(session, SYSTEM, person, kind=PersonKind.STAFF)
                service.set_password(session, SYSTEM, person, hashed)
            service.give_role(session, SYSTEM, Role.ADMINISTRATOR, person=person)
    click.echo(f"{email} is an administrator and can sign in.")


@click.group("api-token")
def api_token() -> None:
    """Tokens for the API."""


@api_token.command()
@click.option("--user", "email", required=True, help="Address of the person the token acts for.")
@click.option("--scopes", required=True, help="Scopes separated by spaces or commas, such as shares:read,shares:write.")
@click.option("--name", default="command line", show_default=True, help="What the profile page calls it.")
@click.option("--days", default=api_tokens.DEFAULT_DAYS, show_default=True, help="Days until it ends.")
def create(email: str, scopes: str, name: str, days: int) -> None:
    """Make a token and print it, and nothing else, once."""
    with database(), db.transaction() as session:
        person = queries.person_by_email(session, email)
        if person is None:
            raise click.ClickException(f"Nobody has the address {email}.")
        wanted = scopes.replace(",", " ").split()
        secret, _row = api_tokens.create(session, SYSTEM, person, name=name, scopes=wanted, days=days)
    click.echo(secret)
