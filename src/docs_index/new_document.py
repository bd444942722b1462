"""The document that a program passes to `writer`."""

from docs_index.index.new_row import NewDocument

__all__ = ["NewDocument"]
