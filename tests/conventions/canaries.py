"""The program that `test_secrets` runs: a portal with a page client, secrets that go through it, what is left behind.

Prints one JSON object; the log goes to standard error by itself.
"""

import json
import re
import sys

import pytest
from flask import Flask
from sqlalchemy import select, text

from app.core import db
from app.core.accounts import queries, service
from app.core.accounts.actor import SYSTEM
from app.core.connections import accounts as own_accounts
from app.core.connections import clients
from app.core.connections.models import AccountSource
from app.core.models import connections as connection_models
from app.factory import create_app
from app.features.share_links import tokens
from app.integrations.atlassian.types import Account
from tests import guards
from tests.factories import connections, links, people
from tests.pages import PageClient

WRONG = "a wrong canary password of somebody"
WRONG_AT_GATE = "a wrong canary password at a gate"
RESET = "brisk canary beneath the harbour wall"
TYPED_TOKEN = "ATATT-canary-typed-4d1e7b20c9"
#: Nothing listens here.
SITE = "http://127.0.0.1:9"
#: Answers under the link's own address may name it.
STEPS_UNDER_THE_LINK = ("gate", "wrong password at the gate")


def main() -> None:
    """Run the flows and print what they left behind."""
    guards.install(pytest.MonkeyPatch())
    app = create_app()
    secrets, answers = _flows(app)
    sys.stdout.write(
        json.dumps({"tables": _tables(), "answers": answers, "metrics": _metrics(app), "secrets": secrets})
    )


def _flows(app: Flask) -> tuple[dict[str, str], dict[str, str]]:
    secrets = {
        "password": people.PASSWORD,
        "wrong password": WRONG,
        "wrong password at a gate": WRONG_AT_GATE,
        "password set by a one-time link": RESET,
        "reading credential": connections.READING_TOKEN,
        "checking credential": connections.CHECKING_TOKEN,
        "own Atlassian token": connections.OWN_TOKEN,
        "typed Atlassian token": TYPED_TOKEN,
    }
    answers: dict[str, str] = {}
    with db.transaction() as session:
        author = people.make_author(session)
        connection = connections.make_connection(session, base_url=SITE, checking=True)
        site, connection_id = clients.site_of(connection), connection.public_id
        person = queries.actor_for(session, author)
        account = Account("557058:0a1b2c", "Ines Duarte", author.email, active=True)
        own_accounts.connect(session, person, site, account, email=author.email, token=connections.OWN_TOKEN)
        link = links.make_link(session, author, connection)
        one_time, _ = service.issue_one_time_link(session, SYSTEM, people.make_author(session, "Nils Neu"))
    secrets["one-time link"] = one_time
    secrets["link token"] = tokens.make(link.public_id, link.generation)
    _as_author(app, author.email, connection_id, secrets, answers)
    _as_visitor(app, secrets["link token"], answers)
    browser = PageClient(app)
    answers["one-time link"] = browser.get(f"/reset/{one_time}").source
    browser.submit("Set password", {"new_password": RESET})
    answers["after the one-time link"] = browser.get(f"/reset/{one_time}", status=404).source
    with db.reading() as session:
        kept = session.scalars(select(connection_models.AtlassianAccount)).one()
        assert kept.source == AccountSource.TOKEN
    return secrets, answers


def _as_author(app: Flask, email: str, connection_id: str, secrets: dict[str, str], answers: dict[str, str]) -> None:
    browser = PageClient(app)
    answers["wrong password"] = browser.enter(email, WRONG, status=422).source
    browser.enter(email, people.PASSWORD)
    answers["profile"] = browser.get("/profile").source
    browser.get("/profile/tokens/new")
    browser.submit("Create token", {"name": "Canary", "scopes": ["shares:read"]})
    page = browser.follow()
    found = re.search(r"portico_[\w-]{40,}", page.source)
    assert found is not None
    secrets["API token"] = found.group()
    answers["API token"] = page.source
    browser.get(f"/profile/connections/{connection_id}")
    # Nothing listens at the site: the answer is the form again, without what was typed.
    page = browser.submit("Connect account", {"email": email, "token": TYPED_TOKEN}, status=503)
    answers["a site that is down"] = page.source
    cookie = browser.http.get_cookie("portico_dev")
    assert cookie is not None
    secrets["session"] = cookie.value
    headers = {"Authorization": f"Bearer {secrets['API token']}"}
    answers["API"] = browser.http.get("/api/v1/shares", base_url=browser.base_url, headers=headers).text
    answers["not found"] = browser.get("/nothing-here", status=404).source


def _as_visitor(app: Flask, token: str, answers: dict[str, str]) -> None:
    browser = PageClient(app, address="192.0.2.7")
    answers["gate"] = browser.get(f"/s/{token}/").source
    (form,) = [form for form in browser.page.forms if "password" in form.names]
    page = browser.send(form, fields={"password": WRONG_AT_GATE}, status=403)
    answers["wrong password at the gate"] = page.source
    (form,) = [form for form in page.forms if "password" in form.names]
    browser.send(form, fields={"password": links.PASSWORD})
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    answers["forged token"] = browser.get(f"/s/{altered}/", status=404).source


def _tables() -> str:
    """Return every row of every table as it stands in the database, columns that are encrypted as their bytes."""
    found = []
    with db.engine().connect() as connection:
        for table in db.Base.metadata.sorted_tables:
            rows = connection.execute(text(f"SELECT * FROM {table.name}"))
            found += [repr(tuple(bytes(one) if isinstance(one, memoryview) else one for one in row)) for row in rows]
    return "\n".join(found)


def _metrics(app: Flask) -> str:
    return app.test_client().get("/metrics", base_url="http://localhost:8000").text


if __name__ == "__main__":
    main()
    sys.exit(0)
