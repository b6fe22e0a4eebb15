"""What machines ask: `/healthz`, `/readyz`, `/metrics`, and `/.well-known/security.txt`."""

import hmac
import os
from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock, db, migrations
from app.core.audit import trail
from app.core.errors import DomainError, Forbidden
from app.core.settings import registry
from app.core.settings.organisation import OrganisationSettings
from app.web.access import ops, public
from app.web.surfaces import absolute, config

blueprint = Blueprint("ops", __name__)

REQUESTS = Counter("portico_requests_total", "Requests answered", ["endpoint", "method", "status"])
SECONDS = Histogram(
    "portico_request_seconds",
    "Time to answer a request, in seconds",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@lru_cache(maxsize=1_024)
def requests(endpoint: str, method: str, status: str) -> Counter:
    """Return the counter of answers of one kind."""
    return REQUESTS.labels(endpoint, method, status)


@lru_cache(maxsize=1_024)
def seconds(endpoint: str) -> Histogram:
    """Return the times of one endpoint."""
    return SECONDS.labels(endpoint)


def install(app: Flask) -> None:
    """Register the endpoints."""
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
@ops("a process that answers is alive")
def healthz() -> Response:
    """Say that this process answers; nothing else is asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@ops("a balancer asks whether to send visitors here")
def readyz() -> tuple[Response, int]:
    """Say which part is not ready."""
    parts = {"database": _database(), "migrations": _migrations(), "audit": _audit()}
    ready = all(value == "ok" for value in parts.values())
    return jsonify(status="ready" if ready else "not ready", parts=parts), 200 if ready else 503


@blueprint.get("/metrics")
@ops("restricted by address or token below")
def metrics() -> Response:
    """Return metrics summed over the workers; Forbidden for addresses that are not listed and carry no token."""
    settings = config().operations
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    # Behind a proxy that is not configured everybody seems to come from this machine.
    hidden = not config().web.trusted_proxies and "X-Forwarded-For" in request.headers
    by_token = token is not None and hmac.compare_digest(given, token.encode())
    if not by_token and (hidden or not _listed(request.remote_addr, settings.metrics_networks)):
        raise Forbidden
    return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


@blueprint.get("/.well-known/security.txt")
@public("researchers have to find whom to tell (RFC 9116)")
def security_txt() -> Response:
    """Return whom to tell about a vulnerability (RFC 9116 section 2.5)."""
    contact = registry.get(OrganisationSettings).contact or absolute("/")
    if "@" in contact and ":" not in contact:
        contact = f"mailto:{contact}"
    elif not contact.startswith(("https:", "http:", "mailto:", "tel:")):
        contact = absolute("/")
    expires = (clock.now() + timedelta(days=180)).isoformat(timespec="seconds")
    return Response(f"Contact: {contact}\nExpires: {expires}\n", content_type="text/plain; charset=utf-8")


def _database() -> str:
    try:
        with db.reading() as session:
            session.execute(text("SELECT 1"))
    except (SQLAlchemyError, DomainError):
        return "the database does not answer"
    return "ok"


def _migrations() -> str:
    try:
        return (
            "ok" if migrations.is_current(db.engine()) else "the database is not at this version; run `portico migrate`"
        )
    except (SQLAlchemyError, DomainError):
        return "unknown, since the database does not answer"


def _audit() -> str:
    try:
        trail.ensure_writable()
    except DomainError:
        return "the audit trail cannot be written to, so nothing is shown"
    return "ok"


def _listed(address: str | None, networks: Any) -> bool:
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _registry() -> CollectorRegistry:
    registry_ = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry_)  # type: ignore[no-untyped-call]
        return registry_
    registry_.register(REQUESTS)
    registry_.register(SECONDS)
    return registry_
