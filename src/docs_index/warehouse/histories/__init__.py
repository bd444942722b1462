"""Read the files of other tools, as `histories.yml` names them, into DuckDB tables.

Owns the form of `histories.yml` and of the files; what a record becomes is SQL's
matter. `tables` is the door for the plugin.
"""
