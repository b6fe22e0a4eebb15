"""What the figures were measured on: hardware, programs and their versions."""

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from app.core import clock

_PACKAGES = (
    "flask",
    "werkzeug",
    "sqlalchemy",
    "gunicorn",
    "psycopg",
    "flask-login",
    "jinja2",
    "bcrypt",
    "pysaml2",
    "python3-saml",
    "xmlsec",
    "lxml",
)


@dataclass(frozen=True)
class Machine:
    """One machine on one day."""

    day: date
    hardware: str
    system: str
    programs: str


def describe() -> Machine:
    programs = [f"CPython {platform.python_version()}", *(f"{name} {version(name)}" for name in _PACKAGES)]
    programs += [f"SQLite {_sqlite()}", f"PostgreSQL {_postgresql()}", f"wrk {_wrk()}"]
    return Machine(clock.now().date(), _hardware(), _system(), ", ".join(programs))


def _hardware() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({model.group(1).strip() if model else platform.machine()}), {memory:.0f} GiB"


def _system() -> str:
    return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release().split('-')[0]}"


def _sqlite() -> str:
    import sqlite3

    return sqlite3.sqlite_version


def _postgresql() -> str:
    return _first_number(["psql", "--version"])


def _wrk() -> str:
    return _first_number(["wrk", "--version"])


def _first_number(command: list[str]) -> str:
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", printed.stdout + printed.stderr)
    return found.group(0) if found else "unknown"
