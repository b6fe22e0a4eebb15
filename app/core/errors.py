"""What can go wrong in the domain, without any HTTP: `app.web.errors` maps these once per surface.

An exception means "this never happened": the transaction rolls back. An outcome that must be remembered
(a wrong password, a refusal) is a return value instead.
"""

from app.core.text import Text


class DomainError(Exception):
    """A sentence for a person and a stable code for a program."""

    code = "error"

    def __init__(self, sentence: Text, *, code: str | None = None) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
        if code is not None:
            self.code = code


class NotFound(DomainError):
    """The thing does not exist, or the actor may not know that it does."""

    code = "not_found"

    def __init__(self, sentence: Text | None = None, *, code: str | None = None) -> None:
        super().__init__(sentence or Text("There is nothing at this address."), code=code)


class Forbidden(DomainError):
    """The actor may see the thing but not do this to it."""

    code = "forbidden"

    def __init__(self, sentence: Text | None = None, *, code: str | None = None) -> None:
        super().__init__(sentence or Text("Your role does not include this."), code=code)


class Conflict(DomainError):
    """The thing changed meanwhile, or something like it exists already."""

    code = "conflict"


class Invalid(DomainError):
    """One field of the input cannot be used; the sentence says what to enter instead."""

    code = "not_valid"

    def __init__(self, field: str, sentence: Text, *, code: str | None = None) -> None:
        super().__init__(sentence, code=code)
        self.field = field


class Gone(DomainError):
    """The thing existed and is no longer to be had."""

    code = "gone"


class TooMany(DomainError):
    """A limit was reached; `retry_after` is in seconds, None where telling it would help an attacker."""

    code = "too_many"

    def __init__(self, sentence: Text, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """Another system, named by `system`, does not answer; trying again in `retry_after` seconds may help."""

    code = "unavailable"

    def __init__(self, system: str, sentence: Text | None = None, *, retry_after: int = 10) -> None:
        super().__init__(sentence or Text("%(system)s does not answer at the moment. Try again soon.", system=system))
        self.system = system
        self.retry_after = retry_after
