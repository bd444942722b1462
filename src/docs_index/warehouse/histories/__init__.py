"""Read the files of other tools, as `histories.yml` names them, into DuckDB tables.

Owns the form of `histories.yml` and of these files: what is a record, what is none and
why, and what a mapping takes of one. `tables` is the door for the plugin.

May read every file of the data root that `histories.yml` names, and write temporary
tables and scratch folders.

Never decides what becomes of a record: which is a document, what follows what, and what
is refused of it is in the models.
"""
