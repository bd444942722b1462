"""From a finished build to directories, index rows, lists and reports.

Owns the order in which a run writes: after a kill at any moment, the next run completes
the work. Owns the suggestions for repairs too. Its SQL is DuckDB's.

May touch `docs/`, `db/documents.sqlite`, `bad_generations.csv`,
`repair_suggestions.csv` and the two CSV reports in `7_reporting/`.

Never computes a key, a parent or a reason: the build did. Never changes a results
table, a response file, or a document that is already there.
"""
