"""The tests' own instruments notice what they are there to notice."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.core import clock, ratelimit
from app.core.db import reading, transaction
from app.core.ratelimit import Limit
from tests import guards, html, processes
from tests.conftest import NOW
from tests.database import Databases, connect

_POLICY = "default-src 'none'; script-src 'nonce-abc'"
_PAGE = (
    '<!doctype html><html lang="en"><head><title>Links – Portico</title></head>'
    "<body><main><h1>Links</h1>{}</main></body></html>"
)


def _problems(source: str, policy: str = _POLICY) -> list[str]:
    tree, syntax = html.parse(source)
    return syntax + html.problems(tree, policy=policy, host="localhost:8000")


def test_a_page_that_keeps_every_rule_has_no_problem() -> None:
    assert (
        _problems(
            _PAGE.format(
                '<form method="post"><input type="hidden" name="csrf_token" value="x"><label for="a">Name</label>'
                '<input id="a" name="a"><button>Create link</button></form><a href="/links">All links</a>'
                '<img src="/static/img/mark.svg" alt=""><script src="/static/js/page.js" nonce="abc"></script>'
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p><div></div></p>", "HTML5, line 1"),
        ("<h1>Another</h1>", "one h1"),
        ('<p id="a"></p><p id="a"></p>', "'a' is there 2 times"),
        ('<input name="a">', "has no label"),
        ('<label for="b">Name</label>', "names 'b', which is not there"),
        ('<form method="post"></form>', "without a CSRF token"),
        ('<form method="POST"><input type="hidden" name="csrf_token" value=""></form>', "without a CSRF token"),
        ('<p style="color: red"></p>', "inline style"),
        ("<svg><style>a{}</style></svg>", "<style>"),
        ('<p onclick="go()"></p>', "inline script"),
        ('<p hx-on:click="go()"></p>', "inline script"),
        ('<a href="javascript:go()">Go</a>', "runs a script"),
        ('<script nonce="abc">go()</script>', "is an inline script"),
        ('<script src="/a.js"></script>', "has no nonce"),
        ('<script src="/a.js" nonce="old"></script>', "not the one"),
        ('<img src="/a.png">', "has no alt"),
        ('<a href="/"></a>', "says nothing"),
        ('<img src="https://elsewhere.example/a.png" alt="">', "loads from elsewhere.example"),
    ],
)
def test_a_fault_in_a_page_is_named(body: str, said: str) -> None:
    found = _problems(_PAGE.format(body))
    assert any(said in problem for problem in found), found


def test_a_title_without_the_heading_is_a_fault() -> None:
    assert any("does not hold" in problem for problem in _problems(_PAGE.format("").replace("Links – ", "")))


def test_a_policy_that_allows_inline_script_is_a_fault() -> None:
    assert any("unsafe-inline" in problem for problem in _problems(_PAGE.format(""), "script-src 'unsafe-inline'"))


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_test_cannot_connect_beyond_loopback(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(pytest.fail.Exception, match="only loopback"):
        client.connect((host, 80))


def test_a_test_cannot_look_up_a_name_beyond_loopback() -> None:
    with pytest.raises(pytest.fail.Exception, match="looked up"):
        socket.getaddrinfo("example.com", 443)


@pytest.mark.parametrize("host", ["localhost", "links.localhost", "127.0.0.1", "127.8.9.10", "::1", b"localhost", None])
def test_loopback_is_recognised(host: object) -> None:
    assert guards.is_loopback(host)


@pytest.mark.parametrize(
    "host", ["example.com", "10.0.0.1", "169.254.169.254", "::ffff:192.0.2.1", "localhost.example", 7]
)
def test_what_is_not_loopback_is_recognised(host: object) -> None:
    assert not guards.is_loopback(host)


@pytest.mark.usefixtures("engine")
def test_a_connection_inside_a_transaction_fails_the_test() -> None:
    address = ("127.0.0.1", processes.free_port())
    with socket.socket() as client, transaction(), pytest.raises(pytest.fail.Exception, match="inside a transaction"):
        client.connect(address)


@pytest.mark.usefixtures("engine")
def test_a_limit_that_is_reached_while_the_clock_runs_fails_the_test() -> None:
    never = (Limit("harness", 0, 60), "anybody")
    with clock.at(NOW), transaction() as session:
        assert not ratelimit.take(session, never).allowed
    with transaction() as session, pytest.raises(pytest.fail.Exception, match="hold the clock"):
        ratelimit.take(session, never)


def test_every_test_has_a_database_of_its_own(databases: Databases, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE mark (id integer)"))
    url = databases.fresh()
    other = connect(url)
    try:
        with other.connect() as connection:
            assert not other.dialect.has_table(connection, "mark")
            assert other.dialect.has_table(connection, "alembic_version")
    finally:
        other.dispose()
        databases.drop(url)


def test_the_bound_database_is_the_wanted_one(engine: Engine, database_kind: str) -> None:
    with reading() as session:
        assert session.get_bind().dialect.name == engine.dialect.name == database_kind


def test_production_hashes_passwords_at_full_cost(production_bcrypt_cost: int) -> None:
    assert production_bcrypt_cost >= 12


def test_a_child_process_ends_when_the_tests_are_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tests import processes; "
        "child = processes.start(['sleep', '600'], log=Path(sys.argv[1])); print(child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "log"], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert processes.lives(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    processes.wait_for_end(child)
