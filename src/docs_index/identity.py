"""Keys and instants for programs, as the reader `documents` looks them up."""

from docs_index.index.ids import instant_text, key, logical_key_id

__all__ = ["instant_text", "key", "logical_key_id"]
