"""Every table of core and its recurring work, imported together so that migrations and workers know them all."""

from app.core.accounts import housekeeping
from app.core.accounts import models as accounts
from app.core.audit import models as audit
from app.core.connections import alarms
from app.core.connections import models as connections
from app.core.idempotency import IdempotencyKey
from app.core.jobs import models as jobs
from app.core.mail import models as mail
from app.core.ratelimit import Attempt
from app.core.settings import models as settings

__all__ = [
    "Attempt",
    "IdempotencyKey",
    "accounts",
    "alarms",
    "audit",
    "connections",
    "housekeeping",
    "jobs",
    "mail",
    "settings",
]
