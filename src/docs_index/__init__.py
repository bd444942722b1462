"""Turn the files of years of LLM experiments into one documents index.

Each package here is a room. A room imports only the rooms below it: `apps`, then
`cohorts`, `audit` and `ingest`, which do not know each other, then `warehouse`, `index`
and `disk`. pyproject.toml enforces that, and CONTRIBUTING.md says what goes where.

Programs import from `documents`, `writer`, `new_document` and `identity`. These are the
public names of `index`; nothing in the package imports them.
"""
