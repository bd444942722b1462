"""Compare the index with the directories, and rebuild the index from them.

Owns the checks of `verify_docs.py`, their codes and remedies (`findings.csv`), and the
rebuilding of `reindex_docs.py`. Its SQL is DuckDB's, over a copy of the index.

May write one new file, the rebuilt index. It only reads everything else, and may do so
during a run.

Never repairs anything, and never trusts the index where a directory has the proof.
"""
