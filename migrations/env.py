"""Runs migrations on the engine that `app.core.migrations` hands over."""

from typing import Any, Literal

from alembic import context

import app.core.models
import app.features.share_links.guests.models
import app.features.share_links.life_models
import app.features.share_links.lookup_models
import app.features.share_links.models
import app.features.sso.models
from app.core.crypto.columns import EncryptedText
from app.core.db import Base, UtcDateTime

#: Imported for their tables.
TABLES = (
    app.core.models,
    app.features.share_links.models,
    app.features.share_links.lookup_models,
    app.features.share_links.life_models,
    app.features.share_links.guests.models,
    app.features.sso.models,
)


def _plain_types(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write Portico's own column types as what they are in the database: a migration outlives the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, EncryptedText):
        return "sa.LargeBinary()"
    return False


engine = context.config.attributes["engine"]
# A migration is a transaction of its own; the engine's BEGIN IMMEDIATE makes it one on SQLite too.
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=_plain_types,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
