"""Compare the index with the documents on disk, and rebuild each from the other.

Owns the checks of `verify_docs.py`, their codes and remedies (`findings.csv`), the
restoring of `restore_docs.py` and the rebuilding of `reindex_docs.py`. Its SQL is
DuckDB's, over a copy of the index.

May write one new file, the rebuilt index, and missing or damaged files of documents, or
new shards in the place of damaged ones, if the user asks for it. It only reads
everything else, and may do so during a run.

Never writes what is not proved, deletes nothing, and never trusts the index where a
document has the proof.
"""
