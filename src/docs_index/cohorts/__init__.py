"""Evaluation campaigns: reuse the evaluations that exist, and buy the missing ones.

Owns the selection of essays, a cohort's membership.csv, the generations that it adds,
the three steps of an evaluation, and asking a language model. It adopts documents as
essays, and only reads them and their index. Its SQL is DuckDB's, but for adopting.

May write to `gens/`, `cohorts/`, `2_tasks/selected_essays.txt`, and dbt's own files
outside of the data root.

Never prints, and imports neither a terminal nor Dagster. Never buys an answer that is
on disk, overwrites a metadata.json, or touches the documents and their index.
"""
