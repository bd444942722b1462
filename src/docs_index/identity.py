"""Keys and instants for programs: what `documents` looks up by."""

from docs_index.index.ids import instant_text, key, logical_key_id

__all__ = ["instant_text", "key", "logical_key_id"]
