"""A column whose values are encrypted with the key ring; what the database holds is of no use without it."""

from sqlalchemy import Dialect, LargeBinary, TypeDecorator

from app.core.crypto import ring


class EncryptedText(TypeDecorator[str]):
    """Text encrypted at rest. `bound_to` names table and column, so that a value cannot be moved to another."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else ring.current().encrypt(value.encode(), bound_to=self.bound_to.encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else ring.current().decrypt(bytes(value), bound_to=self.bound_to.encode()).decode()
