"""Puts the sign-in flow into the application: its addresses, the buttons on the sign-in page, and closed passwords."""

from collections.abc import Sequence

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.accounts import sign_in
from app.core.accounts.sign_in import Way
from app.core.settings import registry
from app.core.text import Text
from app.features.sso import flow_views
from app.features.sso.finish import METHOD
from app.features.sso.models import SsoConnection
from app.features.sso.settings import SsoSettings


def register(app: Flask) -> None:
    """Register the flow."""
    registry.register("sso", Text("Single sign-on"), SsoSettings)
    app.register_blueprint(flow_views.blueprint)
    sign_in.register_ways(ways)
    sign_in.register_closing(staff_passwords_are_closed)


def ways(session: Session) -> Sequence[Way]:
    """Return a way for each connection that is on, in the order of their buttons."""
    query = (
        select(SsoConnection)
        .where(SsoConnection.enabled_at.is_not(None))
        .order_by(SsoConnection.position, SsoConnection.id)
    )
    return [
        Way(
            name=row.public_id,
            label=row.button_label,
            endpoint="sso_flow.start",
            values={"public_id": row.public_id},
            for_staff=row.for_staff,
            for_guests=row.for_guests,
            method=f"{METHOD}{row.public_id}",
            again="sso_flow.prove_again",
        )
        for row in session.scalars(query)
    ]


def staff_passwords_are_closed(session: Session) -> bool:
    """Tell whether staff have to sign in through a provider: where that is set, and one is on for them."""
    if not registry.read(session, SsoSettings).required_for_staff:
        return False
    return any(way.for_staff for way in ways(session))
