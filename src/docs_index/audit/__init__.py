"""Compare the index with the directories, and rebuild the index from them.

Owns the checks of `verify_docs.py`, their codes and remedies (`findings.csv`), and the
rebuilding of `reindex_docs.py`. Its SQL is DuckDB's, over a copy of the index.

May touch one new file: the rebuilt index. Everything else it only reads, also while a
run is at work.

Never repairs anything, and never trusts the index for what a directory can prove.
"""
