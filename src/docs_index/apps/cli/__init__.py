"""The command line: `docs-index`, and what the scripts do."""
