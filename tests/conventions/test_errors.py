"""Every error of the domain has an answer of its own, and a code that no other has."""

import importlib
import pkgutil
from collections.abc import Iterator

import app
from app.core.errors import DomainError
from app.web import errors
from app.web.errors import CrossSite, NotSignedIn


def _kinds() -> Iterator[type[DomainError]]:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    pending = [DomainError]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        if kind is not DomainError and kind.__module__.startswith("app."):
            yield kind


def test_every_error_of_the_domain_is_mapped_to_a_status() -> None:
    mapped = (*errors._STATUSES, NotSignedIn, CrossSite)
    assert [kind.__name__ for kind in _kinds() if not issubclass(kind, mapped)] == []


def test_no_two_errors_have_the_same_code() -> None:
    own = [(kind.__dict__["code"], kind.__name__) for kind in _kinds() if "code" in kind.__dict__]
    assert len({code for code, _ in own}) == len(own) > 5
