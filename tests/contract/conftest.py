"""The simulator beside Atlassian's published documents; only `make contract` has those and comes here.

A plain run of the tests does not collect this folder, because there is no folder of documents to check against.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from simulator.site import Running, start
from tests.contract.documents import ADF, DOCUMENTS, Document

_HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Stay out of runs that do not name this folder."""
    named = [Path(str(argument).partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(_HERE) for path in named) else True


@pytest.fixture(scope="session")
def documents() -> dict[str, Document]:
    """The published documents by short name, their own faults mended."""
    return {short: Document(short, read(name)) for short, name in DOCUMENTS.items()}


@pytest.fixture(scope="session")
def adf() -> Draft4Validator:
    """What a document of rich text may be."""
    return Draft4Validator(read(ADF))


def read(name: str) -> dict[str, Any]:
    """Read one file of the folder of published documents."""
    path = Path(os.environ.get("OPENAPI_DIR", "../shared/reference/openapi")) / name
    if not path.is_file():
        pytest.exit(f"There is no {path}; name the folder of documents with OPENAPI_DIR=…", returncode=2)
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with start() as site:
        yield site
