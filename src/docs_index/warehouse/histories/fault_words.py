"""What is wrong with a key or value of `histories.yml`, and what to do, in words."""

import difflib
from collections.abc import Sequence
from typing import Any

from docs_index.warehouse.histories.configuration import (
    TOOLS,
    Link,
    MappingSource,
    Source,
    ToolSource,
)

_LIKE = 0.6  # of two names, from 0 to 1


def words_of_fault(fault: Any, given: dict[str, Any], model: type[Source]) -> str:
    """Return one of pydantic's faults in words, with what to do."""
    *_, key = fault["loc"] or ("",)
    kind, value = fault["type"], fault.get("input")
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "extra_forbidden":
        is_of_mapping = len(fault["loc"]) == 1 and key in MappingSource.model_fields
        if model is ToolSource and is_of_mapping:
            return (
                f"`{key}` is of a mapping, and the program itself knows the files of "
                f"{given['tool']}: take out `{key}`, or `tool`"
            )
        return unknown_key(key, _keys_around(fault["loc"], model))
    if kind == "missing":
        return f"`{key}` is missing"
    if kind == "literal_error":
        known = TOOLS if key == "tool" else ("generation", "judgement")
        return f"{value!r} is no {key}: it is one of {', '.join(known)}"
    if kind == "string_pattern_mismatch":
        return (
            f"{value!r} is no name of a stage: a small letter, then at most 30 small "
            "letters, digits and underscores"
        )
    if kind in ("string_type", "list_type", "dict_type", "model_type"):
        wanted = {"str": "a text", "lis": "a list", "dic": "keys"}.get(kind[:3], "keys")
        dash = " (a dash before each item)" if kind == "list_type" else ""
        return f"it must be {wanted}{dash}"
    if kind == "too_short":
        return "it is empty: name one, or take the key out"
    return str(fault["msg"])


def meant_keys(faults: Sequence[Any], model: type[Source]) -> set[str]:
    """Return the keys that unknown ones were probably meant to be."""
    found: set[str] = set()
    for fault in faults:
        if fault["type"] == "extra_forbidden":
            key, known = str(fault["loc"][-1]), _keys_around(fault["loc"], model)
            found |= set(difflib.get_close_matches(key, known, 1, _LIKE))
    return found


def _keys_around(loc: Sequence[Any], model: type[Source]) -> Sequence[str]:
    if len(loc) == 1:
        return [*model.model_fields, "tool"]
    if loc[0] in ("follows", "targets"):
        return list(Link.model_fields)
    return ["from", "as", "zone"] if loc[0] == "created_at" else ["from", "success"]


def unknown_key(key: Any, known: Sequence[str]) -> str:
    """Return what to say of a key that is none of the known ones."""
    if key == "<<":
        return "keys of YAML that merge (<<) are not read: write the keys out"
    near = meant_name(str(key), known) or f"; known are {', '.join(known)}"
    return f"the key {str(key)!r} is not known{near}"


def meant_name(name: str, known: Sequence[str]) -> str:
    """Return a question after the known name that is like this one, '' without one."""
    near = difflib.get_close_matches(name, known, 1, _LIKE)
    return f"; did you mean {near[0]!r}?" if near else ""
