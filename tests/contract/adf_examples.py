"""Documents made from the published schema of ADF: each valid by it, together using every property it names."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
_TEXTS = {
    "url": "https://example.com/page",
    "href": "https://example.com/page",
    "timestamp": "1767312000000",
    "color": "#ff5630",
    "background": "#e6fcff",
    "panelColor": "#deebff",
    "text": "words",
    "title": "Title",
    "alt": "A picture",
}
_DEEP = 6


class Examples:
    """A maker of examples; the same seed makes the same."""

    def __init__(self, schema: Schema, seed: int) -> None:
        self._definitions: Mapping[str, Schema] = schema["definitions"]
        self._random = random.Random(seed)
        self._heights: dict[str, int] = {}
        # A definition is as high as what it cannot do without; a few rounds settle it.
        for _ in range(12):
            self._heights = {name: 1 + self._height(one) for name, one in self._definitions.items()}

    def of(self, name: str) -> Any:
        """Return one example of a definition."""
        return self._made(self._definitions[name], 0, name)

    def _height(self, schema: Schema) -> int:
        if "$ref" in schema:
            return self._heights.get(_name(schema), 99)
        if "allOf" in schema:
            return max(self._height(part) for part in schema["allOf"])
        if "anyOf" in schema:
            return min(self._height(part) for part in schema["anyOf"])
        needed = [self._height(schema["properties"][name]) for name in schema.get("required", ())]
        if schema.get("minItems"):
            needed += [self._height(one) for one in _items(schema)]
        return max(needed, default=0)

    def _made(self, schema: Schema, depth: int, key: str) -> Any:
        if "$ref" in schema:
            return self._made(self._definitions[_name(schema)], depth, key)
        if "allOf" in schema:
            return self._made(_merged([self._resolved(part) for part in schema["allOf"]]), depth, key)
        if "anyOf" in schema:
            return self._made(self._chosen(schema["anyOf"], depth), depth, key)
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        if schema.get("type") == "object":
            return {name: self._made(one, depth + 1, name) for name, one in self._properties(schema)}
        if schema.get("type") == "array":
            return self._array(schema, depth, key)
        return self._scalar(schema, key)

    def _resolved(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            return self._resolved(self._definitions[_name(schema)])
        return _merged([self._resolved(part) for part in schema["allOf"]]) if "allOf" in schema else schema

    def _chosen(self, among: list[Schema], depth: int) -> Schema:
        if depth >= _DEEP:
            lowest = min(self._height(one) for one in among)
            among = [one for one in among if self._height(one) == lowest]
        return self._random.choice(among)

    def _properties(self, schema: Schema) -> Iterator[tuple[str, Schema]]:
        required = schema.get("required", ())
        for name, one in schema.get("properties", {}).items():
            if name in required or self._random.random() < 0.8:
                yield name, one

    def _array(self, schema: Schema, depth: int, key: str) -> list[Any]:
        items = schema.get("items")
        if isinstance(items, list):
            return [self._made(one, depth + 1, key) for one in items]
        least, most = schema.get("minItems", 0), schema.get("maxItems", 99)
        count = least if depth >= _DEEP else min(max(least, self._random.randint(1, 3)), most)
        return [self._made(items, depth + 1, key) for _ in range(count)] if items else []

    def _scalar(self, schema: Schema, key: str) -> Any:
        kind = schema.get("type")
        if kind == "number":
            return min(max(schema.get("minimum", 1), self._random.randint(1, 4)), schema.get("maximum", 99))
        if kind == "boolean":
            return self._random.random() < 0.5
        return _TEXTS.get(key, "acc-1") if kind == "string" else {"name": "A name", "url": _TEXTS["url"]}


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _items(schema: Schema) -> list[Schema]:
    items = schema["items"]
    return items if isinstance(items, list) else [items]


def _merged(parts: list[Schema]) -> Schema:
    merged: dict[str, Any] = {}
    for part in parts:
        merged = {
            **merged,
            **part,
            "properties": {**merged.get("properties", {}), **part.get("properties", {})},
            "required": [*merged.get("required", []), *part.get("required", [])],
        }
    # A closed part allows no more than it names itself.
    closed = [part["properties"].keys() for part in parts if part.get("additionalProperties") is False]
    named = merged.get("properties", {})
    merged["properties"] = {name: one for name, one in named.items() if all(name in names for names in closed)}
    return merged


def kinds(schema: Schema) -> Mapping[str, str]:
    """Return the name of each definition that is a node or mark, with the type it has in documents."""
    found = {}
    for name, one in schema["definitions"].items():
        parts = [one, *(part for part in one.get("allOf", []))]
        while parts:
            part = parts.pop()
            if "$ref" in part:
                referred = schema["definitions"][_name(part)]
                parts += [referred, *referred.get("allOf", [])]
            elif kind := part.get("properties", {}).get("type", {}).get("enum"):
                found[name] = str(kind[0])
    return found
