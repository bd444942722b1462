"""Whether JSON is as a schema in docs/ says, of the words that ours use."""

import json
from typing import Any

from building import REPOSITORY

Schema = dict[str, Any]


def schema(name: str) -> Schema:
    """Return a schema of docs/."""
    found: Schema = json.loads((REPOSITORY / "docs" / name).read_text())
    return found


def fits(value: object, schema: Schema, whole: Schema | None = None) -> bool:
    """Tell whether a value is as a schema says; `$ref` leads into the whole one."""
    whole = whole or schema
    if "$ref" in schema:
        return fits(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    of_kind = {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and is_number,
        "number": is_number,
        "null": value is None,
    }
    if not any(of_kind[kind] for kind in kinds):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, list):
        return all(fits(item, schema["items"], whole) for item in value)
    if isinstance(value, dict):
        names: dict[str, Schema] = schema.get("properties", {})
        others = schema["additionalProperties"]
        return set(schema.get("required", ())) <= set(value) and all(
            (inner := names.get(name, others)) and fits(item, inner, whole)
            for name, item in value.items()
        )
    return True
