"""Packed documents: many documents in few Parquet files, the shards; and index rows.

Owns `docs/packs/`: the shards, and the manifest that says which of them there are. A
shard is never changed. It is complete and synced before the manifest names it; one that
the manifest does not name belongs to a killed run. The rows of an index in Parquet are
files of the same kind.

May read and write below `docs/packs/`, and unpublished shards where a caller says.
`manifest` needs the standard library alone; the rest needs DuckDB.

Never decides which documents there are. `index_reader` alone opens the index, for
reading.
"""
