"""Packed documents: many documents in few Parquet files, the shards.

Owns `docs/packs/`: the shards, and the manifest that says which of them there are. A
shard is never changed. It is complete and synced before the manifest names it; one that
the manifest does not name belongs to a killed run.

May read and write below `docs/packs/`, and unpublished shards where a caller says.
`manifest` needs the standard library alone; the rest needs DuckDB.

Never opens the index, and never decides which documents there are.
"""
