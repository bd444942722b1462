-- Records the end of a run: no document is new any more, bad_generations.csv is whole.
update run_record
set
    documents = :documents,
    replaced_hash = null
