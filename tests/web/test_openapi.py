"""The description of the programming interface is made of what the endpoints declare."""

from typing import Any

import pytest
from flask import Flask, jsonify

from app.web.access import bearer, public
from app.web.api import Input, Output, PageQuery
from app.web.openapi import Operation, document, operation
from app.web.surfaces import Surface


class Thing(Input):
    """What is sent."""

    name: str


class Told(Output):
    """What is answered."""

    name: str | None


def described(app: Flask) -> dict[str, Any]:
    return document(app, title="T", version="1", server="http://localhost")


def test_an_operation_says_what_it_takes_answers_and_needs() -> None:
    app = Flask("example")

    @app.post("/api/v1/things/<int(max=9):thing_id>")
    @bearer("things:write")
    @operation(Operation("make", "Make it", status=201, takes=Thing, answers=Told, query=PageQuery, repeatable=True))
    def make(thing_id: int) -> Any:
        return jsonify({})

    @app.get("/elsewhere")
    @public("a page, not part of the interface", surface=Surface.APP)
    def elsewhere() -> str:
        return ""

    found = described(app)
    assert list(found["paths"]) == ["/api/v1/things/{thing_id}"]
    one = found["paths"]["/api/v1/things/{thing_id}"]["post"]
    assert one["security"] == [{"token": ["things:write"]}]
    assert [part["name"] for part in one["parameters"]] == ["thing_id", "limit", "cursor", "Idempotency-Key"]
    assert one["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Thing"}
    assert {"201", "400", "401", "403", "415", "422"} <= set(one["responses"])
    assert found["components"]["schemas"]["Thing"]["additionalProperties"] is False
    assert "PageQuery" not in found["components"]["schemas"]


def test_an_endpoint_that_does_not_describe_itself_fails_the_description() -> None:
    silent = Flask("silent")

    @silent.get("/api/v1/silent")
    @bearer("shares:read")
    def view() -> Any:
        return jsonify({})

    with pytest.raises(RuntimeError, match="does not describe itself"):
        document(silent, title="T", version="1", server="http://localhost")
