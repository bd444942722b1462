"""Bytes, files and locks under a data root.

Owns the reading of confined files, the publishing of whole files and directories, the
lock of a data root, worker processes, temporary folders, and the kinds of faults that
errors of the system are.

May touch any path that a caller names, with the standard library alone.

Never knows a table, a document or a rule. Never changes a published directory, or a
published file unless the caller replaces the whole file.
"""
