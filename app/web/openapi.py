"""The description of the programming interface (OpenAPI 3.1), assembled from pydantic models and access declarations.

Each endpoint says what it takes and answers with `@operation(…)`; scopes come from what the guard enforces, so that the
description cannot promise another access than there is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from app.web.access import Access, Method, declared
from app.web.api import IDEMPOTENCY_HEADER, JSON, Problem
from app.web.surfaces import Surface

View = TypeVar("View", bound=Callable[..., Any])
Mode = Literal["validation", "serialization"]

VERSION = "3.1.0"
PROBLEM = "application/problem+json"
_ATTRIBUTE = "portico_operation"
_REFERENCE = "#/components/schemas/{model}"
_SCHEME = "token"
_PLACE = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True)
class Operation:
    """What one endpoint takes and answers, beyond what its access says."""

    id: str
    summary: str
    #: Status of success, and the model of its body; None where there is no body.
    status: int = HTTPStatus.OK
    answers: type[BaseModel] | None = None
    #: Media types of a success that is no JSON.
    sends: tuple[str, ...] = ()
    takes: type[BaseModel] | None = None
    content_type: str = JSON
    query: type[BaseModel] | None = None
    #: Whether an Idempotency-Key is looked at.
    repeatable: bool = False
    problems: tuple[int, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)


def operation(described: Operation) -> Callable[[View], View]:
    """Describe an endpoint."""

    def attach(view: View) -> View:
        setattr(view, _ATTRIBUTE, described)
        return view

    return attach


def described(view: Callable[..., Any] | None) -> Operation | None:
    """Return what an endpoint says of itself, or None."""
    return getattr(view, _ATTRIBUTE, None)


def document(app: Flask, *, title: str, version: str, server: str) -> dict[str, Any]:
    """Return the OpenAPI document of every endpoint on the API surface. Raises RuntimeError for one that says nothing."""
    found = _operations(app)
    models = {(one.takes, "validation") for _, _, one in found if one.takes}
    models |= {(one.query, "validation") for _, _, one in found if one.query}
    models |= {(one.answers, "serialization") for _, _, one in found if one.answers}
    wanted: list[tuple[type[BaseModel], Mode]] = [(Problem, "serialization")]
    wanted += sorted(models, key=lambda one: one[0].__name__)  # type: ignore[arg-type]
    references, definitions = models_json_schema(wanted, ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for rule, access, one in found:
        path = _PLACE.sub(r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(path, {})[method.lower()] = _described(rule, access, one, references, definitions)
    queries = {one.query.__name__ for _, _, one in found if one.query}
    schemas = {name: schema for name, schema in definitions.get("$defs", {}).items() if name not in queries}
    return {
        "openapi": VERSION,
        "info": {"title": title, "version": version},
        "servers": [{"url": server}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                _SCHEME: {"type": "http", "scheme": "bearer", "description": "An API token with the scopes it needs."}
            },
        },
    }


def _operations(app: Flask) -> list[tuple[Rule, Access, Operation]]:
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        access = declared(view)
        if access is None or access.surface is not Surface.API:
            continue
        one = described(view)
        if one is None:
            raise RuntimeError(f"{rule.endpoint} does not describe itself; decorate it with @operation")
        found.append((rule, access, one))
    return found


def _described(
    rule: Rule, access: Access, one: Operation, references: Mapping[Any, Any], definitions: Mapping[str, Any]
) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": one.id, "summary": one.summary}
    parameters = [*_places(rule, one), *_query(one, definitions), *_headers(one)]
    if parameters:
        told["parameters"] = parameters
    if one.takes is not None:
        schema = references[one.takes, "validation"]
        told["requestBody"] = {"required": True, "content": {one.content_type: {"schema": schema}}}
    told["responses"] = _responses(access, one, references)
    # OpenAPI 3.1 lets any scheme name what it needs; for bearer tokens these are scopes.
    told["security"] = [{_SCHEME: [access.scope]}] if Method.BEARER in access.methods and access.scope else []
    return told


def _responses(access: Access, one: Operation, references: Mapping[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(one.status).phrase}
    if one.answers is not None:
        success["content"] = {JSON: {"schema": references[one.answers, "serialization"]}}
    if one.sends:
        success["content"] = {media_type: {"schema": {"type": "string"}} for media_type in one.sends}
    problems = set(one.problems) | ({401, 403} if Method.BEARER in access.methods else set())
    if one.takes is not None:
        problems |= {400, 413, 415, 422}
    if one.query is not None:
        problems.add(422)
    failure = {PROBLEM: {"schema": references[Problem, "serialization"]}}
    told = {str(int(one.status)): success}
    for status in sorted(problems):
        told[str(status)] = {"description": HTTPStatus(status).phrase, "content": failure}
    return told


def _places(rule: Rule, one: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": one.places.get(name, name),
        }
        for name in _PLACE.findall(rule.rule)
    ]


def _query(one: Operation, definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    model = definitions["$defs"][one.query.__name__]
    required = model.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": {key: value for key, value in schema.items() if key not in ("title", "description")},
            "description": schema.get("description", name),
        }
        for name, schema in model["properties"].items()
    ]


def _headers(one: Operation) -> list[dict[str, Any]]:
    if not one.repeatable:
        return []
    words = "The same key with the same request gives the same answer for a day, and the thing is done once."
    return [
        {
            "name": IDEMPOTENCY_HEADER,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            "description": words,
        }
    ]
