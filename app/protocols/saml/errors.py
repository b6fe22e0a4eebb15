"""The one exception family of this package. Messages are for logs; what a person reads is made from the check."""

from app.protocols.saml.types import Check, CheckResult


class SamlError(Exception):
    """A rule was not met; `check` names it, `expected` and `found` say how."""

    def __init__(self, check: Check, expected: str, found: str) -> None:
        super().__init__(f"{check}: expected {expected}; found {found}")
        self.check = check
        self.expected = expected
        self.found = found

    @property
    def result(self) -> CheckResult:
        """The same as a failed check, for an explanation."""
        return CheckResult(self.check, passed=False, expected=self.expected, found=self.found)


class Refused(SamlError):
    """A message that says something which is not believed."""


class MetadataRefused(SamlError):
    """A description of an identity provider that cannot be used; `str(error)` is a sentence for an administrator."""

    def __init__(self, sentence: str, check: Check = Check.METADATA) -> None:
        super().__init__(check, "metadata that can be used", sentence)

    def __str__(self) -> str:
        return self.found


class RequestRefused(SamlError):
    """A request that cannot be made from what is configured."""
