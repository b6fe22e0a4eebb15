"""Published OpenAPI 3.0 documents turned into JSON Schema, as strict as they can be read.

Every object whose properties are listed is closed: what a document does not name, the simulator may not send. The
documents' own faults are mended first, each with its reason, so that nothing is excused silently.
"""

import functools
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from tests.contract.faults import FAULTS, Fault, Schema

#: The schema of Atlassian documents, in the same folder.
ADF = "adf-schema-57.7.22.full.json"
DOCUMENTS = {
    "confluence-v2": "confluence-cloud-v2.json",
    "confluence-v1": "confluence-cloud-v1.json",
    "jira-v3": "jira-cloud-platform-v3.json",
    "confluence-dc": "confluence-dc-10.2.14.json",
    "jira-dc-10": "jira-dc-10.3.24.json",
    "jira-dc-11": "jira-dc-11.3.8.json",
}


class Document:
    """One published document, with its faults mended."""

    def __init__(self, name: str, content: dict[str, Any], faults: tuple[Fault, ...] = FAULTS) -> None:
        self._content = content
        self._schemas: dict[str, Schema] = content["components"]["schemas"]
        for fault in faults:
            if fault.document == name:
                self._mend(fault)

    def _mend(self, fault: Fault) -> None:
        if fault.operation:
            method, path, status = fault.operation
            self.operation(method, path)["responses"].setdefault(str(status), {})
        if fault.schema:
            name, lacking, holds = fault.schema
            self._schemas[name].setdefault("properties", {}).setdefault(lacking, holds)
        if fault.holds:
            name, wrong, holds = fault.holds
            self._schemas[name]["properties"][wrong] = holds
        if fault.body:
            method, path, status, schema = fault.body
            answers = self.operation(method, path)["responses"]
            answers[str(status)] = {"content": {"application/json": {"schema": schema}}}
        if fault.demands:
            name, wrongly = fault.demands
            demanded = self._schemas[name]["required"]
            self._schemas[name]["required"] = [one for one in demanded if one not in wrongly]

    @functools.cached_property
    def _definitions(self) -> Schema:
        return {name: self._converted(schema) for name, schema in self._schemas.items()}

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """Return the operation at a path template; KeyError when the document has none."""
        operation: dict[str, Any] = self._content["paths"][path][method.lower()]
        return operation

    def parameters(self, method: str, path: str) -> set[str]:
        """Return the names of the query parameters an operation takes."""
        listed = self.operation(method, path).get("parameters", [])
        return {one["name"] for one in listed if one.get("in") == "query"}

    def statuses(self, method: str, path: str) -> set[int]:
        """Return the statuses an operation is published to answer."""
        return {int(code) for code in self.operation(method, path)["responses"]}

    def validator(self, method: str, path: str, status: int) -> Draft202012Validator | None:
        """Return what an answer's body must be, or nothing where the document is silent."""
        content = self.operation(method, path)["responses"][str(status)].get("content", {})
        published = content.get("application/json", {}).get("schema")
        if published is None:
            return None
        return self._validator(self._converted(published))

    def published(self, name: str) -> Schema:
        """Return a named schema as it stands in the document."""
        return self._schemas[name]

    def component(self, name: str) -> Draft202012Validator:
        """Return what a named schema of the document wants."""
        return self._validator({"$ref": f"#/$defs/{name}"})

    def _validator(self, schema: Schema) -> Draft202012Validator:
        checker = Draft202012Validator.FORMAT_CHECKER
        return Draft202012Validator({**schema, "$defs": self._definitions}, format_checker=checker)

    def _converted(self, schema: Schema) -> Schema:
        """Read one OpenAPI 3.0 schema as JSON Schema: references, `nullable`, `allOf`, closed objects."""
        if "$ref" in schema:
            return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
        parts = schema.get("allOf", [])
        if len(parts) == 1 and "$ref" in parts[0]:
            # How a reference gets a description of its own; followed, schemas that hold themselves would never end.
            return self._or_null(schema, self._converted(parts[0]))
        flat = self._flattened(schema)
        converted = {key: value for key, value in flat.items() if key in _KEPT}
        if "properties" in flat:
            converted["properties"] = {name: self._converted(one) for name, one in flat["properties"].items()}
            converted.setdefault("additionalProperties", False)
        for key in ("items", "additionalProperties"):
            if isinstance(flat.get(key), dict):
                converted[key] = self._converted(flat[key])
        for key in ("oneOf", "anyOf"):
            if key in flat:
                converted[key] = [self._converted(one) for one in flat[key]]
        return self._or_null(schema, converted)

    def _or_null(self, schema: Schema, converted: Schema) -> Schema:
        return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") else converted

    def _flattened(self, schema: Schema) -> Schema:
        """Lay the parts of an `allOf` over one another, since each alone would be closed against the others."""
        flat = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema.get("allOf", []):
            whole = self._schemas[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
            for key, value in self._flattened(whole).items():
                if key == "properties":
                    flat["properties"] = self._laid_over(flat.get("properties", {}), value)
                elif key == "required":
                    flat["required"] = [*flat.get("required", []), *value]
                else:
                    flat.setdefault(key, value)
        return flat

    def _laid_over(self, first: Schema, second: Schema) -> Schema:
        both = [name for name in first.keys() & second.keys() if first[name] != second[name]]
        merged = {name: {"allOf": [first[name], second[name]]} for name in both}
        return first | second | merged


_KEPT = frozenset(
    {"type", "enum", "required", "format", "minimum", "maximum", "minLength", "maxLength", "pattern", "uniqueItems"}
    | {"minItems", "maxItems", "additionalProperties"}
)


def complaints(validator: Validator, body: Any) -> Iterator[str]:
    """Say where a body differs from what is published."""
    for error in validator.iter_errors(body):
        yield f"{error.json_path}: {error.message[:200]}"
