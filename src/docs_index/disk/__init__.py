"""Bytes, files and locks under a data root.

Owns how a file that may not lead outside is read, how a file or a directory is
published whole, the lock of a data root, worker processes, temporary folders, and what
kind of fault an error of the system is.

May touch any path that a caller names, with the standard library alone.

Never knows a table, a document or a rule, and never changes what is already there under
its final name, except a file that its caller replaces whole.
"""
