"""The one exception family of this package. Messages are for logs; what a person reads is made from the check."""

from app.protocols.oidc.types import Check, CheckResult


class OidcError(Exception):
    """A rule was not met; `check` names it, `expected` and `found` say how, `checks` are all that were made, in order."""

    def __init__(self, check: Check, expected: str, found: str, checks: tuple[CheckResult, ...] = ()) -> None:
        super().__init__(f"{check}: expected {expected}; found {found}")
        self.check = check
        self.expected = expected
        self.found = found
        self.checks = checks or (self.result,)

    @property
    def result(self) -> CheckResult:
        """The same as a failed check, for an explanation."""
        return CheckResult(self.check, passed=False, expected=self.expected, found=self.found)


class Refused(OidcError):
    """A message that says something which is not believed."""


class UnknownKey(Refused):
    """The token names a key that is not in the key set at hand; a fresh set may hold it."""


class MetadataRefused(OidcError):
    """A published document that cannot be used; `str(error)` is a sentence for an administrator."""

    def __init__(self, sentence: str, check: Check = Check.DISCOVERY) -> None:
        super().__init__(check, "a document that can be used", sentence)

    def __str__(self) -> str:
        return self.found


class RequestRefused(OidcError):
    """A request that cannot be made from what is configured."""
