"""As much of JQL as the searches here need: clauses joined by AND over five fields, and one ORDER BY.

Jira refuses a query without any restriction, and so does this.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulator.state import Issue

_CLAUSE = re.compile(r'(\w+)\s*(=|!=|>=|<=|\bin\b)\s*(\([^)]*\)|"[^"]*"|\S+)', re.IGNORECASE)
_FIELDS = {"project", "key", "issuekey", "status", "labels", "updated"}


class JqlError(Exception):
    """The query cannot be read; the message is what Jira's answer says."""


@dataclass(frozen=True)
class Query:
    """A read query: what matches, and in which order."""

    tests: tuple[Callable[[Issue], bool], ...]
    order_field: str
    descending: bool

    def matches(self, issue: Issue) -> bool:
        """Say whether an issue meets every clause."""
        return all(test(issue) for test in self.tests)

    def order(self, issue: Issue) -> tuple[str, int]:
        """Return the sort key of an issue."""
        number = int(issue.key.partition("-")[2])
        return ("", number) if self.order_field == "key" else (str(issue.fields.get(self.order_field)), number)


def parse(text: str) -> Query:
    """Read a query; JqlError for what is unknown, broken or without a restriction."""
    where, _, order = re.sub(r"\border\s+by\b", "\0", text, flags=re.IGNORECASE).partition("\0")
    if not where.strip():
        raise JqlError("Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
    tests = tuple(_test(clause.strip()) for clause in re.split(r"\band\b", where, flags=re.IGNORECASE))
    field, _, direction = order.strip().partition(" ")
    return Query(tests, field.lower() or "key", direction.strip().lower() == "desc")


def _test(clause: str) -> Callable[[Issue], bool]:
    read = _CLAUSE.fullmatch(clause)
    if read is None:
        raise JqlError(f"Error in the JQL Query: the clause '{clause}' could not be read.")
    field, operator, text = read[1].lower(), read[2].lower(), read[3]
    if field not in _FIELDS:
        raise JqlError(f"Field '{read[1]}' does not exist or you do not have permission to view it.")
    wanted = [one.strip().strip('"').lower() for one in text.strip("()").split(",")]
    if operator == ">=":
        return lambda issue: _values(issue, field)[0] >= wanted[0]
    if operator == "<=":
        return lambda issue: _values(issue, field)[0] <= wanted[0]
    if operator == "!=":
        return lambda issue: not set(_values(issue, field)) & set(wanted)
    return lambda issue: bool(set(_values(issue, field)) & set(wanted))


def _values(issue: Issue, field: str) -> list[str]:
    if field == "project":
        return [issue.key.partition("-")[0].lower()]
    if field in ("key", "issuekey"):
        return [issue.key.lower(), issue.issue_id]
    if field == "labels":
        return [str(one).lower() for one in issue.fields.get("labels", [])]
    return [str(issue.fields[field]).lower()]
