"""Read documents through the index alone: the reader for programs."""

from docs_index.index.reader import Documents, open_documents
from docs_index.index.row import Document

__all__ = ["Document", "Documents", "open_documents"]
