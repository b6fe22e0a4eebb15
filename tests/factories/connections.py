"""Connections to Atlassian sites and people's accounts on them; nothing is asked of any site."""

from sqlalchemy.orm import Session

from app.core import clock
from app.core.accounts.models import Person
from app.core.connections.models import AccountSource, AtlassianAccount, Connection
from app.core.crypto import tokens
from app.integrations.atlassian import addresses
from app.integrations.atlassian.types import Deployment, Product

#: Stand where a credential would; a log, an entry or a page that holds one of them leaks.
READING_TOKEN = "ATATT-canary-reading-51c0"
CHECKING_TOKEN = "ATATT-canary-checking-9e2d"
OWN_TOKEN = "ATATT-canary-own-77ab"


def make_connection(
    db: Session,
    product: Product | str = Product.CONFLUENCE,
    base_url: str = "https://acme.atlassian.net",
    *,
    name: str | None = None,
    checking: bool = False,
    deployment: Deployment = Deployment.CLOUD,
) -> Connection:
    """Make a connection with a reading credential, and a checking one where the test is about that."""
    product = Product(product)
    place, on_cloud = addresses.place_of(base_url), deployment is Deployment.CLOUD
    row = Connection(
        public_id=tokens.new_public_id(),
        name=name or f"Acme {product.value}",
        product=product.value,
        deployment=deployment.value,
        base_url=base_url,
        site_host=place.host,
        site_path="" if on_cloud else place.path,
        reading_email="reader@example.com" if on_cloud else None,
        reading_token=READING_TOKEN,
        checking_email="checker@example.com" if checking and on_cloud else None,
        checking_token=CHECKING_TOKEN if checking else None,
        created_at=clock.now(),
    )
    db.add(row)
    db.flush()
    return row


def make_account(
    db: Session,
    person: Person,
    connection: Connection,
    *,
    account_id: str = "557058:0a1b2c",
    with_token: bool = True,
) -> AtlassianAccount:
    """Make a person's own account on a connection: proven by their token, or assigned by an administrator."""
    row = AtlassianAccount(
        person_id=person.id,
        connection_id=connection.id,
        account_id=account_id,
        display_name=person.display_name,
        source=(AccountSource.TOKEN if with_token else AccountSource.ADMINISTRATOR).value,
        email=person.email if with_token else None,
        token=OWN_TOKEN if with_token else None,
        connected_at=clock.now(),
    )
    db.add(row)
    db.flush()
    return row
