"""Starting the portal loads what every request needs and nothing heavy."""

import json
import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from app.core.crypto.keyring import KeyRing
from tests import settings

ROOT = Path(__file__).parents[2]
#: Distributions that a portal process may load at start. Whatever is not here is loaded where it is used.
MAY_LOAD = frozenset(
    {
        "alembic",
        "annotated-types",
        # structlog and rich take these up where development tools have brought them; production has neither.
        "attrs",
        "babel",
        "bcrypt",
        "blinker",
        # urllib3 takes it up where WeasyPrint has brought it.
        "brotli",
        "cffi",
        "click",
        "cryptography",
        "deprecated",
        "flask",
        "flask-babel",
        "flask-limiter",
        "flask-sqlalchemy",
        "flask-wtf",
        "greenlet",
        "huey",
        "itsdangerous",
        "jinja2",
        "limits",
        "lxml",
        "mako",
        "markupsafe",
        "nh3",
        "ordered-set",
        "packaging",
        "prometheus-client",
        "psycopg",
        "psycopg-binary",
        "pydantic",
        "pydantic-core",
        "pydantic-settings",
        "pygments",
        "python-dotenv",
        "pytz",
        "redis",
        "regex",
        "rich",
        "sqlalchemy",
        "structlog",
        "typing-extensions",
        "typing-inspection",
        "ua-parser",
        "ua-parser-rs",
        "urllib3",
        "werkzeug",
        "wrapt",
        "wtforms",
        "zxcvbn",
    }
)
#: Modules of the standard library are not counted.
MAXIMUM_MODULES = 1_700
_SCRIPT = """
import json, sys
before = set(sys.modules)
from app.factory import create_app
create_app()
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, _key_ring: KeyRing) -> list[str]:
    """The modules that a fresh process has loaded once the application is put together."""
    environ = settings.environ(tmp_path_factory.mktemp("start"), _key_ring)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
    finished = subprocess.run(
        [sys.executable, "-c", _SCRIPT], cwd=ROOT, env=kept | environ, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    found: list[str] = json.loads(finished.stdout)
    return found


def test_the_portal_loads_only_what_it_is_known_to_need(loaded: list[str]) -> None:
    owners = packages_distributions()
    distributions = {
        name.lower().replace("_", "-")
        for module in {name.partition(".")[0] for name in loaded}
        if module not in sys.stdlib_module_names
        for name in owners.get(module, [])
    }
    assert distributions - MAY_LOAD - {"portico"} == set()


def test_nothing_heavy_is_loaded_before_it_is_used(loaded: list[str]) -> None:
    heavy = {"weasyprint", "saml2", "authlib", "joserfc", "webauthn", "ldap", "ldap3", "pikepdf", "playwright"}
    assert {name.partition(".")[0] for name in loaded} & heavy == set()


def test_the_portal_never_loads_the_simulator_or_the_tests(loaded: list[str]) -> None:
    assert {name.partition(".")[0] for name in loaded} & {"simulator", "tests", "bench", "docs", "pytest"} == set()


def test_the_number_of_modules_stays_bounded(loaded: list[str]) -> None:
    foreign = [name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names]
    assert len(foreign) <= MAXIMUM_MODULES
