-- A shard of the batches that are registered; each becomes a row group.
copy (
    select
        doc_id,
        doc_dir,
        raw,
        parsed,
        prompt,
        metadata
    from packed_documents
) to $path (
    format parquet, compression zstd, compression_level 1, row_group_size 1
)
