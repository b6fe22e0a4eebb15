"""The way that stays for administrators when staff have to use an identity provider: limited, recorded, and never silent."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import context
from app.core.accounts import queries, service
from app.core.accounts.models import Person
from app.core.audit import trail
from app.core.audit.events import CoreEvent
from app.core.mail import delivery
from app.core.ratelimit import Limit
from app.core.text import Text

#: Tries from one network, whatever names they use.
LIMIT = Limit("sign-in-emergency", 5, 3_600)


def tell(session: Session, person: Person) -> None:
    """Record that an administrator came in by the emergency sign-in, and write to all administrators."""
    told = session.scalars(select(Person).where(Person.id.in_(service.administrators(session)))).all()
    trail.record(
        session,
        CoreEvent.EMERGENCY_SIGN_IN,
        subject=("person", person.public_id),
        actor=queries.actor_for(session, person),
        told=len(told),
    )
    for administrator in told:
        delivery.send(
            session,
            to=administrator.email,
            subject=Text("Emergency sign-in was used"),
            body=Text(
                "%(name)s signed in to Portico with a local password by the emergency sign-in, from %(address)s.\n\n"
                "If that was not agreed on, end their sessions and change their password.",
                name=person.display_name,
                address=context.current().address or Text("an unknown address"),
            ),
        )
