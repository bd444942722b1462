"""Add documents at run time: the writer for programs."""

from docs_index.index.writer import Writer

__all__ = ["Writer"]
