"""A document that a program would add: what `writer` takes."""

from docs_index.index.new_row import NewDocument

__all__ = ["NewDocument"]
