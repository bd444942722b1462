"""The doors: the command line, web pages, and Dagster.

Owns how users and programs call the rooms below, and how results are shown.

May write through the rooms that it calls, and may write the page and the exported files
that a user asks for.

Never contains a rule. Nothing outside of this package imports it, except the scripts,
the entry point `docs-index` and Dagster's configuration.
"""
