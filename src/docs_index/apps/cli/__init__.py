"""The command line: `docs-index`, and what the scripts do.

Owns options, exit codes, tables and messages in a terminal, progress, and exported
files. `commands/` has one file per command.

May touch stdout and stderr, and a file that a user names for an export.

Never decides what a command finds. `docs-index` itself never imports DuckDB or dbt as
it starts: it answers at once.
"""
