"""A simulated site, and people who have connections to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, Select, event

from app.core.accounts.models import Person
from app.core.connections import clients
from app.core.connections.models import Connection
from app.core.db import transaction
from app.features.share_links import public_views
from app.features.share_links.reading import sheets
from app.integrations.atlassian.types import Deployment, Product
from simulator.data_center.people import jira_key, user_key
from simulator.site import Running
from simulator.state import Account
from tests.factories import connections, people

#: Tells how the database would go about a query, with values for its places.
PlanOf = Callable[..., str]


@dataclass(frozen=True)
class World:
    """The site, its two connections, and an author whose own account is Ines's."""

    running: Running
    confluence: Connection
    jira: Connection
    author: Person

    def account(self, handle: str) -> Account:
        """Return an account of the site by its handle."""
        return next(one for one in self.running.site.accounts.values() if one.email.startswith(f"{handle}@"))

    def page(self, page_id: str = "100101", space: str = "OPS") -> str:
        """Return the address of a page."""
        return f"{self.running.base_url}/wiki/spaces/{space}/pages/{page_id}/Title"

    def issue(self, key: str = "HARB-1") -> str:
        """Return the address of an issue."""
        return f"{self.running.base_url}/browse/{key}"

    def account_id(self, connection: Connection, account: Account) -> str:
        """Return what a connection knows an account by."""
        return account.account_id

    def credential(self, account: Account) -> tuple[str | None, str]:
        """Return the address and the token that an account signs in by."""
        return account.email, account.token

    def connect(self, person: Person, handle: str, *, with_token: bool = True) -> None:
        """Give a person an account on both connections: connected by token, or assigned by an administrator."""
        account = self.account(handle)
        with transaction() as db:
            for connection in (self.confluence, self.jira):
                account_id = self.account_id(connection, account)
                row = connections.make_account(db, person, connection, account_id=account_id, with_token=with_token)
                if with_token:
                    row.email, row.token = self.credential(account)

    def assigned(self, person: Person, handle: str) -> None:
        """Assign an account as an administrator does."""
        self.connect(person, handle, with_token=False)


class OwnServers(World):
    """The same company with the products on its own machines."""

    def page(self, page_id: str = "100101", space: str = "OPS") -> str:
        """Return the address of a page."""
        return f"{self.running.base_url}/confluence/spaces/{space}/pages/{page_id}/Title"

    def issue(self, key: str = "HARB-1") -> str:
        """Return the address of an issue."""
        return f"{self.running.base_url}/jira/browse/{key}"

    def account_id(self, connection: Connection, account: Account) -> str:
        """Return the key that a product knows an account by."""
        of_jira = connection.product == Product.JIRA
        return jira_key(self.running.site, account) if of_jira else user_key(account)

    def credential(self, account: Account) -> tuple[str | None, str]:
        """Return the token that an account signs in by."""
        return None, account.access_token


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    """Begin as a process that has read nothing yet: each test has a database of its own."""
    sheets.forget()
    public_views.forget()


@pytest.fixture
def world(app: Flask, simulated: Running) -> Iterator[World]:
    """A running site, with the author's own account connected."""
    clients.forget()
    found = World(simulated, *_connections(simulated), _author())
    found.connect(found.author, "ines")
    yield found
    clients.forget()


@pytest.fixture
def own_servers(app: Flask, simulated: Running) -> Iterator[OwnServers]:
    """A running site with Data Center connections, and the author's own account connected."""
    clients.forget()
    found = OwnServers(simulated, *_connections(simulated, Deployment.DATA_CENTER), _author())
    found.connect(found.author, "ines")
    yield found
    clients.forget()


def _connections(running: Running, deployment: Deployment = Deployment.CLOUD) -> tuple[Connection, Connection]:
    reader = next(one for one in running.site.accounts.values() if one.email.startswith("reader@"))
    on_cloud = deployment is Deployment.CLOUD
    with transaction() as db:
        made = [
            connections.make_connection(
                db, product, running.base_url if on_cloud else f"{running.base_url}/{product}", deployment=deployment
            )
            for product in Product
        ]
        for row in made:
            row.reading_email = reader.email if on_cloud else None
            row.reading_token = reader.token if on_cloud else reader.access_token
    by_product = {row.product: row for row in made}
    return by_product[Product.CONFLUENCE], by_product[Product.JIRA]


def _author() -> Person:
    with transaction() as db:
        return people.make_author(db, "Ines Duarte")


@pytest.fixture
def plan_of(engine: Engine) -> PlanOf:
    """Tell how the database could go about a query; `freely`, how it would with the rows there are."""
    sqlite, plans = engine.dialect.name == "sqlite", []

    def explained(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> tuple[str, Any]:
        return ("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, given

    def kept(_connection: Any, cursor: Any, *_: Any) -> None:
        plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

    def plan(query: Select[Any], *, freely: bool = False, **values: object) -> str:
        with engine.connect() as connection:
            if not sqlite and not freely:
                # So few rows are quickest read whole: the question is whether it can be done otherwise.
                for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
                    connection.exec_driver_sql(f"SET {setting} = off")
            event.listen(connection, "before_cursor_execute", explained, retval=True)
            event.listen(connection, "after_cursor_execute", kept)
            connection.execute(query, values)
            connection.rollback()
        return plans[-1]

    return plan
