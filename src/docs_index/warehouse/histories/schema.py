"""Make the JSON schema of `histories.yml`, with which editors help to write it.

`python -m docs_index.warehouse.histories.schema` writes docs/histories.schema.json.
"""

import json
from pathlib import Path
from typing import Any

from docs_index.data_roots import HISTORIES
from docs_index.resources import PROJECT
from docs_index.warehouse.histories.configuration import (
    RESERVED,
    VALUE_SCHEMA,
    HistoriesFile,
)

FILE = PROJECT / "docs" / "histories.schema.json"
_NULL = {"type": "null"}
_UNSAID = ("title", "default")


def json_schema() -> dict[str, Any]:
    """Return the schema: the model's, each value in short, and no nulls."""
    made: dict[str, Any] = _shortened(HistoriesFile.model_json_schema())
    made["$defs"]["Value"] = VALUE_SCHEMA
    names = made["properties"]["sources"]
    names["propertyNames"] = {"not": {"enum": list(RESERVED)}}
    names["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": HISTORIES,
        **made,
    }


def _shortened(node: Any) -> Any:
    """Return a part of a schema without what says nothing to people."""
    if isinstance(node, list):
        return [_shortened(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node == VALUE_SCHEMA:
        return {"$ref": "#/$defs/Value"}
    choices = node.get("anyOf", [])
    if _NULL in choices:
        rest = {key: each for key, each in node.items() if key != "anyOf"}
        one, *others = (each for each in choices if each != _NULL)
        inner = {"anyOf": [one, *others]} if others else one
        return _shortened(rest) | _shortened(inner) | _description(rest)
    return {
        key: {name: _shortened(each) for name, each in value.items()}
        if key in ("properties", "$defs", "patternProperties")
        else _shortened(value)
        for key, value in node.items()
        if key not in _UNSAID or (key == "default" and isinstance(value, str))
    }


def _description(node: dict[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in ("description",) if key in node}


def write(path: Path = FILE) -> None:
    """Write the schema."""
    text = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
