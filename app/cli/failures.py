"""What an operator is told where a command cannot be done: a sentence that says what to do, never a stack trace."""

import sqlite3

from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from app.core.config import ConfigurationError
from app.core.crypto.keyring import KeyRingError
from app.core.errors import DomainError

#: What may end a command without being a fault of Portico.
FAILURES = (ConfigurationError, KeyRingError, DomainError, DBAPIError, sqlite3.Error, CommandError, OSError)


def sentence(error: Exception) -> str:
    """Return what to print for one of FAILURES."""
    match error:
        case DBAPIError() | sqlite3.Error():
            # The driver's first line names the reason; what was asked with which values is none of the reader's business.
            reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
            return f"The database could not be used: {reason}. `portico doctor` says how to mend it."
        case CommandError():
            return f"The database cannot be taken there: {error}. `portico migrate` brings it to this version."
        case OSError() if error.filename is not None:
            return f"{error.filename} cannot be used: {error.strerror}. Correct the path, or the rights of this user."
        case _:
            return str(error)
