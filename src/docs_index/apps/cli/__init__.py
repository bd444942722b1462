"""The command line: `docs-index` and the scripts.

Owns options, exit codes, tables and messages in a terminal, progress, and exported
files. `commands/` has one file per command.

May write to stdout, stderr, and a file that a user names for an export.

Never decides what a command finds. `docs-index` does not import DuckDB or dbt at its
start, so that it answers at once.
"""
