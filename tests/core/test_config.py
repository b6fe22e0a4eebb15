"""Deploy-time settings: what is refused, and that the refusal says how to mend it."""

from pathlib import Path

import pytest

from app.core.config import ConfigurationError, known_variables, load

DEVELOPMENT = {"PORTICO_ENVIRONMENT": "development"}
PRODUCTION = {"PORTICO_BASE_URL": "https://portico.example.com"}


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({**PRODUCTION, "PORTICO_BASE_ULR": "x"}, "PORTICO_BASE_ULR"),
        ({"PORTICO_BASE_URL": "http://portico.example.com"}, "PORTICO_BASE_URL"),
        ({**PRODUCTION, "PORTICO_PUBLIC_URL": "http://links.example.com"}, "PORTICO_PUBLIC_URL"),
        ({**DEVELOPMENT, "PORTICO_BASE_URL": "http://portico.example.com"}, "PORTICO_BASE_URL"),
        ({"PORTICO_BASE_URL": "https://portico.example.com/sub"}, "PORTICO_BASE_URL"),
        ({**DEVELOPMENT, "PORTICO_THREADS": "1000"}, "PORTICO_THREADS"),
        ({**DEVELOPMENT, "PORTICO_TRUSTED_PROXIES": "10.0.0.0/99"}, "PORTICO_TRUSTED_PROXIES"),
        ({**DEVELOPMENT, "PORTICO_ENVIRONMENT": "prod"}, "PORTICO_ENVIRONMENT"),
        ({"PORTICO_BASE_URL": "https://ada:secret@portico.example.com"}, "PORTICO_BASE_URL"),
        ({"PORTICO_BASE_URL": "https://portico.example.com:99999"}, "PORTICO_BASE_URL"),
        ({"PORTICO_BASE_URL": "https://portico.example.com/#top"}, "PORTICO_BASE_URL"),
        ({**PRODUCTION, "PORTICO_LISTEN": "portico"}, "PORTICO_LISTEN"),
        ({**PRODUCTION, "PORTICO_LISTEN": "127.0.0.1:99999"}, "PORTICO_LISTEN"),
        ({**PRODUCTION, "PORTICO_DATABASE_URL": "mysql://db/portico"}, "PORTICO_DATABASE_URL"),
        ({**PRODUCTION, "PORTICO_DATABASE_URL": "postgresql://db:port/portico"}, "PORTICO_DATABASE_URL"),
        ({**PRODUCTION, "PORTICO_DATABASE_URL": "sqlite://"}, "PORTICO_DATABASE_URL"),
        ({**PRODUCTION, "PORTICO_QUEUE_URL": "amqp://queue"}, "PORTICO_QUEUE_URL"),
        ({**PRODUCTION, "PORTICO_MAIL_FROM": "Portico"}, "PORTICO_MAIL_FROM"),
        ({**PRODUCTION, "PORTICO_MAIL_FROM": "portico@example.com\nBcc: x@example.com"}, "PORTICO_MAIL_FROM"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(environ: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load(environ)


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("https://portico.example.com:443/", "https://portico.example.com"),
        ("https://Portico.Example.com", "https://portico.example.com"),
        ("https://portico.example.com:8443", "https://portico.example.com:8443"),
        ("https://[2001:db8::1]:443", "https://[2001:db8::1]"),
    ],
)
def test_an_address_is_kept_as_browsers_write_it(given: str, host: str) -> None:
    assert load({"PORTICO_BASE_URL": given}).web.base_url == host


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://portico:secret@db/portico?sslmode=verify-full",
        "postgresql:///portico?host=/run",
        "sqlite:////srv/x.db",
    ],
)
def test_a_database_that_is_spoken_to_is_accepted(url: str) -> None:
    assert load({**PRODUCTION, "PORTICO_DATABASE_URL": url}).database_url == url


def test_a_password_in_an_address_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({**PRODUCTION, "PORTICO_DATABASE_URL": "mysql://portico:hunter2@db/portico"})
    assert "hunter2" not in str(refused.value)


def test_a_secret_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="PORTICO_SMTP_PASSWORD_FILE"):
        load({**PRODUCTION, "PORTICO_SMTP_PASSWORD_FILE": str(tmp_path / "smtp")})


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        load({"PORTICO_BASE_URL": "http://a.example", "PORTICO_NONSENSE": "1", "PORTICO_SMTP_PORT": "0"})
    for name in ("PORTICO_BASE_URL", "PORTICO_NONSENSE", "PORTICO_SMTP_PORT"):
        assert name in str(refused.value)


@pytest.mark.parametrize(
    "name", ["PORTICO_SERVICE_HOST", "PORTICO_SERVICE_PORT", "PORTICO_PORT", "PORTICO_PORT_8000_TCP_ADDR"]
)
def test_names_that_kubernetes_sets_for_a_service_are_ignored(name: str) -> None:
    assert load({**PRODUCTION, name: "tcp://10.0.0.1:8000"}).web.workers == 2


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "smtp"
    secret.write_text("hunter2\n", encoding="utf-8")
    config = load({**PRODUCTION, "PORTICO_SMTP_PASSWORD_FILE": str(secret)})
    assert config.mail.smtp_password is not None
    assert config.mail.smtp_password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(config)


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PORTICO_SMTP_PASSWORD_FILE"):
        load({**PRODUCTION, "PORTICO_SMTP_PASSWORD_FILE": str(tmp_path / "nothing")})


def test_only_secrets_can_be_read_from_files() -> None:
    names = known_variables()
    assert "PORTICO_SMTP_PASSWORD_FILE" in names
    assert "PORTICO_BASE_URL_FILE" not in names


def test_links_are_made_with_the_public_address_where_there_is_one() -> None:
    assert load(PRODUCTION).web.links_url == "https://portico.example.com"
    two = load({**PRODUCTION, "PORTICO_PUBLIC_URL": "https://links.example.com"})
    assert two.web.links_url == "https://links.example.com"
