"""Names that lie, certificates that do not fit, and resolvers that take their time."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.integrations.atlassian.errors import HostRefused, Unreachable
from app.integrations.atlassian.hosts import HostPolicy
from app.integrations.http.connections import tls_context
from tests.integrations.atlassian.site import Reply, site, transport
from tests.processes import PATIENCE_SECONDS


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["104.192.136.1", "127.0.0.1"],
        ["127.0.0.1", "104.192.136.1"],
        [],
    ],
)
def test_a_name_that_points_inside_is_refused_before_anything_is_sent(addresses: Sequence[str]) -> None:
    with transport("https://acme.atlassian.net", policy=HostPolicy(), resolver=lambda _host: addresses) as one:
        with pytest.raises(HostRefused) as caught:
            one.get("/x")
        assert "acme.atlassian.net" in caught.value.message
        assert "127.0.0.1" not in caught.value.message


def test_a_name_that_changes_its_mind_is_looked_up_once_per_connection_and_checked_each_time() -> None:
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str) -> Sequence[str]:
        asked.append(host)
        return answers.pop(0)

    with (
        site({"/x": lambda _: Reply(200, {}, {"Connection": "close"})}) as peer,
        transport(f"http://localhost:{peer.port}", resolver=rebinding) as one,
    ):
        assert one.get("/x") == {}
        with pytest.raises(HostRefused):
            one.get("/x")
    assert asked == ["localhost", "localhost"]
    assert len(peer.requests) == 1


def test_a_second_address_is_tried_when_the_first_does_not_answer() -> None:
    with (
        site({"/x": lambda _: Reply(200, {})}) as peer,
        transport(f"http://localhost:{peer.port}", resolver=lambda _: ["127.0.0.9", "127.0.0.1"]) as one,
    ):
        assert one.get("/x") == {}


def test_a_resolver_that_hangs_is_left_in_time() -> None:
    let_go = threading.Event()

    def hanging(_host: str) -> Sequence[str]:
        let_go.wait(10 * PATIENCE_SECONDS)
        return []

    with transport("http://localhost:9", resolver=hanging, connect_timeout=0.3) as one:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            one.get("/x")
        let_go.set()
        assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    def unknown(_host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with (
        transport("http://localhost:9", resolver=unknown) as one,
        pytest.raises(Unreachable, match="could not be resolved"),
    ):
        one.get("/x")


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a self-signed certificate for `name` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = dt.datetime.now(dt.UTC)
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    at = folder / f"{name}.pem", folder / f"{name}.key"
    at[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    at[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return at


@contextmanager
def _tls_site(certificate: Path, key: Path, body: bytes) -> Iterator[tuple[int, list[str | None]]]:
    """Answer TLS connections with one body and remember the server names that were asked for."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                plain, _ = listener.accept()
            except TimeoutError:
                continue
            plain.settimeout(PATIENCE_SECONDS)
            try:
                with context.wrap_socket(plain, server_side=True) as peer:
                    peer.recv(65536)
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                    peer.sendall(head.encode())
                    for byte in body:
                        peer.sendall(bytes([byte]))
                        if len(body) > 100 and over.wait(0.02):
                            break
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], names
    finally:
        over.set()
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    ("certified", "asked", "good"),
    [
        ("acme.atlassian.net", "acme.atlassian.net", True),
        ("evil.atlassian.net", "acme.atlassian.net", False),
        ("127.0.0.1", "acme.atlassian.net", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("acme.atlassian.net", "127.0.0.1", False),
    ],
)
def test_the_certificate_must_name_the_host_though_the_number_is_connected_to(
    certified: str, asked: str, good: bool, tmp_path: Path
) -> None:
    certificate, key = _certificate(tmp_path, certified)
    with _tls_site(certificate, key, b'{"a": 1}') as (port, names):
        policy = HostPolicy(patterns=(f"acme.atlassian.net:{port}",), allow_loopback=True)
        with transport(
            f"https://{asked}:{port}",
            policy=policy,
            resolver=lambda _: ["127.0.0.1"],
            tls=tls_context(str(certificate)),
        ) as one:
            if good:
                assert one.get("/x") == {"a": 1}
            else:
                with pytest.raises(Unreachable, match="certificate"):
                    one.get("/x")
    assert names == [None if asked == "127.0.0.1" else asked]


def test_a_certificate_of_an_unknown_authority_is_not_accepted(tmp_path: Path) -> None:
    with (
        _tls_site(*_certificate(tmp_path, "127.0.0.1"), b"{}") as (port, _),
        transport(f"https://127.0.0.1:{port}") as one,
        pytest.raises(Unreachable, match="certificate"),
    ):
        one.get("/x")


def test_a_peer_that_drips_under_tls_is_left_in_time(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path, "127.0.0.1")
    with _tls_site(certificate, key, b" " * 1_000_000) as (port, _):
        tls = tls_context(str(certificate))
        with transport(f"https://127.0.0.1:{port}", tls=tls, total_timeout=1.0) as one:
            began = time.monotonic()
            with pytest.raises(Unreachable, match="in time"):
                one.get("/x")
            assert 0.9 <= time.monotonic() - began < PATIENCE_SECONDS


def test_a_peer_that_never_shakes_hands_is_left_in_time() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        transport(
            f"https://127.0.0.1:{listener.getsockname()[1]}",
            connect_timeout=0.4,
            read_timeout=10 * PATIENCE_SECONDS,
            total_timeout=10 * PATIENCE_SECONDS,
        ) as one,
    ):
        began = time.monotonic()
        with pytest.raises(Unreachable):
            one.get("/x")
        assert time.monotonic() - began < PATIENCE_SECONDS
