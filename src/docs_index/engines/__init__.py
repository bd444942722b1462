"""Builds on Spark 4 or Sail: the same models, on engines of more than one machine.

Owns the engine's session, the Parquet files that it reads and writes, and the functions
that its workers call. A build is a folder in `db/engine/`, a schema of the engine, with
`build_record` written last. What DuckDB needs of it is fetched into `build.duckdb`, and
DuckDB builds the rest: histories, the plan and the views that a run writes from. A run
may have the engine's workers write shards, by the code of `ingest` and `packs`.

May import pyspark, pyarrow and pysail, which the extras `spark` and `sail` bring, and
start processes: for the build on the engine, for the rest, and for packing.

Never decides anything that a model decides, and never gathers rows that grow with the
data in Python: they go from Parquet into DuckDB.
"""
