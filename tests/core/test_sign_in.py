"""Local sign-in: limited before hashing, equal for unknown names, and never locked for a browser known before."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import bcrypt
import pytest
from sqlalchemy import Engine, select

from app.core import clock, context, db
from app.core.accounts import sign_in
from app.core.accounts.models import Person
from app.core.accounts.sign_in import Refused, SignedIn, SignInRefusal
from app.core.audit.models import AuditEntry
from app.core.crypto import keyring, passwords, ring
from app.core.crypto.keyring import KeyRing
from app.core.errors import Unavailable
from tests.conftest import NOW
from tests.factories.people import PASSWORD, make_author
from tests.processes import PATIENCE_SECONDS

BROWSER = "b" * 64


@pytest.fixture
def author(engine: Engine, held_clock: datetime) -> Iterator[Person]:
    with db.transaction() as session:
        person = make_author(session)
    with context.use(context.CallContext(address="192.0.2.1")):
        yield person


def attempt(email: str, password: str, browser: str | None = BROWSER, address: str = "192.0.2.1") -> SignedIn | Refused:
    with context.use(context.CallContext(address=address)):
        gathered = sign_in.gather(email, password, browser)
        with db.transaction() as session:
            return sign_in.sign_in(session, gathered, browser)


def test_the_right_password_begins_a_session(author: Person) -> None:
    assert isinstance(attempt(author.email.upper(), PASSWORD), SignedIn)


@pytest.mark.parametrize("email", ["ines.duarte@example.com", "nobody@example.com", ""])
def test_wrong_and_unknown_are_the_same_answer_and_recorded(author: Person, email: str) -> None:
    refused = attempt(email, "wrong")
    assert refused == Refused(SignInRefusal.WRONG)
    with db.reading() as session:
        assert session.scalar(select(AuditEntry.event).order_by(AuditEntry.id.desc())) == "accounts:session:refused"


def test_the_sixth_try_is_refused_even_with_the_right_password_and_later_passes(author: Person) -> None:
    for _ in range(5):
        attempt(author.email, "wrong")
    limited = attempt(author.email, PASSWORD)
    assert isinstance(limited, Refused)
    assert limited.reason is SignInRefusal.LIMITED
    assert limited.retry_after
    with clock.at(NOW + timedelta(seconds=61)):
        assert isinstance(attempt(author.email, PASSWORD), SignedIn)


def test_the_password_is_not_hashed_while_limited(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        attempt(author.email, "wrong")

    def hashing(*_arguments: object) -> bool:
        raise AssertionError("a limited attempt was hashed")

    monkeypatch.setattr(passwords, "verify_password", hashing)
    assert isinstance(attempt(author.email, PASSWORD), Refused)


def test_strangers_everywhere_cannot_lock_out_a_browser_that_signed_in_before(author: Person) -> None:
    assert isinstance(attempt(author.email, PASSWORD), SignedIn)
    for number in range(25):
        attempt(author.email, "wrong", browser=None, address=f"198.51.100.{number}")
    assert isinstance(attempt(author.email, PASSWORD, browser=None, address="203.0.113.9"), Refused)
    assert isinstance(attempt(author.email, PASSWORD), SignedIn)


def test_addresses_of_one_64_share_an_allowance(author: Person) -> None:
    for number in range(5):
        attempt(author.email, "wrong", browser=None, address=f"2001:db8::{number + 1:x}")
    assert isinstance(attempt(author.email, PASSWORD, browser=None, address="2001:db8::ffff"), Refused)


def test_a_deactivated_person_is_refused(author: Person) -> None:
    with db.transaction() as session:
        session.get_one(Person, author.id).deactivated_at = NOW
    assert attempt(author.email, PASSWORD) == Refused(SignInRefusal.INACTIVE)


def test_an_unknown_name_costs_as_many_hashes_as_a_known_one(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    checkpw = bcrypt.checkpw

    def counting(password: bytes, hashed: bytes) -> bool:
        compared.append(int(hashed.split(b"$")[2]))
        return bool(checkpw(password, hashed))

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    attempt(author.email, "wrong")
    attempt("nobody@example.com", "wrong")
    assert compared == [passwords.COST, passwords.COST]


def test_a_password_of_an_older_key_still_works_and_is_hashed_anew(author: Person, key_ring: KeyRing) -> None:
    ring.install(KeyRing((*key_ring.keys, keyring.new_key(NOW))))
    assert isinstance(attempt(author.email, PASSWORD), SignedIn)
    with db.reading() as session:
        stored = session.scalars(select(Person.password_hash).where(Person.id == author.id)).one()
    assert stored is not None
    assert stored.startswith(ring.current().newest.id)


def test_hashing_inside_a_transaction_is_a_mistake_that_raises(engine: Engine) -> None:
    with pytest.raises(RuntimeError), db.transaction():
        passwords.hash_password("x")


@pytest.mark.parametrize(
    ("password", "accepted"),
    [
        ("short", False),
        ("password1234", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("inesduarte2026", False),
        ("x" * 201, False),
        ("four unrelated lantern words", True),
        ("T7#kq9!vLm2$", True),
    ],
)
def test_passwords_are_long_and_hard_to_guess(password: str, accepted: bool) -> None:
    problem = passwords.problem_with(password, user_inputs=("ines.duarte@example.com", "Ines Duarte"))
    assert (problem is None) is accepted


def test_bytes_beyond_bcrypts_72_count(key_ring: KeyRing) -> None:
    stored = passwords.hash_password("a" * 100 + "b")
    assert passwords.verify_password("a" * 100 + "b", stored)
    assert not passwords.verify_password("a" * 100 + "c", stored)


def test_a_flood_of_passwords_leaves_threads_for_others(key_ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    hashing, go_on = threading.Semaphore(0), threading.Event()

    def slow(_password: bytes, _hashed: bytes) -> bool:
        hashing.release()
        go_on.wait(10 * PATIENCE_SECONDS)
        return False

    monkeypatch.setattr(passwords, "_cores", threading.BoundedSemaphore(1))
    monkeypatch.setattr(passwords, "_places", threading.BoundedSemaphore(2))
    monkeypatch.setattr(bcrypt, "checkpw", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(passwords.verify_password, "x", None)
        assert hashing.acquire(timeout=PATIENCE_SECONDS)
        waiting = pool.submit(passwords.verify_password, "x", None)
        while passwords._places._value:
            time.sleep(0.01)
        began = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            passwords.verify_password("x", None)
        assert time.monotonic() - began < PATIENCE_SECONDS
        assert refused.value.retry_after == 2
        go_on.set()
        assert [first.result(), waiting.result()] == [False, False]


def test_a_try_that_was_not_compared_does_not_count(author: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "_places", threading.BoundedSemaphore(1))
        assert passwords._places.acquire(blocking=False)
        for _ in range(10):
            with pytest.raises(Unavailable):
                attempt(author.email, "wrong")
    assert isinstance(attempt(author.email, PASSWORD), SignedIn)
