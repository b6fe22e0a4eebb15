"""Which hosts a connection may speak to, as the operator's settings and the connection's address say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.config import Config, ConfigurationError
from app.core.connections import clients
from app.core.crypto.keyring import KeyRing
from app.integrations.atlassian.types import Deployment
from app.integrations.http.errors import HostRefused
from tests import settings

PLAIN = "http://jira.corp:8080/jira"


@pytest.fixture(autouse=True)
def _as_before(config: Config) -> Iterator[None]:
    yield
    clients.configure(config)


def configured(folder: Path, ring: KeyRing, **more: str) -> None:
    clients.configure(settings.development(folder, ring, more))


def test_http_is_for_data_center_hosts_that_the_operator_listed(tmp_path: Path, key_ring: KeyRing) -> None:
    configured(tmp_path, key_ring, data_center_http_hosts="jira.corp:8080, wiki.corp")
    assert clients.policy(Deployment.DATA_CENTER, PLAIN).origin(PLAIN).port == 8080
    for deployment, base_url in (
        (Deployment.CLOUD, PLAIN),
        (Deployment.DATA_CENTER, "http://jira.corp/jira"),
        (Deployment.DATA_CENTER, "http://wiki.corp:8080/"),
    ):
        with pytest.raises(HostRefused):
            clients.policy(deployment, base_url).origin(base_url)


def test_no_host_is_listed_unless_the_operator_says_so(tmp_path: Path, key_ring: KeyRing) -> None:
    configured(tmp_path, key_ring)
    with pytest.raises(HostRefused):
        clients.policy(Deployment.DATA_CENTER, PLAIN).origin(PLAIN)
    inside = "https://jira.corp/jira"
    assert clients.policy(Deployment.DATA_CENTER, inside).admits("10.1.2.3")
    assert not clients.policy(Deployment.CLOUD, inside).admits("10.1.2.3")


def test_a_file_of_authorities_that_is_not_there_stops_the_start(tmp_path: Path, key_ring: KeyRing) -> None:
    with pytest.raises(ConfigurationError, match="PORTICO_DATA_CENTER_CA_FILE"):
        configured(tmp_path, key_ring, data_center_ca_file=str(tmp_path / "none.pem"))
